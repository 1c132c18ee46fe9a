"""For whoever watches the node: whether it works (``/healthz``), and its figures (``/metrics``)."""

from __future__ import annotations

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from mithaq.errors import MithaqError
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import NODE
from mithaq.kernel.ports import Shown


async def healthy(node: Node, _: Request) -> Response:
    """200 if the store can be read and written, else 503. It tells nothing else, so it needs no token."""
    try:
        await to_thread.run_sync(node.check)
    except MithaqError as problem:
        return _json({"status": "failing", "code": problem.code}, 503)
    return _json({"status": "ok"}, 200)


async def figures(node: Node, _: Request) -> Response:
    """The node's metrics in the text format of Prometheus, the state of its links as of now among them."""
    metrics = node.metrics
    if not isinstance(metrics, Shown):
        return _json({"status": "this node keeps no metrics"}, 404)
    for link in await to_thread.run_sync(lambda: node.ask("link.status", {}, who=NODE)):
        metrics.gauge("link_size", link.size, link=link.link)
        if link.link.startswith(f"{node.party}>"):
            metrics.gauge("link_waiting", link.waiting, link=link.link)
            metrics.gauge("link_oldest_seconds", link.oldest, link=link.link)
            metrics.gauge("link_up", link.state == "up", link=link.link)
            metrics.gauge("link_unsure", link.unsure, link=link.link)
    expires = node.rings.own.ring.expires
    if expires is not None:
        metrics.gauge("keys_expire_seconds", (expires - node.clock.now()).total_seconds())
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _json(value: object, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
