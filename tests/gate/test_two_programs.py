"""Core and gate as real processes: what a gate holds, and what is lost when either is killed.

A gate holds no plaintext and no key but that of its certificate: its memory and its files are searched for them.

Records with marker strings go through real processes in both directions while the gates are searched. The same search
finds the markers and keys in the memory of a core, and finds in that of a gate what a gate must hold: so it would find
the rest.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Iterator

import pytest

from mithaq.adapters.transport.certificate import client_context
from mithaq.assembly import load_keys
from mithaq.cli.rehearsal import Nation
from mithaq.kernel.party import read_card
from mithaq.kernel.seal import seal
from tests.gate import search
from tests.gate.gated import Gated, command
from tests.worlds import alert

PLATE = "QZ-{}-77431"
NAME = "زنوبيا الكركوكلي"
TEXT = "seen near the well of Umm-Qasayb, two men, one limping"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    with Gated(tmp_path_factory.mktemp("holds"), gated=("JO", "SA")) as made:
        yield made


def plaintext() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for party in ("JO", "SA"):
        found |= search.text(f"a plate of {party}", PLATE.format(party))
    return found | search.text("an Arabic name", NAME) | search.text("a release text", TEXT)


def keys(nation: Nation) -> dict[str, bytes]:
    home = nation.home
    found: dict[str, bytes] = {}
    seeds = load_keys(home)._seeds
    for pair in seeds.signing:
        found |= search.secret("the Ed25519 seed", pair.ed25519) | search.secret("the ML-DSA seed", pair.ml_dsa_65)
    for each in seeds.sealing:
        found |= search.secret("the X25519 key", each.x25519) | search.secret("the ML-KEM seed", each.ml_kem_768)
    found |= search.secret("the secret of pseudonyms", seeds.pseudonyms)
    found |= {"the unlock secret": home.unlock.read_bytes().strip(), "the token": home.token.read_bytes().strip()}
    core = "".join(home.core_tls.read_text().splitlines()[1:-1]).encode()
    return found | {"the key of the core's certificate": core[40:100]}


def state(nation: Nation, count: int, first: int) -> None:
    rows = [
        alert(
            plate=PLATE.format(nation.party), colour=NAME, remarks=TEXT, reference=f"{nation.party}-{n}",
            release_remarks=TEXT,
        )
        for n in range(first, first + count)
    ]  # fmt: skip
    nation.do("intelligence.alert-vehicles", {"rows": rows})


def gate_pid(gated: Gated, party: str) -> int:
    return int(gated.gates[party].told["pid"])


def test_under_load_nothing_is_found_that_a_gate_must_not_hold(gated: Gated) -> None:
    nations = list(gated.rehearsal.nations.values())
    forbidden = {nation.party: plaintext() | keys(nation) for nation in nations}
    done = threading.Event()

    def load() -> None:
        try:
            for first in range(0, 60, 20):
                for nation in nations:
                    state(nation, 20, first)
            gated.rehearsal.settle()
        finally:
            done.set()

    thread = threading.Thread(target=load)
    thread.start()
    looks = 0
    while not done.is_set() or looks < 2:
        for party, needles in forbidden.items():
            assert search.in_memory(gate_pid(gated, party), needles) == set()
        looks += 1
    thread.join()
    gated.assert_sound()
    for party, needles in forbidden.items():
        assert search.in_files(gated.gates[party].home, needles) == set()
        log = (gated.gates[party].home / "serve.log").read_text()
        assert "Traceback" not in log


def test_the_search_finds_in_a_core_what_it_does_not_find_in_a_gate(gated: Gated) -> None:
    jo = gated.rehearsal.nations["JO"]
    state(jo, 5, 900)
    gated.rehearsal.settle()
    found = search.in_memory(jo.pid, plaintext() | keys(jo))
    for expected in ("a plate of JO (utf-8)", "an Arabic name (utf-8)", "a release text (utf-8)", "the token"):
        assert expected in found
    assert {"the Ed25519 seed (raw)", "the ML-DSA seed (raw)", "the X25519 key (raw)", "the unlock secret"} <= found


def test_the_search_finds_in_a_gate_what_a_gate_must_hold(gated: Gated) -> None:
    """Its own token and certificate, on disk and in memory; an envelope, while the core stands still."""
    jo, gate = gated.rehearsal.nations["JO"], gated.gates["JO"]
    card = read_card(jo.home.card.read_bytes())
    certificate = "".join(card.certificate.splitlines()[1:-1]).encode()
    own = {"its token": gate.home.joinpath("token").read_bytes(), "its certificate": certificate[64:128]}
    assert search.in_files(gate.home, {"its token": own["its token"]}) == {"its token"}
    assert search.in_memory(gate_pid(gated, "JO"), {"its token": own["its token"]}) == {"its token"}
    sealed = seal(secrets.token_bytes(50_000), sender="SA", receiver="JO", public=card.sealing)
    envelope = {"the envelope": sealed[20_000:20_064]}
    assert search.in_memory(gate_pid(gated, "JO"), envelope) == set()
    os.kill(jo.pid, signal.SIGSTOP)  # it has calls open, and takes what it is given, and answers nothing
    try:
        sending = threading.Thread(target=post, args=(gated, sealed))
        sending.start()
        while not command(gate.home, "gate", "status")["waiting"]:
            assert sending.is_alive()
        assert search.in_memory(gate_pid(gated, "JO"), envelope) == {"the envelope"}
        assert search.in_files(gate.home, envelope) == set()  # and never on its disk
    finally:
        os.kill(jo.pid, signal.SIGCONT)
    sending.join()
    assert command(gate.home, "gate", "status")["held"] == 0


def test_gates_and_cores_are_killed_and_nothing_is_lost(gated: Gated) -> None:
    jo, sa = gated.rehearsal.nations.values()
    assert jo.link == sa.link == ""  # a core says no address abroad, for it has none
    state(jo, 100, 1000)
    for gate in gated.gates.values():
        gate.stop(kill=True)
    state(sa, 60, 1000)
    for gate in gated.gates.values():
        gate.start()
    state(jo, 50, 1100)
    os.kill(sa.pid, signal.SIGKILL)
    sa.stop()
    state(jo, 20, 1150)
    gated.gates["JO"].stop(kill=True)
    gated.gates["JO"].start()
    sa.start()
    gated.rehearsal.settle()
    gated.assert_sound()
    assert command(jo.home.path, "node", "status")["gate"] == "up"
    told = command(gated.gates["JO"].home, "gate", "status")
    assert (told["core"], told["waiting"], told["held"], told["exit"]) == (True, 0, 0, 0)


def post(gated: Gated, sealed: bytes) -> None:
    import httpx2

    card = read_card(gated.rehearsal.nations["JO"].home.card.read_bytes())
    context = client_context(gated.rehearsal.nations["SA"].home.tls, card.certificate)
    httpx2.post(
        gated.gates["JO"].told["link"] + "/link/1/deliveries", content=sealed, verify=context, trust_env=False,
        timeout=60,
    )  # fmt: skip
