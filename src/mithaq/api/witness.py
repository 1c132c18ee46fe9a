"""A witness over HTTP (C2SP tlog-witness): ``POST /add-checkpoint`` and ``GET /<origin hash>/checkpoint``.

Whoever calls is nobody: what counts is who signed the checkpoint. Nothing of any content ever comes here.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import socket
import ssl
from collections.abc import Callable
from typing import Any

import structlog
import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.api.serve import BACKLOG, GRACE, Server
from mithaq.errors import Unavailable
from mithaq.kernel.witness.answer import MAX_REQUEST, TEXT, Reply
from mithaq.kernel.witness.service import Service

log = structlog.get_logger("mithaq.witness")


def witness_app(service: Service) -> Starlette:
    """Both calls, with one prefix for submission and monitoring."""

    async def add(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_REQUEST:
                return _told(Reply(400, f"more than {MAX_REQUEST} bytes\n"))
        try:
            found = await to_thread.run_sync(service.add, bytes(body))
        except Unavailable as problem:
            log.error("not kept", code=problem.code)
            return Response("not now\n", 503, media_type=TEXT)
        log.info("add-checkpoint", status=found.status)
        return _told(found)

    async def newest(request: Request) -> Response:
        note = await to_thread.run_sync(service.checkpoint, request.path_params["origin"])
        return Response(note, media_type=TEXT) if note else Response("none\n", 404, media_type=TEXT)

    return Starlette(
        routes=[Route("/add-checkpoint", add, methods=["POST"]), Route("/{origin}/checkpoint", newest, methods=["GET"])]
    )


def origin_hash(origin: str) -> str:
    """How the path names a log."""
    return hashlib.sha256(origin.encode()).hexdigest()


def serve_witness(
    service: Service, *, host: str, port: int, ready: Callable[[str], None], tls: ssl.SSLContext | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. ``ready`` is told the address once it answers."""
    try:
        listener = socket.create_server((host, port), backlog=BACKLOG)
    except OSError as problem:
        why = f"cannot listen on {host}:{port}: {problem.strerror}"
        raise Unavailable("port", why, hint="choose another port") from None
    scheme = "https" if tls is not None else "http"
    url = "{}://{}:{}".format(scheme, *listener.getsockname()[:2])
    quiet: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off", "server_header": False}
    if tls is not None:
        quiet["ssl_context_factory"] = lambda *_: tls
    config = uvicorn.Config(witness_app(service), timeout_graceful_shutdown=GRACE, proxy_headers=False, **quiet)
    server = Server(config, lambda: ready(url))

    async def run() -> None:
        def stop() -> None:
            server.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        await server.serve([listener])

    asyncio.run(run())


def _told(reply: Reply) -> Response:
    return Response(reply.body, reply.status, headers={"content-type": reply.media_type})
