"""After a fail-over both nations say in signed statements where they stand; two servers are found out; a link that
cannot go on is closed by both and begun anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.assembly import load_keys, open_home
from mithaq.config import Home
from mithaq.errors import Clash, MithaqError, NotAllowed, Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.link import audit
from mithaq.kernel.link.message import Receipt
from mithaq.kernel.link.recovery import held
from mithaq.kernel.matter import recovery
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.matter.take import state_of
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, NODE
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.statement import payload, sign
from mithaq.servers.begin import begin_again
from tests.worlds import World, alert, two_nations

GLASS = "the link has stopped and nobody else is on duty"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path / "world", files=True) as found:
        yield found


def state(node: Node, plate: str) -> Any:
    return node.do("intelligence.alert-vehicle", alert(plate=plate), who=HOME).result()


def copy_of(world: World, to: Path) -> Home:
    """The home of JO as it is at this moment, on another machine."""
    home = world.rehearsal.nations["JO"].home
    world.jo.close()
    shutil.copytree(home.path, to)
    world.open("JO")
    return Home(to)


def take_over(world: World, home: Home) -> Node:
    """A second server of JO: partners reach it from now on."""
    begin_again(home, world.clock.now(), "fail-over")
    node = open_home(home, clock=world.clock, transport=world.wire)
    world.wire.join("JO", node.receive)
    return node


def evidence(world: World, party: str) -> list[dict[str, Any]]:
    folder = world.rehearsal.nations[party].home.evidence
    return [json.loads(path.read_bytes()) for path in sorted(folder.rglob("*.json"))]


def standings(node: Node) -> dict[str, set[str]]:
    with node.store.read() as tx:
        found = [state_of(tx, matter) for matter in tx.statements.matters(recovery.KIND)]
    return {each.matter: {f"{said.party} {said.says}" for said in each.effective} for each in found}


def test_a_fail_over_is_stated_by_one_and_acknowledged_by_the_other(world: World, tmp_path: Path) -> None:
    state(world.jo, "A-1")
    world.step()
    home = copy_of(world, tmp_path / "second")
    state(world.jo, "A-2")
    world.step()  # SA has two, the copy knows of one
    world.jo.close()
    world.jo = take_over(world, home)
    for _ in range(3):
        world.step()
    assert list(standings(world.sa).values()) == [{"JO recover", "SA acknowledge"}]
    assert standings(world.jo) == standings(world.sa)
    matter = next(iter(standings(world.jo)))
    with world.jo.store.read() as tx:
        terms = next(said.terms for said in state_of(tx, matter).effective if said.says == "recover")
    assert (terms["server"], terms["sends"]["size"], terms["unknown"]) == (2, 2, [{"first": 2, "last": 2}])
    assert evidence(world, "SA") == evidence(world, "JO") == []
    world.assert_sound()


def test_heads_that_do_not_fit_are_disputed(world: World) -> None:
    """A node that says it holds another log than it sent is told so, and nothing that was receipted changes."""
    state(world.jo, "A-1")
    world.step()

    def lie(tx: Any) -> None:
        sends = held(tx, "JO", "SA")
        false = recovery.LogHead(sends.link, sends.size, "00" * 32)
        terms = recovery.Recover(("JO", "SA"), 2, false, held(tx, "SA", "JO"))
        speak(world.jo._desk(tx, NODE), recovery.KIND, "recover", **canonical.plain(terms))

    world.jo.store.write(lie).result()
    for _ in range(3):
        world.step()
    assert list(standings(world.jo).values()) == [{"JO recover", "SA dispute"}]
    world.assert_sound()


def test_the_older_of_two_servers_stands_down_when_the_partner_knows_more_than_it_signed(
    world: World, tmp_path: Path
) -> None:
    state(world.jo, "A-1")
    world.step()
    home = copy_of(world, tmp_path / "second")
    old = world.jo
    state(old, "A-1b")
    world.step()  # the old server is at work, and has heard of SA
    new = take_over(world, home)
    state(new, "B-1")
    new.step()
    assert new.down == ""
    old.step()
    state(old, "A-2")
    old.step()
    assert "another server signs for JO" in old.down
    with pytest.raises(Unavailable, match="stood down"):
        state(old, "A-3")
    with pytest.raises(Unavailable, match="stood down"):
        old.receive(b"anything")
    assert old.attempt("SA") == 0
    assert world.reopen("JO").down  # and a restart does not make it forget
    state(new, "B-2")
    assert new.attempt("SA") > 0
    new.close()


def test_a_partner_that_only_claims_to_hold_more_stops_nobody(world: World) -> None:
    """A server stands down on its own signature alone, not on a word of a partner."""
    state(world.jo, "A-1")
    world.step()

    def lies(sealed: bytes) -> Any:
        """SA, dishonest: it says it holds a number more, and has nothing of ours to show for it."""
        keys, at = load_keys(world.rehearsal.nations["SA"].home), world.clock.now()
        answer = world.sa.receive(sealed)
        _, envelope = unseal(answer.sealed, load_keys(world.rehearsal.nations["JO"].home), me="JO")
        told = payload("receipt", envelope, Receipt)
        more = replace(told, head=replace(told.head, size=told.head.size + 1))
        public = world.jo.rings.own.ring.sealing_now(at)
        return replace(answer, sealed=seal(sign("receipt", more, keys), sender="SA", receiver="JO", public=public))

    world.wire.join("SA", lies)
    state(world.jo, "A-2")
    world.jo.step()
    assert world.jo.line("SA").state == "retrying"
    assert world.jo.down == ""


def test_what_the_older_server_signed_meanwhile_is_no_fraud_and_rewrites_nothing(world: World, tmp_path: Path) -> None:
    """SA keeps what contradicts itself, says why that may be, and takes nothing of it: what it receipted stands."""
    state(world.jo, "A-1")
    world.step()
    home = copy_of(world, tmp_path / "second")
    old = world.jo
    old.attempt("SA")
    state(old, "OLD-1")  # numbered, and not sent yet
    new = take_over(world, home)
    state(new, "NEW-1")
    new.step()
    world.sa.step()
    with world.sa.store.read() as tx:
        before = tx.links.edge("JO>SA")
    old.attempt("SA")
    assert old.down
    with world.sa.store.read() as tx:
        assert tx.links.edge("JO>SA") == before
    assert {each["code"] for each in evidence(world, "SA")} <= {"two_servers"}
    world.jo.close()
    world.jo = new
    state(new, "NEW-2")
    for _ in range(2):
        world.step()
    world.assert_sound()


def stuck(world: World, tmp_path: Path) -> None:
    """JO signed three and SA saw the signature; one arrived; JO was set back to one: two numbers are nowhere."""
    state(world.jo, "A-1")
    world.step()
    home = copy_of(world, tmp_path / "second")
    state(world.jo, "LOST-1")
    state(world.jo, "LOST-2")
    with world.jo.store.read() as tx:
        note = tx.links.checkpoint("JO>SA") or ""
    world.sa.store.write(lambda tx: tx.links.add_checkpoint("JO>SA", 3, note)).result()
    world.jo.close()
    world.jo = take_over(world, home)
    state(world.jo, "NEW-1")
    world.step()
    assert world.jo.line("SA").state == "retrying"


def renewed(world: World) -> tuple[Any, Any, Any]:
    stated = world.jo.do("link.renew", {"party": "SA"}, who=HOME, glass=GLASS).result()
    agreed = world.sa.do("link.agree", {"envelope": stated.envelope}, who=HOME, glass=GLASS).result()
    begun = world.jo.do("link.begin", {"envelope": agreed.envelope}, who=HOME).result()
    return stated, agreed, begun


def test_a_link_that_stops_is_closed_by_both_and_begun_anew(world: World, tmp_path: Path) -> None:
    stuck(world, tmp_path)
    _, _, begun = renewed(world)
    assert (begun.closed, begun.begun) == ("JO>SA", "JO>SA/2")
    for _ in range(3):
        world.clock_on()
        world.step()
    assert world.jo.line("SA").state == "up"
    stated = state(world.jo, "NEW-2")
    world.step()
    assert stated.released == ("SA",)
    rings = world.jo.rings.own.ring, world.sa.rings.own.ring
    for node in (world.jo, world.sa):
        with node.store.read() as tx:
            assert {"JO>SA", "JO>SA/2"} <= set(tx.links.names())
            for link in ("JO>SA", "JO>SA/2"):  # both logs are kept and proved
                report = audit.verify(tx, link, sender=rings[0], receiver=rings[1])
                assert report.verified, report.findings
            assert tx.links.edge("JO>SA").size == 1
    with world.jo.store.read() as one, world.sa.store.read() as other:
        assert one.links.edge("JO>SA/2") == other.links.edge("JO>SA/2")
        found = audit.compare(audit.side(one, "JO>SA/2"), audit.side(other, "JO>SA/2"))
    assert (found.lost, found.duplicates, found.out_of_order) == (0, 0, 0)
    assert world.sa.ask("intelligence.alert", {"id": stated.id}, who=HOME).body["version"] == 1
    recalled = world.jo.do("link.recall", {"id": stated.id}, who=HOME).result()
    assert recalled.told == ("SA",)


def test_what_was_released_on_the_closed_link_is_still_known_to_be_there(world: World, tmp_path: Path) -> None:
    first = state(world.jo, "A-0")
    stuck(world, tmp_path)
    renewed(world)
    for _ in range(3):
        world.clock_on()
        world.step()
    assert world.jo.do("link.recall", {"id": first.id}, who=HOME).result().told == ("SA",)
    proof = world.jo.ask("link.prove", {"sender": "JO", "receiver": "SA", "seq": 1, "epoch": 1}, who=HOME)
    assert proof.link == "JO>SA"


def test_a_link_is_not_renewed_by_one_side_nor_twice_nor_by_a_stranger(world: World, tmp_path: Path) -> None:
    stuck(world, tmp_path)
    stated, agreed, _ = renewed(world)
    with pytest.raises(Clash):
        world.sa.do("link.agree", {"envelope": stated.envelope}, who=HOME, glass=GLASS).result()
    with pytest.raises(Clash):
        world.jo.do("link.begin", {"envelope": agreed.envelope}, who=HOME).result()
    with pytest.raises(NotAllowed):
        world.jo.do("link.begin", {"envelope": stated.envelope}, who=HOME).result()
    spoilt = agreed.envelope.replace('"sig":"', '"sig":"AAAA', 1)
    with pytest.raises(MithaqError):
        world.jo.do("link.begin", {"envelope": spoilt}, who=HOME).result()


def test_a_healthy_link_can_be_renewed_and_what_waits_goes_on_the_new_one(world: World) -> None:
    state(world.jo, "A-1")
    world.step()
    world.wire.leave("SA")
    waits = state(world.jo, "A-2")
    world.jo.step()
    _, _, begun = renewed(world)
    assert begun.again >= 1
    world.wire.join("SA", world.sa.receive)
    for _ in range(3):
        world.clock_on()
        world.step()
    assert world.sa.ask("intelligence.alert", {"id": waits.id}, who=HOME).body["version"] == 1


def test_a_recovery_that_is_not_told_to_us_stops_nothing(world: World) -> None:
    """A partner that says it of itself and of somebody else is answered nothing, and nobody waits for that."""
    heads = {"link": "SA>JO", "size": 0, "root": "00" * 32}, {"link": "JO>SA", "size": 0, "root": "00" * 32}

    def lie(tx: Transaction) -> None:
        desk = world.sa._desk(tx, HOME)
        matter = speak(desk, recovery.KIND, "recover", parties=("SA", "XX"), server=1, sends=heads[0], takes=heads[1])
        filed = tx.statements.get(matter, "SA", 1)
        assert filed is not None
        desk.address(filed, "JO")

    world.sa.store.write(lie).result()
    world.step()
    world.step()
    stated = world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    world.step()
    assert world.sa.ask("intelligence.alert", {"id": stated.id}, who=HOME).key == stated.id
