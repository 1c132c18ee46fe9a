"""Serving: both faces of a node in one process, until it is asked to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from mithaq.adapters.transport.certificate import server_context
from mithaq.api.couriers import Couriers
from mithaq.api.doorstep import Doorstep
from mithaq.api.inside import inside_app
from mithaq.api.link import link_app
from mithaq.errors import Unavailable
from mithaq.kernel.node import Node

BACKLOG = 512  # callers that wait while the node opens its store
SWITCH = 0.0005  # seconds a thread runs before another may: a delivery passes through four of them
IDLE = 75  # seconds that a caller inside keeps its connection without a request: officers think between two of them
GRACE = 2  # seconds for requests under way; what is cut off was not acknowledged, and comes again


class Faces:
    """The two listening sockets, open before anything is told of them. ``shared``: other processes of this user may
    listen on the same ports, and callers are spread over all of them.
    """

    def __init__(self, inside: tuple[str, int], link: tuple[str, int], *, shared: bool = False) -> None:
        self.inside = _bind(*inside, shared)
        self.link = _bind(*link, shared)

    @property
    def inside_url(self) -> str:
        return "http://{}:{}".format(*self.inside.getsockname()[:2])

    @property
    def link_url(self) -> str:
        return "https://{}:{}".format(*self.link.getsockname()[:2])


def serve(
    node: Node,
    *,
    token: str,
    tls: Path,
    faces: Faces,
    ready: Callable[[], None],
    doorstep: Doorstep,
    pages: Sequence[BaseRoute] = (),
    delivers: bool = True,
) -> None:
    """Serve until SIGINT or SIGTERM. ``ready`` is called once both faces answer; ``pages`` are those of a console,
    which shares ``doorstep``. Without ``delivers``, other processes carry to partners what waits. Invalid if the token
    is too short: then nothing was begun."""
    inside = inside_app(node, token, pages, doorstep)
    sys.setswitchinterval(SWITCH)
    context = server_context(tls, [partner.card.certificate for partner in node.partners.values()])
    couriers = Couriers(node, delivers=delivers)
    couriers.start()
    gc.collect()
    gc.freeze()  # what is here now stays: looking it over again and again would hold every caller up
    try:
        asyncio.run(_serve(inside, link_app(node), context, faces, ready))
    finally:
        couriers.stop()


class Server(uvicorn.Server):
    """A server that says when it answers, and leaves signals to us: there are two of them, and they stop together."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(
    inside: Starlette, link: Starlette, context: ssl.SSLContext, faces: Faces, ready: Callable[[], None]
) -> None:
    def answers() -> None:
        if all(server.started for server in servers):
            ready()

    configs = (_config(inside, timeout_keep_alive=IDLE), _config(link, ssl_context_factory=lambda *_: context))
    servers = [Server(config, answers) for config in configs]

    def stop() -> None:
        inside.state.streams.end()
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    listeners = (faces.inside, faces.link)
    await asyncio.gather(*(s.serve([sock]) for s, sock in zip(servers, listeners, strict=True)))


def _config(app: Starlette, **options: Any) -> uvicorn.Config:
    quiet: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off", "server_header": False}
    # Who calls is whoever connected: what a caller writes into X-Forwarded-For is not asked, from this machine neither.
    return uvicorn.Config(app, timeout_graceful_shutdown=GRACE, proxy_headers=False, **quiet, **options)


def _bind(host: str, port: int, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio sets TCP_NODELAY; without it small answers wait 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # from here a partner who calls early waits, and is not refused
    except OSError as problem:
        listener.close()
        raise Unavailable(
            "port", f"cannot listen on {host}:{port}: {problem.strerror}", hint="choose another port"
        ) from None
    return listener
