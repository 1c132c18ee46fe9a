"""Every promise of the Transport port, over every transport: in process, HTTPS between sockets, and through a gate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import uvicorn
from msgspec.structs import replace

from mithaq.adapters.transport.certificate import server_context
from mithaq.adapters.transport.gate import GateTransport
from mithaq.adapters.transport.https import HttpsTransport
from mithaq.api.gate.home import Binds, Faced, GateHome, export, init_gate, read_faces, use_gate
from mithaq.api.gate.serve import Listeners
from mithaq.api.link import link_app
from mithaq.api.serve import Faces, Server
from mithaq.config import Home
from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.link.send import next_delivery
from mithaq.kernel.party import Partner
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.ports import Transport
from mithaq.kernel.seal import read_header, seal
from tests.gate.threads import run_gate
from tests.worlds import World, alert

Carry = tuple[Transport, Callable[[], None]]


@pytest.fixture(params=["local", "https", "gate"])
def carry(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Carry]:
    """A transport from JO that reaches SA, and a way to take SA off the wire."""
    if request.param == "local":
        yield world.wire, lambda: world.wire.leave("SA")
        return
    homes = {party: nation.home for party, nation in world.rehearsal.nations.items()}
    with served(world, homes["SA"].tls) as (url, stop):
        if request.param == "gate":
            with ExitStack() as stack:
                yield gate_of(homes["JO"], tmp_path / "gate", url, stack), stop
            return
        transport = HttpsTransport(homes["JO"].tls, [Partner(world.sa.card, url)])
        yield transport, stop
        transport.close()
        transport.close()


def gate_of(core: Home, folder: Path, partner: str, stack: ExitStack) -> Transport:
    """JO's transport through a gate of its own, which knows SA at this url."""
    use_gate(core, "https://127.0.0.1:1", SystemClock())
    home, listeners = GateHome(folder), Listeners(Binds())
    init_gate(home, export(core, SystemClock()), Binds())
    faces = read_faces(home)
    faces = replace(faces, partners={"SA": Faced(partner, faces.partners["SA"].certificate)})
    run_gate(stack, home, faces, listeners)
    transport = GateTransport(listeners.told()["core"], core.core_tls, core.gate_certificate.read_text())
    stack.callback(transport.close)
    return transport


@contextmanager
def served(world: World, tls: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    faces = Faces(("127.0.0.1", 0), ("127.0.0.1", 0))
    listener = faces.link
    assert listener is not None
    context = server_context(tls, [world.jo.card.certificate])
    config = uvicorn.Config(link_app(world.sa), log_config=None, lifespan="off", timeout_graceful_shutdown=1,
                            ssl_context_factory=lambda *_: context)  # fmt: skip
    answers = threading.Event()
    server = Server(config, answers.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))

    def stop() -> None:
        server.should_exit = True
        thread.join()

    thread.start()
    assert answers.wait(30)
    try:
        yield faces.link_url, stop
    finally:
        stop()
        faces.inside.close()


def sealed(world: World) -> bytes:
    world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    with world.jo.store.read() as tx:
        delivery = next_delivery(tx, "JO>SA")
    return seal(canonical.encode(delivery), sender="JO", receiver="SA", public=world.sa.card.sealing)


def test_a_delivery_brings_back_a_sealed_receipt_and_may_be_sent_again(carry: Carry, world: World) -> None:
    transport, _ = carry
    delivery = sealed(world)
    for _ in range(2):
        assert read_header(transport.deliver("SA", delivery)).sender == "SA"
    with world.sa.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"accepted": 1}


def test_what_a_partner_will_not_take_is_not_allowed(carry: Carry, world: World) -> None:
    transport, _ = carry
    with pytest.raises(NotAllowed):
        transport.deliver("SA", seal(b"{}", sender="JO", receiver="SA", public=world.sa.card.sealing))


def test_a_partner_that_is_not_there_is_unavailable(carry: Carry, world: World) -> None:
    transport, leave = carry
    leave()
    with pytest.raises(Unavailable):
        transport.deliver("SA", sealed(world))
