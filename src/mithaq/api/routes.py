"""Routes of what is declared: each command, question and act by hand answers a POST of its input as JSON.

Questions are POST too: a plate or a name in a query string would end in access logs, in histories and at proxies.
"""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from mithaq.api.body import glass_of, key_of, read_json
from mithaq.api.guard import Known
from mithaq.api.operation import Operation
from mithaq.api.problems import problem
from mithaq.errors import Clash
from mithaq.kernel.node import Node
from mithaq.kernel.node_acts import NODE_ACTS
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.second import Waits

ASKING = 4
"""Questions at once: as many as it takes to use the processor while some wait for the disk. The first come is the
first answered; forty threads that share one interpreter would answer all of them late."""


class Runners:
    """What answers each operation, for an actor who is known. What they may, the node decides."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._asking = CapacityLimiter(ASKING)

    def __call__(self, operation: Operation) -> Known:
        if operation.sort == "command":
            return _command(self._node, operation.name)
        if operation.sort == "question":
            return _question(self._node, operation.name, self._asking)
        return _node_act(self._node, operation.name)


def reply(value: object, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _command(node: Node, name: str) -> Known:
    async def run(request: Request, actor: Actor) -> Response:
        key, glass = key_of(request), glass_of(request)
        given = await read_json(request)
        begin = partial(node.do, name, given, who=actor, key=key, glass=glass)
        try:
            found = await asyncio.wrap_future(await to_thread.run_sync(begin))
        except Clash as error:
            if key and error.code == "key":
                return problem(error, request, 422)
            raise
        return reply(found, 202 if isinstance(found, Waits) else 200)

    return run


def _question(node: Node, name: str, asking: CapacityLimiter) -> Known:
    async def run(request: Request, actor: Actor) -> Response:
        given = await read_json(request)
        return await to_thread.run_sync(lambda: reply(node.ask(name, given, who=actor)), limiter=asking)

    return run


def _node_act(node: Node, name: str) -> Known:
    async def run(request: Request, actor: Actor) -> Response:
        given = await read_json(request)
        return await to_thread.run_sync(lambda: reply(NODE_ACTS[name].do(node, given, who=actor)))

    return run
