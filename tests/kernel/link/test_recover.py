"""Set back by a restore: a node asks for the heads first, takes back what it signed, sends again what is lacking."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mithaq.errors import Untrusted
from mithaq.kernel.people.actor import HOME
from tests.worlds import World, alert, two_nations


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path, files=True) as found:
        yield found


def state(world: World, count: int, first: int = 0) -> None:
    for start in range(first, first + count, 500):
        rows = [alert(plate=f"P-{n}") for n in range(start, min(start + 500, first + count))]
        world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()


def keep(world: World, party: str) -> Path:
    """A backup of a nation's store."""
    home = world.rehearsal.nations[party].home
    getattr(world, party.lower()).close()
    shutil.copy(home.store, home.path / "backup")
    world.open(party)
    return home.path / "backup"


def restore(world: World, party: str, backup: Path) -> None:
    home = world.rehearsal.nations[party].home
    getattr(world, party.lower()).close()
    for part in home.path.glob("node.db-*"):
        part.unlink()
    shutil.copy(backup, home.store)
    world.open(party)


def test_a_sender_that_was_set_back_takes_back_what_it_signed(world: World) -> None:
    state(world, 700)
    world.step()
    backup = keep(world, "JO")
    state(world, 1300, first=700)
    world.step()
    restore(world, "JO", backup)
    stated = world.jo.do("intelligence.alert-vehicle", alert(plate="new"), who=HOME).result()
    assert (stated.released, stated.deferred) == ((), ("SA",))  # no number is given before SA has told its head
    world.step()
    with world.jo.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 2002  # with the statement that it was set back
        assert tx.links.tally("JO>SA") == {"accepted": 2002}
        assert [each.what for each in tx.journal.page(limit=10**6)].count("recovered") == 1300
    world.step()  # SA acknowledges
    found = world.audit()
    assert (found["lost"], found["duplicates"], found["out_of_order"], found["logs_verified"]) == (0, 0, 0, 4)
    assert not list(world.rehearsal.nations["SA"].home.evidence.iterdir())
    state(world, 3, first=3000)
    world.step()
    world.assert_sound()


def test_a_receiver_that_was_set_back_gets_again_what_it_lost(world: World) -> None:
    state(world, 3)
    world.step()
    backup = keep(world, "SA")
    state(world, 700, first=3)
    world.step()
    restore(world, "SA", backup)
    state(world, 1, first=900)
    world.step()
    with world.sa.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 704
    world.assert_sound()


def test_a_receiver_that_was_set_back_is_noticed_when_its_partner_starts_and_has_nothing_new(world: World) -> None:
    state(world, 5)
    backup = keep(world, "SA")
    world.step()
    restore(world, "SA", backup)
    world.reopen("JO")
    world.step()
    with world.sa.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 5
    world.assert_sound()


def test_a_restored_node_works_on_while_its_partner_is_away(world: World) -> None:
    backup = keep(world, "JO")
    state(world, 2)
    world.step()
    restore(world, "JO", backup)
    world.wire.leave("SA")
    first = world.jo.do("intelligence.alert-vehicle", alert(plate="A"), who=HOME).result()
    world.jo.step()
    world.reopen("JO")  # what is deferred outlives the process
    second = world.jo.do("intelligence.alert-vehicle", alert(plate="B"), who=HOME).result()
    assert first.deferred == second.deferred == ("SA",)
    world.wire.join("SA", world.sa.receive)
    world.jo.step()
    world.clock_on()
    world.step()
    world.step()
    world.assert_sound()
    for stated in (first, second):
        assert world.sa.ask("intelligence.alert", {"id": stated.id}, who=HOME).body["version"] == 1


def test_what_was_deferred_outlives_an_end_between_asking_and_releasing(world: World) -> None:
    backup = keep(world, "JO")
    state(world, 2)
    world.step()
    restore(world, "JO", backup)
    world.jo.do("intelligence.alert-vehicle", alert(plate="A", flash=True), who=HOME).result()
    gone = world.jo.do("intelligence.alert-vehicle", alert(plate="B"), who=HOME).result()
    world.jo.do("link.recall", {"id": gone.id}, who=HOME).result()
    world.jo._outbound.ask("SA")  # SA has told its head, and the node ends before it releases
    world.reopen("JO")
    world.step()
    with world.jo.store.read() as tx:
        assert [(each.seq, each.lane) for each in tx.links.page("JO>SA", after=2)] == [(3, "flash"), (4, "flash")]
    world.step()
    world.assert_sound()


def test_a_whole_home_that_was_set_back_is_told_by_its_operator(world: World) -> None:
    state(world, 2)
    world.step()
    world.jo.do("node.restored", {}, who=HOME).result()
    stated = world.jo.do("intelligence.alert-vehicle", alert(plate="A"), who=HOME).result()
    assert stated.deferred == ("SA",)
    world.step()
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"accepted": 4}
    world.step()
    world.assert_sound()


def test_numbers_that_nobody_holds_any_more_are_not_used_again(world: World) -> None:
    """JO signed three, SA saw the signature and got one; JO was set back to one. Two are lost: a person must decide."""
    state(world, 1)
    world.step()
    backup = keep(world, "JO")
    state(world, 2, first=1)
    with world.jo.store.read() as tx:
        note = tx.links.checkpoint("JO>SA")
    world.sa.store.write(lambda tx: tx.links.add_checkpoint("JO>SA", 3, note or "")).result()
    restore(world, "JO", backup)
    state(world, 1, first=5)
    world.step()
    assert world.jo.line("SA").state == "retrying"
    assert "nobody" in world.jo.line("SA").problem or "anybody" in world.jo.line("SA").problem
    assert world.jo.ask("link.status", {}, who=HOME)[0].unsure
    with pytest.raises(Untrusted):
        world.jo.deliver("SA")
    with world.jo.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 1


def test_a_store_that_was_not_set_back_is_not_suspected(world: World) -> None:
    state(world, 4)
    world.step()
    world.reopen("JO")
    assert not world.jo.ask("link.status", {}, who=HOME)[0].unsure
