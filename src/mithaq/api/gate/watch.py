"""For whoever watches a gate, on this machine alone: ``/healthz`` for anyone, ``/metrics`` and ``/status`` by token."""

from __future__ import annotations

import hmac

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.api.edge import Edge
from mithaq.api.gate.exchange import Exchange
from mithaq.api.guard import MIN_HOME, token_of
from mithaq.api.problems import unknown
from mithaq.api.watch import TEXT, Health
from mithaq.errors import Invalid, NotAllowed
from mithaq.kernel.ports import Shown


class GateStatus(Struct, frozen=True):
    """How a gate is. ``seen``: seconds since the core last called, if it ever did."""

    party: str
    partners: tuple[str, ...]
    core: bool
    seen: float | None
    waiting: int
    held: int


class Watch:
    """Three routes."""

    def __init__(self, party: str, partners: tuple[str, ...], exchange: Exchange, metrics: Shown, token: str) -> None:
        if len(token) < MIN_HOME:
            hint = "put 64 random hexadecimal digits into the file token of the gate's home: openssl rand -hex 32"
            raise Invalid("token", f"the gate's token is shorter than {MIN_HOME} characters", hint=hint)
        self._party, self._partners = party, partners
        self._exchange = exchange
        self._metrics = metrics
        self._token = token.encode()

    def app(self) -> Starlette:
        routes = [
            Route("/healthz", self.healthy, methods=["GET"]),
            Route("/metrics", self.figures, methods=["GET"]),
            Route("/status", self.status, methods=["GET"]),
        ]
        return Starlette(routes=routes, middleware=[Middleware(Edge)])

    async def healthy(self, _: Request) -> Response:
        """200 while the core calls, else 503: without it a gate takes nothing and carries nothing."""
        if self._exchange.core:
            return _json(Health("ok"), 200)
        return _json(Health("failing", "core-away"), 503)

    async def figures(self, request: Request) -> Response:
        if not self._known(request):
            return unknown(NotAllowed("token", "this token is not known here"), request)
        self._metrics.gauge("gate_core_up", self._exchange.core)
        self._metrics.gauge("gate_waiting", self._exchange.waiting)
        self._metrics.gauge("gate_held_bytes", self._exchange.held)
        return Response(self._metrics.text(), media_type=TEXT)

    async def status(self, request: Request) -> Response:
        if not self._known(request):
            return unknown(NotAllowed("token", "this token is not known here"), request)
        one = self._exchange
        return _json(GateStatus(self._party, self._partners, one.core, one.seen, one.waiting, one.held), 200)

    def _known(self, request: Request) -> bool:
        return hmac.compare_digest(token_of(request).encode(), self._token)


def _json(value: Health | GateStatus, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
