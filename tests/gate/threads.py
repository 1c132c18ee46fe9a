"""A gated world in one process: JO's core, its gate with real sockets and TLS, and SA's node, each in a thread."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from msgspec.structs import replace

from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.certificate import client_context, server_context
from mithaq.adapters.transport.gate import GateTransport
from mithaq.adapters.transport.https import HttpsTransport
from mithaq.api.gate.home import Binds, Faced, GateHome, export, init_gate, read_faces, use_gate
from mithaq.api.gate.serve import GateServer, Listeners
from mithaq.api.link import link_app
from mithaq.api.porters import Porters
from mithaq.api.serve import Server, bind
from mithaq.assembly import open_home
from mithaq.cli.rehearsal import Rehearsal, audit_stores
from mithaq.kernel.clock import ManualClock, SystemClock
from mithaq.kernel.node import Node
from mithaq.kernel.party import Partner
from mithaq.kernel.people.actor import HOME
from tests.worlds import START, alert, homes


@dataclass
class GatedWorld:
    """JO is a core behind a gate; SA faces abroad by itself."""

    jo: Node
    sa: Node
    gate: GateServer
    told: dict[str, str]
    home: GateHome
    rehearsal: Rehearsal
    out: GateTransport
    clock: ManualClock

    def caller(self, own: Path | None = None, face: str = "link") -> httpx2.Client:
        """Whoever calls a face of the gate, with SA's certificate unless another is given."""
        own = own or self.rehearsal.nations["SA"].home.tls
        context = client_context(own, self.jo.card.certificate)
        return httpx2.Client(base_url=self.told[face], verify=context, trust_env=False, timeout=60)

    def state(self, node: Node, count: int, first: int = 0) -> None:
        rows = [alert(plate=f"{node.party}-{n}") for n in range(first, first + count)]
        node.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()

    def audit(self) -> dict[str, Any]:
        stores = {"JO": self.jo.store, "SA": self.sa.store}
        return audit_stores(stores, {"JO": self.jo.rings.own, "SA": self.sa.rings.own})


@contextmanager
def gated_world(folder: Path, *, porters: bool = True) -> Iterator[GatedWorld]:
    """Without ``porters`` the core is away: nobody takes what partners bring."""
    shutil.copytree(homes(), folder, dirs_exist_ok=True)
    rehearsal, clock = Rehearsal(folder), ManualClock(START)
    jo, sa = (rehearsal.nations[party].home for party in ("JO", "SA"))
    home = GateHome(folder / "gate")
    with ExitStack() as stack:
        use_gate(jo, "https://127.0.0.1:1", SystemClock())
        init_gate(home, export(jo, SystemClock()), Binds())
        listeners = Listeners(Binds())
        told, abroad = listeners.told(), bind("127.0.0.1", 0)
        out = GateTransport(told["core"], jo.core_tls, jo.gate_certificate.read_text())
        core = open_home(jo, clock=clock, store=open_store(":memory:"), transport=out)
        stack.callback(core.close)
        partner = open_home(
            sa, clock=clock, store=open_store(":memory:"),
            transport=HttpsTransport(sa.tls, [Partner(core.card, told["link"])]),
        )  # fmt: skip
        stack.callback(partner.close)
        faces = read_faces(home)
        url = f"https://127.0.0.1:{abroad.getsockname()[1]}"
        faces = replace(faces, partners={"SA": Faced(url, faces.partners["SA"].certificate)})
        gate = run_gate(stack, home, faces, listeners)
        serve_link(stack, partner, sa.tls, core.card.certificate, abroad)
        if porters:
            stack.enter_context(fetching(core, out, gate))
        stack.callback(core.transport.close)  # first: servers wait for callers that keep a connection
        stack.callback(partner.transport.close)
        yield GatedWorld(core, partner, gate, told, home, rehearsal, out, clock)


def run_gate(stack: ExitStack, home: GateHome, faces: Any, listeners: Listeners) -> GateServer:
    ready = threading.Event()
    server = GateServer(home, faces, listeners, home.token.read_text(), ready.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.run()))
    thread.start()
    stack.callback(thread.join)
    stack.callback(server.stop)
    assert ready.wait(30)
    return server


def serve_link(stack: ExitStack, node: Node, tls: Path, caller: str, listener: Any) -> None:
    ready, context = threading.Event(), server_context(tls, [caller])
    config = uvicorn.Config(link_app(node), log_config=None, lifespan="off", timeout_graceful_shutdown=1,
                            ssl_context_factory=lambda *_: context)  # fmt: skip
    server = Server(config, ready.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()

    stack.callback(stop)
    assert ready.wait(30)


@contextmanager
def fetching(node: Node, out: GateTransport, gate: GateServer) -> Iterator[None]:
    """A core's porters at work, from when the gate has a turn of theirs."""
    there, loop = threading.Event(), asyncio.new_event_loop()
    turn = gate.exchange.turn

    async def noticed() -> Any:
        asyncio.get_running_loop().call_soon(there.set)
        return await turn()

    gate.exchange.turn = noticed  # type: ignore[method-assign]
    porters = loop.create_task(Porters(node, out, lambda: None).run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([porters])))
    thread.start()
    assert there.wait(30)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(porters.cancel)
        thread.join()
        loop.close()
