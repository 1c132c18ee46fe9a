"""The face inside the nation: every command and question as a route, for officers, programs and the home's holder.

Nothing is served before it is known who calls, except whether the node works, what can be called, and signing in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mithaq.api import events, openapi, session, watch
from mithaq.api.doorstep import Doorstep
from mithaq.api.edge import Edge
from mithaq.api.guard import Guard
from mithaq.api.operation import Operation, operations
from mithaq.api.problems import not_served
from mithaq.api.routes import Runners
from mithaq.kernel.node import Node

OTHERS = (
    events.OPERATION,
    *watch.OPERATIONS,
    Operation(
        name="api.openapi", sort="other", method="GET", path="/v1/openapi.json", summary="this document", open=True,
        gives=dict,
    ),
)  # fmt: skip


def inside_app(node: Node, token: str, pages: Sequence[BaseRoute] = (), doorstep: Doorstep | None = None) -> Starlette:
    """``POST /v1/CAPABILITY/VERB`` with the command's or question's input as JSON; the answer as JSON.

    ``pages`` are routes of a console that stand beside these, with the same ``doorstep``. ``app.state.streams`` are the
    open event streams: ``end`` them before the server stops.
    """
    guard, runner = Guard(node, token), Runners(node)
    declared, streams = tuple(operations(node)), events.Streams(node, guard)
    told = openapi.document(node.party, node.capabilities, (*declared, *session.OPERATIONS, *OTHERS))
    routes = [Route(each.path, guard(runner(each)), methods=["POST"]) for each in declared]
    routes += session.session_routes(node, guard, doorstep or Doorstep(node.clock.monotonic))
    routes += [
        Route("/v1/events", guard(streams.follow()), methods=["GET"]),
        Route("/v1/openapi.json", partial(_document, told), methods=["GET"]),
        Route("/healthz", partial(watch.healthy, node), methods=["GET"]),
        Route("/metrics", guard(watch.figures(node)), methods=["GET"]),
    ]
    app = Starlette(
        routes=[*routes, *pages], middleware=[Middleware(Edge)], exception_handlers={HTTPException: not_served}
    )
    app.state.streams = streams
    return app


async def _document(told: bytes, _: Request) -> Response:
    return Response(told, media_type="application/json")
