"""Honest counters: each is computed from both stores, and each can be made other than it should be."""

from __future__ import annotations

import msgspec
import pytest

from mithaq.kernel.link.audit import verify
from mithaq.kernel.people.actor import HOME
from tests.worlds import World, alert


@pytest.fixture
def exchanged(world: World) -> World:
    rows = [alert(plate=f"P-{n}") for n in range(5)]
    world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
    world.step()
    world.assert_sound()
    return world


def tamper(world: World, party: str, *statements: str) -> None:
    """Change a store behind its node's back, as whoever holds the disk could."""
    store = world.jo.store if party == "JO" else world.sa.store
    store.write(lambda tx: [tx.links._run.say(each) for each in statements]).result()  # type: ignore[attr-defined]


def test_an_honest_link(exchanged: World) -> None:
    found = exchanged.audit()
    assert (found["released"], found["received"], found["logs"], found["logs_verified"]) == (5, 5, 2, 2)


def test_lost(exchanged: World) -> None:
    tamper(exchanged, "SA", "delete from messages where seq = 3")
    found = exchanged.audit()
    assert found["lost"] == 1
    assert found["logs_verified"] < found["logs"]


def test_duplicates(exchanged: World) -> None:
    columns = "at, what, subject, party, exercise"
    again = f"insert into journal ({columns}) select {columns} from journal where subject = 'JO>SA/2'"
    tamper(exchanged, "SA", again)
    assert exchanged.audit()["duplicates"] == 1


def test_out_of_order(exchanged: World) -> None:
    tamper(exchanged, "SA", "update journal set subject = 'JO>SA/x' where subject = 'JO>SA/2'",
           "update journal set subject = 'JO>SA/2' where subject = 'JO>SA/4'",
           "update journal set subject = 'JO>SA/4' where subject = 'JO>SA/x'")  # fmt: skip
    assert exchanged.audit()["out_of_order"] > 0


@pytest.mark.parametrize(
    ("party", "statement", "what"),
    [
        ("SA", "update messages set content = FLIPPED where seq = 3", "not the one"),
        ("SA", "update messages set entry = zeroblob(32) where seq = 3", "not the one"),
        ("SA", "update edges set tiles = zeroblob(160)", "its messages give"),
        ("JO", "update checkpoints set note = replace(note, 'mithaq/JO', 'mithaq/EG')", "does not verify"),
        ("JO", "update messages set outcome = 'refused' where seq = 1", "says otherwise"),
        ("JO", "delete from receipts", "missing"),
        ("JO", "update receipts set envelope = replace(envelope, 'payload', 'payloaf')", "does not verify"),
        ("JO", "update messages set seq = 99 where seq = 5", "is missing"),
    ],
)
def test_one_changed_bit_is_found(exchanged: World, party: str, statement: str, what: str) -> None:
    last = "hex(substr(content, -1)) = '00'"
    flipped = f"substr(content, 1, length(content) - 1) || case when {last} then x'01' else x'00' end"
    statement = statement.replace("FLIPPED", f"cast({flipped} as blob)")
    statement = statement.replace("replace(envelope,", "cast(replace(cast(envelope as text),").replace(
        "'payloaf')", "'payloaf') as blob)"
    )
    tamper(exchanged, party, statement)
    node = exchanged.jo if party == "JO" else exchanged.sa
    with node.store.read() as tx:
        report = verify(tx, "JO>SA", sender=exchanged.jo.rings.own.ring, receiver=exchanged.sa.rings.own.ring)
    assert not report.verified
    assert any(what in finding.what for finding in report.findings), msgspec.to_builtins(report.findings)
    found = exchanged.audit()
    assert found["logs_verified"] < found["logs"]
