"""The face of a gate towards its core: the core calls, with its own pinned certificate; the gate never does.

``POST /core/1/turn`` brings the answer to the delivery that was given before, if any, and waits for the next.
``POST /core/1/out/XX`` carries a sealed delivery to partner XX and brings back its sealed receipt in the same answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.adapters.transport.abroad import Abroad
from mithaq.adapters.transport.gate import NUMBER, OUT, STATUS, TURN, Given, Reply
from mithaq.adapters.transport.https import MEDIA_TYPE
from mithaq.api.gate.door import between, whole
from mithaq.api.gate.exchange import Exchange
from mithaq.api.problems import Problem, answer
from mithaq.errors import MithaqError, NotAllowed
from mithaq.kernel.ports import Metrics

EACH = 4  # deliveries to one partner under way; a core sends one after the other
log = structlog.get_logger("mithaq.gate")


class Inward:
    """Two routes, for the core alone."""

    def __init__(self, party: str, exchange: Exchange, abroad: Abroad, partners: set[str], metrics: Metrics) -> None:
        self._party = party
        self._exchange = exchange
        self._abroad = abroad
        self._partners = partners
        self._metrics = metrics
        self._under_way: Counter[str] = Counter()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(TURN, self.turn, methods=["POST"]),
                Route(OUT.format("{party}"), self.out, methods=["POST"]),
            ]
        )

    async def turn(self, request: Request) -> Response:
        sealed = await whole(request)
        number, status = request.headers.get(NUMBER, ""), request.headers.get(STATUS, "")
        if sealed is None or (number and not (status.isdecimal() and len(status) == 3)):
            return answer(Problem("not a turn", 400))
        if number and not self._exchange.answer(Reply(number, int(status), sealed)):
            self._metrics.count("gate_late")
        given = await self._next(request)
        if given is None:
            return Response(status_code=204)
        return Response(given.sealed, 200, {NUMBER: given.number}, media_type=MEDIA_TYPE)

    async def _next(self, request: Request) -> Given | None:
        """What the core is to have next; None too if it went away: then nothing is taken for it."""
        turn, gone = asyncio.ensure_future(self._exchange.turn()), asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({turn, gone}, return_when=asyncio.FIRST_COMPLETED)
            return turn.result() if turn.done() else None
        finally:
            turn.cancel()
            gone.cancel()

    async def out(self, request: Request) -> Response:
        party = request.path_params["party"]
        if party not in self._partners:
            return answer(Problem("no such partner", 404))
        if self._under_way[party] >= EACH:
            return answer(Problem("not now", 503))
        self._under_way[party] += 1
        try:
            return await self._out(party, request)
        finally:
            self._under_way[party] -= 1

    async def _out(self, party: str, request: Request) -> Response:
        sealed = await whole(request)
        if sealed is None:
            return answer(Problem("too large", 413))
        try:
            between(sealed, self._party, party)
            status, receipt = await self._abroad.carry(party, sealed)
            between(receipt, party, self._party)
        except NotAllowed as problem:
            return self._failed(party, problem, 403)
        except MithaqError as problem:
            return self._failed(party, problem, 502)
        self._metrics.count("gate_carried", partner=party)
        return Response(receipt, status, media_type=MEDIA_TYPE)

    def _failed(self, party: str, problem: MithaqError, status: int) -> Response:
        self._metrics.count("gate_not_carried", partner=party, reason=problem.code)
        log.warning("delivery not carried", partner=party, reason=problem.code)
        return answer(Problem(problem.code, status))


async def _gone(request: Request) -> None:
    """Returns when the caller has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
