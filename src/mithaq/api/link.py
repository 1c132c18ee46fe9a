"""The face abroad: partners deliver here. TLS has pinned their certificate; who they are, the signature says.

A caller that is not trusted learns nothing: the answer is the same whatever did not hold.
"""

from __future__ import annotations

import structlog
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.api.problems import Problem, answer
from mithaq.errors import MithaqError, Unavailable
from mithaq.kernel.node import Node
from mithaq.kernel.seal import MAX_SEALED

PATH = "/link/1/deliveries"
STATUS = {"settled": 200, "gap": 409, "conflict": 422}
log = structlog.get_logger("mithaq.link")


def link_app(node: Node) -> Starlette:
    """One route: a sealed delivery in, a sealed receipt out."""

    async def deliveries(request: Request) -> Response:
        sealed = await _limited(request)
        if sealed is None:
            return answer(Problem("too large", 413))
        try:
            found = await to_thread.run_sync(node.receive, sealed)
        except Unavailable as error:
            log.warning("delivery not taken", code=error.code)
            return answer(Problem("not now", 503))
        except MithaqError as error:
            log.warning("delivery turned away", code=error.code)
            return answer(Problem("not taken", 403))
        return Response(found.sealed, STATUS[found.outcome], media_type="application/vnd.mithaq.sealed")

    return Starlette(routes=[Route(PATH, deliveries, methods=["POST"])])


async def _limited(request: Request) -> bytes | None:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_SEALED:
            return None
    return bytes(body)
