"""What a gate takes, carries, drops and tells, over real sockets and TLS."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mithaq.adapters.transport.certificate import make_certificate
from mithaq.adapters.transport.gate import GateTransport
from mithaq.api.gate import callers, door, exchange
from mithaq.errors import Unavailable
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import MAX_SEALED, read_header, seal
from tests.gate.threads import GatedWorld, gated_world

PATH = "/link/1/deliveries"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    """Python's ssl does not close a socket whose caller is turned away in the handshake."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[GatedWorld]:
    with gated_world(tmp_path) as made:
        yield made


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[GatedWorld]:
    """A gate whose core is away."""
    with gated_world(tmp_path, porters=False) as made:
        yield made


def sealed_for_jo(world: GatedWorld, sender: str = "SA", receiver: str = "JO", size: int = 10) -> bytes:
    return seal(b"x" * size, sender=sender, receiver=receiver, public=world.jo.card.sealing)


def post(world: GatedWorld, body: bytes) -> httpx2.Response:
    with world.caller() as client:
        return client.post(PATH, content=body)


def figures(world: GatedWorld) -> str:
    headers = {"authorization": f"Bearer {world.home.token.read_text()}"}
    return httpx2.get(f"{world.told['watch']}/metrics", headers=headers, trust_env=False).text


def test_records_go_both_ways_and_both_sides_hold_the_same(gated: GatedWorld) -> None:
    gated.state(gated.jo, 30)
    gated.state(gated.sa, 20)
    assert gated.jo.attempt("SA") == 30
    assert gated.sa.attempt("JO") == 20
    found = gated.audit()
    assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
    assert found["received"] == found["released"] == 50
    assert gated.jo.ask("node.status", {}, who=HOME).gate == "up"
    told = figures(gated)
    assert 'mithaq_gate_carried_total{partner="SA"}' in told
    assert 'mithaq_gate_brought_total{partner="SA"}' in told
    assert "mithaq_gate_core_up 1.0" in told


def test_a_partner_gets_the_signed_receipt_of_the_core_in_the_same_call(gated: GatedWorld) -> None:
    gated.state(gated.sa, 1)
    [(_, sealed)] = gated.sa.pack("JO", after=0, size=1000)
    first, second = post(gated, sealed), post(gated, sealed)
    assert (first.status_code, second.status_code) == (200, 200)
    assert {read_header(each.content).sender for each in (first, second)} == {"JO"}
    with gated.jo.store.read() as tx:
        assert tx.links.tally("SA>JO") == {"accepted": 1}


def test_what_the_core_does_not_take_is_not_taken(gated: GatedWorld) -> None:
    response = post(gated, sealed_for_jo(gated))  # the right envelope, and nothing signed in it
    assert (response.status_code, read_status(response)) == (403, "not taken")


def test_without_a_core_nothing_is_taken_or_kept(alone: GatedWorld) -> None:
    alone.state(alone.sa, 3)
    assert alone.sa.attempt("JO") == 0
    assert "HTTP 503" in alone.sa.line("JO").problem
    assert alone.gate.exchange.waiting == alone.gate.exchange.held == 0
    names = {path.name for path in alone.home.path.iterdir()}
    assert names == {"gate.toml", "faces.json", "tls.pem", "token"}


def test_an_envelope_that_is_not_one_between_these_two_is_dropped_without_asking_the_core(alone: GatedWorld) -> None:
    """The core is away, so only what the gate itself finds wrong is answered with 403."""
    wrong = [b"", b"x", b"\n", b"{}\n", sealed_for_jo(alone, sender="IQ"), sealed_for_jo(alone, receiver="IQ")]
    answers = [post(alone, body) for body in wrong]
    assert {each.status_code for each in answers} == {403}
    assert len({each.content for each in answers}) == 1  # it is not told what was wrong
    assert post(alone, sealed_for_jo(alone)).status_code == 503
    assert 'mithaq_gate_dropped_total{partner="SA",reason="header"} 2.0' in figures(alone)


def test_what_is_too_large_is_not_read_to_its_end(alone: GatedWorld) -> None:
    response = post(alone, sealed_for_jo(alone) + bytes(MAX_SEALED))
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert alone.gate.exchange.held == 0


def test_a_partner_that_asks_too_often_is_asked_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "BURST", 5)
    monkeypatch.setattr(door, "EVERY", 600.0)
    with gated_world(tmp_path, porters=False) as alone:
        answers = [post(alone, b"x").status_code for _ in range(7)]
        assert answers == [403] * 5 + [503] * 2
        assert 'mithaq_gate_dropped_total{partner="SA",reason="too-many"} 2.0' in figures(alone)


