"""For whoever watches the node: whether it works (``/healthz``), and its figures (``/metrics``)."""

from __future__ import annotations

import msgspec
from anyio import to_thread
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from mithaq.api.guard import Known
from mithaq.api.operation import Operation
from mithaq.errors import MithaqError, NotFound
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import NODE, Actor
from mithaq.kernel.people.served import FIGURES
from mithaq.kernel.ports import Shown

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Health(Struct, frozen=True, omit_defaults=True):
    """Whether the node works; if not, the code of what keeps it from that."""

    status: str
    code: str = ""


OPERATIONS = (
    Operation(
        name="node.health", sort="other", method="GET", path="/healthz", gives=Health, open=True,
        summary="whether the store can be read and written", others=((503, Health),),
    ),
    Operation(
        name="node.metrics", sort="other", method="GET", path="/metrics", summary="figures for Prometheus", media=TEXT,
    ),
)  # fmt: skip


async def healthy(node: Node, _: Request) -> Response:
    """200 if the store can be read and written, else 503. It tells nothing else, so it needs no token."""
    try:
        await to_thread.run_sync(node.check)
    except MithaqError as problem:
        return _json(Health("failing", problem.code), 503)
    return _json(Health("ok"), 200)


def figures(node: Node) -> Known:
    """The node's metrics in the text format of Prometheus, the state of its links as of now among them."""

    async def run(_: Request, actor: Actor) -> Response:
        await to_thread.run_sync(node.permit, actor, FIGURES)
        if not isinstance(node.metrics, Shown):
            raise NotFound("metrics", "this node keeps no metrics")
        await _look(node, node.metrics)
        return Response(node.metrics.text(), media_type=TEXT)

    return run


async def _look(node: Node, metrics: Shown) -> None:
    for link in await to_thread.run_sync(lambda: node.ask("link.status", {}, who=NODE)):
        metrics.gauge("link_size", link.size, link=link.link)
        if link.link.startswith(f"{node.party}>"):
            metrics.gauge("link_waiting", link.waiting, link=link.link)
            metrics.gauge("link_oldest_seconds", link.oldest, link=link.link)
            metrics.gauge("link_up", link.state == "up", link=link.link)
            metrics.gauge("link_unsure", link.unsure, link=link.link)
    gate = node.surroundings.gate()
    if gate:
        metrics.gauge("gate_up", gate == "up")
    expires = node.rings.own.ring.expires
    if expires is not None:
        metrics.gauge("keys_expire_seconds", (expires - node.clock.now()).total_seconds())


def _json(value: Health, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
