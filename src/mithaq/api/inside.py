"""The face inside the nation: every command and question as a route, for whoever holds the home's token.

Until officers sign in, it listens on loopback only and serves nothing without the token.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.api.problems import Problem, answer, problem
from mithaq.api.watch import figures, healthy
from mithaq.errors import Malformed, MithaqError
from mithaq.kernel.canonical import MAX_BYTES
from mithaq.kernel.link.by_hand import NAMES, by_hand
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME

Endpoint = Callable[[Request], Awaitable[Response]]


def inside_app(node: Node, token: str) -> Starlette:
    """``POST /v1/CAPABILITY/VERB`` with the command's or question's input as JSON; the answer as JSON.

    ``GET /healthz`` says whether the node works, to anyone on this machine; ``GET /metrics`` needs the token.
    """
    routes = [Route(_path(name), _guarded(token, _command(node, name)), methods=["POST"]) for name in node.commands]
    routes += [Route(_path(name), _guarded(token, _question(node, name)), methods=["POST"]) for name in node.questions]
    routes += [Route(_path(name), _guarded(token, _by_hand(node, name)), methods=["POST"]) for name in NAMES]
    routes += [
        Route("/healthz", partial(healthy, node), methods=["GET"]),
        Route("/metrics", _guarded(token, partial(figures, node)), methods=["GET"]),
    ]
    return Starlette(routes=routes)


def _path(name: str) -> str:
    return "/v1/" + name.replace(".", "/")


def _command(node: Node, name: str) -> Endpoint:
    async def run(request: Request) -> Response:
        given = await _given(request)
        return _reply(await asyncio.wrap_future(node.do(name, given, who=HOME)))

    return run


def _question(node: Node, name: str) -> Endpoint:
    async def run(request: Request) -> Response:
        given = await _given(request)
        return _reply(await to_thread.run_sync(lambda: node.ask(name, given, who=HOME)))

    return run


def _by_hand(node: Node, name: str) -> Endpoint:
    async def run(request: Request) -> Response:
        given = await _given(request)
        return _reply(await to_thread.run_sync(lambda: by_hand(node, name, given, who=HOME)))

    return run


def _guarded(token: str, run: Endpoint) -> Endpoint:
    expected = f"Bearer {token}".encode()

    async def endpoint(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return answer(Problem("who are you", 401, "this needs the token of the node's home", "token"))
        try:
            return await run(request)
        except MithaqError as error:
            return problem(error)

    return endpoint


async def _given(request: Request) -> Any:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise Malformed("too-large", f"more than {MAX_BYTES} bytes")
    try:
        return msgspec.json.decode(bytes(body) or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed("not-json", f"not JSON: {error}") from None
    except RecursionError:
        raise Malformed("too-deep", "nested too deeply") from None


def _reply(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