def test_a_partner_that_sends_slowly_is_cut_off(alone: GatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "BODY", 0.2)
    with secured(alone) as slow:
        slow.sendall(b"POST /link/1/deliveries HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx")
        assert slow.recv(1000).startswith(b"HTTP/1.1 503")
    assert 'reason="slow"' in figures(alone)


def test_a_caller_that_says_nothing_is_cut_off(alone: GatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "HURRY", 0.2)
    with secured(alone) as quiet:
        assert ends(quiet)
    with secured(alone) as slow:
        slow.sendall(b"POST /link/1/deliveries HTTP/1.1\r\nhost: x\r\n")
        assert ends(slow)


def test_one_nation_has_so_many_connections_and_no_more(alone: GatedWorld) -> None:
    held = [secured(alone) for _ in range(callers.CONNECTIONS)]
    try:
        for each in held:
            each.sendall(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
            assert each.recv(100).startswith(b"HTTP/1.1 404")
        with secured(alone) as more:
            assert ends(more)
    finally:
        for each in held:
            each.close()


def test_an_unknown_caller_learns_nothing(alone: GatedWorld, tmp_path: Path) -> None:
    """Nor does a partner at the face of the core, or the core at that of partners."""
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(make_certificate("SA", SystemClock().now())[0])
    nations = alone.rehearsal.nations
    for own, face in (
        (stranger, "link"),
        (stranger, "core"),
        (nations["SA"].home.tls, "core"),
        (nations["JO"].home.core_tls, "link"),
    ):
        with alone.caller(own, face) as client, pytest.raises(httpx2.HTTPError):
            client.post("/core/1/turn" if face == "core" else PATH, content=b"")


def test_the_figures_are_told_to_the_holder_of_the_token_alone(alone: GatedWorld) -> None:
    for path in ("/metrics", "/status"):
        for headers in ({}, {"authorization": "Bearer wrong"}):
            assert httpx2.get(alone.told["watch"] + path, headers=headers, trust_env=False).status_code == 401
    health = httpx2.get(f"{alone.told['watch']}/healthz", trust_env=False)
    assert (health.status_code, health.json()) == (503, {"status": "failing", "code": "core-away"})


def test_a_core_that_takes_and_does_not_answer_holds_nobody_for_ever(
    alone: GatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "ANSWERED", 0.5)
    with alone.caller(alone.rehearsal.nations["JO"].home.core_tls, "core") as core:
        taken: list[httpx2.Response] = []
        thread = threading.Thread(target=lambda: taken.append(core.post("/core/1/turn", content=b"")))
        thread.start()
        while not alone.gate.exchange.core:
            pass
        assert post(alone, sealed_for_jo(alone)).status_code == 503
        thread.join()
        number = taken[0].headers["mithaq-number"]
        monkeypatch.setattr(exchange, "WAIT", 0.05)
        late = core.post("/core/1/turn", content=b"x", headers={"mithaq-number": number, "mithaq-status": "200"})
        assert late.status_code == 204
    assert "mithaq_gate_late_total 1.0" in figures(alone)
    assert alone.gate.exchange.waiting == alone.gate.exchange.held == 0


def test_a_partner_that_is_not_there_is_told_apart_from_a_gate_that_is_not_there(gated: GatedWorld) -> None:
    gated.state(gated.jo, 1)
    [(_, sealed)] = gated.jo.pack("SA", after=0, size=1000)
    with pytest.raises(Unavailable, match="does not know IQ"):
        gated.out.deliver("IQ", sealed)
    away = GateTransport("https://127.0.0.1:1", gated.rehearsal.nations["JO"].home.core_tls, gated.jo.card.certificate)
    with pytest.raises(Unavailable, match="our gate is not reached"):
        away.deliver("SA", sealed)
    assert away.gate().startswith("not reached")
    away.close()


def read_status(response: httpx2.Response) -> str:
    return str(response.json()["title"])


def secured(world: GatedWorld) -> ssl.SSLSocket:
    host, port = world.told["link"].removeprefix("https://").split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(world.rehearsal.nations["SA"].home.tls)
    return context.wrap_socket(socket.create_connection((host, int(port)), 10))


def ends(connection: ssl.SSLSocket) -> bool:
    """Whether the other end closes without a word."""
    try:
        return connection.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        return True
