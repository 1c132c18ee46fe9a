"""The face abroad of a gate: partners bring sealed deliveries, and get the core's sealed receipts.

The gate looks at what can be seen without a key: who shows which certificate, the header of the envelope, how much and
how often. All else is dropped and counted. Whatever did not hold, the answer is the same.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.adapters.transport.https import ANSWERED, MEDIA_TYPE, PATH
from mithaq.api.gate.exchange import Exchange
from mithaq.api.problems import Problem, answer
from mithaq.api.rate import Buckets
from mithaq.errors import Malformed, MithaqError, Unavailable
from mithaq.kernel.ports import Metrics
from mithaq.kernel.seal import MAX_SEALED, read_header

EACH = 4  # deliveries of one partner under way; an honest node sends one after the other
BURST, EVERY = 400, 0.005  # requests of one partner at once, and seconds for one more
BODY = 120.0  # seconds for a whole body: 16 KiB, the least that a node sends at once, take 2 at 64 kbit/s
log = structlog.get_logger("mithaq.gate")


class Door:
    """One route, and what is counted at it."""

    def __init__(self, party: str, exchange: Exchange, metrics: Metrics) -> None:
        self._party = party
        self._exchange = exchange
        self._metrics = metrics
        self._under_way: Counter[str] = Counter()
        self._rate = Buckets(BURST, EVERY, time.monotonic)

    def app(self) -> Starlette:
        return Starlette(routes=[Route(PATH, self.deliveries, methods=["POST"])])

    async def deliveries(self, request: Request) -> Response:
        caller: str = request.state.caller
        if self._under_way[caller] >= EACH or self._rate.take(caller) > 0:
            return self._dropped(caller, "too-many", 503)
        self._under_way[caller] += 1
        try:
            return await self._brought(caller, request)
        finally:
            self._under_way[caller] -= 1

    async def _brought(self, caller: str, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY):
                sealed = await whole(request)
        except TimeoutError:
            return self._dropped(caller, "slow", 503, close=True)
        if sealed is None:
            return self._dropped(caller, "too-large", 413, close=True)
        try:
            between(sealed, caller, self._party)
        except MithaqError as problem:
            return self._dropped(caller, problem.code, 403)
        try:
            reply = await self._exchange.carry(sealed)
        except Unavailable as problem:
            return self._dropped(caller, problem.code, 503)
        if reply.status not in ANSWERED:
            return self._dropped(caller, "core", 403 if reply.status == 403 else 503)
        try:
            between(reply.sealed, self._party, caller)  # what the core sends by mistake goes to nobody else
        except MithaqError:
            return self._dropped(caller, "core-mistake", 503)
        self._metrics.count("gate_brought", partner=caller)
        return Response(reply.sealed, reply.status, media_type=MEDIA_TYPE)

    def _dropped(self, caller: str, reason: str, status: int, *, close: bool = False) -> Response:
        self._metrics.count("gate_dropped", partner=caller, reason=reason)
        log.warning("delivery not taken", partner=caller, reason=reason)
        said = {403: "not taken", 413: "too large", 503: "not now"}[status]
        return answer(Problem(said, status), {"connection": "close"} if close else {})


async def whole(request: Request) -> bytes | None:
    """The body; None, and the rest unread, if it is longer than any sealed document."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_SEALED:
            return None
    return bytes(body)


def between(sealed: bytes, sender: str, receiver: str) -> None:
    """Malformed unless this has the form of an envelope from one to the other. What is inside only its reader knows."""
    header = read_header(sealed)
    if (header.sender, header.receiver) != (sender, receiver):
        raise Malformed("header", "an envelope between others")
