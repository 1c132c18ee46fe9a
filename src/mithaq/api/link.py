"""The face abroad: partners deliver here. TLS has pinned their certificate; who they are, the signature says.

A caller that is not trusted learns nothing: the answer is the same whatever did not hold. A caller with more than
``EACH`` deliveries under way is asked to come again: an honest node sends one after the other.
"""

from __future__ import annotations

from collections import Counter

import structlog
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.api.problems import Problem, answer
from mithaq.errors import Malformed, MithaqError, Unavailable
from mithaq.kernel.node import Node
from mithaq.kernel.seal import MAX_SEALED

PATH = "/link/1/deliveries"
STATUS = {"settled": 200, "gap": 409, "conflict": 422, "paused": 423}
EACH = 2
log = structlog.get_logger("mithaq.link")


def link_app(node: Node) -> Starlette:
    """One route: a sealed delivery in, a sealed receipt out."""
    under_way: Counter[str] = Counter()

    async def deliveries(request: Request) -> Response:
        caller = request.client.host if request.client else ""
        if under_way[caller] >= EACH * max(1, len(node.partners)):
            return answer(Problem("not now", 503))
        under_way[caller] += 1
        try:
            return await _taken(node, request)
        finally:
            under_way[caller] -= 1

    return Starlette(routes=[Route(PATH, deliveries, methods=["POST"])])


async def _taken(node: Node, request: Request) -> Response:
    sealed, whole = await _limited(request)
    if not whole:
        problem = Malformed("too-large", f"more than {MAX_SEALED} sealed bytes")
        await to_thread.run_sync(node.turn_away, sealed, problem, len(sealed))
        return answer(Problem("too large", 413))
    status, receipt = await to_thread.run_sync(settled, node, sealed)
    if not receipt:
        return answer(Problem("not now" if status == 503 else "not taken", status))
    return Response(receipt, status, media_type="application/vnd.mithaq.sealed")


def settled(node: Node, sealed: bytes) -> tuple[int, bytes]:
    """(HTTP status, sealed receipt) of a delivery; without a receipt if it was not taken. Raises nothing."""
    try:
        found = node.receive(sealed)
    except Unavailable as error:
        log.warning("delivery not taken", code=error.code)
        return 503, b""
    except MithaqError as error:
        log.warning("delivery turned away", code=error.code)
        return 403, b""
    except Exception as error:  # the edge: whoever waits is answered, and what it was is told without its contents
        log.error("delivery not taken", code="unforeseen", error=type(error).__name__, exc_info=True)
        return 503, b""
    return STATUS[found.outcome], found.sealed


async def _limited(request: Request) -> tuple[bytes, bool]:
    """The body, or its beginning where it is longer than any sealed delivery; and whether it is whole."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_SEALED:
            return bytes(body), False
    return bytes(body), True
