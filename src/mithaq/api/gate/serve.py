"""Serving a gate: three faces in one process, until it is asked to stop. It opens no store and loads no key but TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable

from starlette.applications import Starlette

from mithaq.adapters.metrics.prometheus import PrometheusMetrics
from mithaq.adapters.transport.abroad import Abroad
from mithaq.adapters.transport.certificate import server_context
from mithaq.api.gate.callers import callers, fingerprint_of
from mithaq.api.gate.door import Door
from mithaq.api.gate.exchange import Exchange
from mithaq.api.gate.home import Binds, Faces, GateHome
from mithaq.api.gate.inward import Inward
from mithaq.api.gate.watch import Watch
from mithaq.api.serve import Server, bind, configured, until_asked


class Listeners:
    """The three listening sockets, open before anything is told of them."""

    def __init__(self, binds: Binds) -> None:
        self.link, self.core, self.watch = (
            bind(each.host, each.port) for each in (binds.link, binds.core, binds.watch)
        )

    def told(self) -> dict[str, str]:
        """The addresses of the faces."""
        return {
            "link": _url("https", self.link),
            "core": _url("https", self.core),
            "watch": _url("http", self.watch),
        }


class GateServer:
    """A gate, ready to run in one event loop until ``stop``. ``ready`` is called once all faces answer."""

    def __init__(
        self, home: GateHome, faces: Faces, listeners: Listeners, token: str, ready: Callable[[], None]
    ) -> None:
        self.exchange, self.metrics = Exchange(time.monotonic), PrometheusMetrics()
        self._ready = ready
        self._sockets = (listeners.link, listeners.core, listeners.watch)
        self._abroad = Abroad(home.tls, {party: (each.url, each.certificate) for party, each in faces.partners.items()})
        door = Door(faces.party, self.exchange, self.metrics)
        inward = Inward(faces.party, self.exchange, self._abroad, set(faces.partners), self.metrics)
        watch = Watch(faces.party, tuple(faces.partners), self.exchange, self.metrics, token)
        partners = {party: each.certificate for party, each in faces.partners.items()}
        self.servers = [
            _secured(door.app(), home, partners, self._answers),
            _secured(inward.app(), home, {"core": faces.core}, self._answers),
            Server(configured(watch.app()), self._answers),
        ]

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            serving = zip(self.servers, self._sockets, strict=True)
            await asyncio.gather(*(each.serve([listener]) for each, listener in serving))
        finally:
            await self._abroad.close()

    def stop(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self.exchange.end)
        for server in self.servers:
            server.should_exit = True

    def _answers(self) -> None:
        if all(server.started for server in self.servers):
            self._ready()


def serve_gate(home: GateHome, faces: Faces, listeners: Listeners, token: str, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM."""

    async def run() -> None:
        server = GateServer(home, faces, listeners, token, ready)
        until_asked(server.servers, server.exchange.end)
        await server.run()

    asyncio.run(run())


def _secured(app: Starlette, home: GateHome, known: dict[str, str], ready: Callable[[], None]) -> Server:
    """A face for those alone who show one of these certificates."""
    context: ssl.SSLContext = server_context(home.tls, list(known.values()))
    by = {fingerprint_of(certificate): name for name, certificate in known.items()}
    return Server(configured(app, http=callers(by), ssl_context_factory=lambda *_: context), ready)


def _url(scheme: str, listener: socket.socket) -> str:
    return "{}://{}:{}".format(scheme, *listener.getsockname()[:2])
