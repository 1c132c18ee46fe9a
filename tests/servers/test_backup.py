"""Backups are made while a node works, tell nothing without the secret, and do not bring back what was erased."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mithaq.adapters.copies import snapshot
from mithaq.adapters.keystore.box import make_secret
from mithaq.assembly import open_home, open_home_store
from mithaq.config import Home
from mithaq.errors import Clash, MithaqError, NotFound, Unavailable, Untrusted
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.server import epoch
from mithaq.servers import backup as backups
from mithaq.servers.begin import begin_again
from mithaq.servers.rehearse import rehearse
from tests.worlds import START, World, alert, two_nations

SECRET = make_secret()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path / "world", files=True) as found:
        yield found


def home_of(world: World, party: str = "JO") -> Home:
    return world.rehearsal.nations[party].home


def state(world: World, plate: str) -> str:
    stated = world.jo.do("intelligence.alert-vehicle", alert(plate=plate), who=HOME).result()
    world.step()
    return str(stated.id)


def make(world: World, place: Path) -> Path:
    world.clock_on(1)
    return backups.make(home_of(world), place, SECRET, world.clock.now())


def restored(world: World, place: Path, to: Path, *, of: Path | None = None) -> Home:
    home = Home(to)
    backups.unpack(of or backups.newest(place), home, SECRET)
    begin_again(home, world.clock.now(), "restore")
    return home


def test_a_backup_of_a_working_node_restores_to_one_moment(world: World, tmp_path: Path) -> None:
    state(world, "A-1")
    stop, failed = threading.Event(), []

    def work() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            try:
                world.jo.do("intelligence.alert-vehicle", alert(plate=f"W-{count}"), who=HOME).result()
            except MithaqError as problem:
                failed.append(problem)
                return

    writer = threading.Thread(target=work)
    writer.start()
    try:
        made = make(world, tmp_path / "place")
    finally:
        stop.set()
        writer.join()
    assert not failed
    manifest = backups.check(made, SECRET)
    found = rehearse(made, SECRET)
    assert found["logs"]["JO>SA"]["size"] == manifest.links["JO>SA"] >= 1
    assert found["audit"] == manifest.audit


def test_a_restored_home_asks_first_and_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    state(world, "A-1")
    make(world, tmp_path / "place")
    state(world, "A-2")  # after the backup: SA holds what we shall not
    world.jo.close()
    home = restored(world, tmp_path / "place", tmp_path / "new")
    world.jo = open_home(home, clock=world.clock, transport=world.wire)
    world.wire.join("JO", world.jo.receive)
    stated = world.jo.do("intelligence.alert-vehicle", alert(plate="A-3"), who=HOME).result()
    assert stated.deferred == ("SA",)
    world.step()
    world.step()
    world.assert_sound()
    assert world.sa.ask("intelligence.alert", {"id": stated.id}, who=HOME).body["version"] == 1
    with world.jo.store.read() as tx:
        assert epoch(tx) == 2


def test_what_was_erased_is_not_told_by_an_older_backup(world: World, tmp_path: Path) -> None:
    """Old bodies, new keys: the erased record is unreadable, everything else is readable."""
    gone, kept = state(world, "GONE-77"), state(world, "KEPT-88")
    old = make(world, tmp_path / "place")
    world.jo.do("link.recall", {"id": gone}, who=HOME).result()
    world.jo.store.write(lambda tx: tx.records.erase(gone)).result()
    make(world, tmp_path / "place")  # its keys.sealed takes the place of the old one
    world.jo.close()
    home = restored(world, tmp_path / "place", tmp_path / "new", of=old)
    store = open_home_store(home)
    with store.read() as tx:
        erased, other = tx.records.get(gone), tx.records.get(kept)
        assert erased is not None
        assert erased.content == b""
        assert other is not None
        assert b"KEPT-88" in other.content
        carried = tx.links.carrying(f"{gone}/1")
        assert [(each.outcome, each.content) for each in carried] == [("accepted", None)]
    store.close()
    world.jo = open_home(home, clock=world.clock, transport=world.wire)
    assert world.jo.ask("intelligence.alert", {"id": kept}, who=HOME).body["fields"]["plate"] == "KEPT-88"
    with pytest.raises(NotFound):
        world.jo.ask("intelligence.alert", {"id": gone}, who=HOME)
    assert all(b"GONE-77" not in each.read_bytes() for each in (tmp_path / "new").glob("node.db*"))


def test_the_part_that_is_kept_long_holds_no_record_in_the_clear(world: World, tmp_path: Path) -> None:
    """Not even whoever opens it: views and search terms are left out, and the keys are in the other part."""
    state(world, "GONE-77")
    world.jo.ask("intelligence.alerts", {}, who=HOME)  # the view has folded it
    copy, keys = tmp_path / "copy", tmp_path / "keys"
    snapshot.snapshot(home_of(world).store, copy)
    assert b"GONE-77" in copy.read_bytes()
    snapshot.part_keys(copy, keys)
    assert b"GONE-77" not in copy.read_bytes()
    with snapshot.opened(copy) as store:
        assert store.execute("select count(*) from record_keys").fetchone() == (0,)
        assert store.execute("select count(*) from rows").fetchone() == (0,)
    with snapshot.opened(keys) as store:
        assert store.execute("select count(*) from record_keys").fetchone()[0] >= 1


@pytest.mark.parametrize("name", [backups.STORE, backups.HOME, backups.MANIFEST])
def test_a_changed_byte_is_found_and_nothing_is_restored(world: World, tmp_path: Path, name: str) -> None:
    made = make(world, tmp_path / "place")
    data = bytearray((made / name).read_bytes())
    data[len(data) // 2] ^= 1
    (made / name).write_bytes(data)
    with pytest.raises((Untrusted, Exception)) as caught:
        backups.unpack(made, Home(tmp_path / "new"), SECRET)
    assert getattr(caught.value, "code", "") in ("backup", "json", "canonical", "shape", "invalid", "malformed")
    assert not (tmp_path / "new").exists()


def test_a_changed_key_part_or_another_secret_opens_nothing(world: World, tmp_path: Path) -> None:
    made = make(world, tmp_path / "place")
    with pytest.raises(Untrusted):
        backups.check(made, make_secret())
    with pytest.raises(Untrusted):
        backups.unpack(made, Home(tmp_path / "new"), make_secret())
    keys = tmp_path / "place" / backups.KEYS
    keys.write_bytes(keys.read_bytes()[:-1])
    with pytest.raises(Untrusted):
        backups.unpack(made, Home(tmp_path / "new"), SECRET)
    assert not (tmp_path / "new").exists()


def test_a_passphrase_does_as_well_as_a_secret_of_a_machine(world: World, tmp_path: Path) -> None:
    made = backups.make(home_of(world), tmp_path / "place", b"four lorries before dawn", START)
    assert rehearse(made, b"four lorries before dawn")["audit"] >= 0


def test_a_backup_is_not_unpacked_over_a_home(world: World, tmp_path: Path) -> None:
    made = make(world, tmp_path / "place")
    with pytest.raises(Clash):
        backups.unpack(made, home_of(world), SECRET)


def test_a_home_that_was_unpacked_and_opened_by_hand_is_still_noticed(world: World, tmp_path: Path) -> None:
    """Whoever forgets to say that it is a restore does not number anything twice."""
    make(world, tmp_path / "place")
    state(world, "A-2")
    world.jo.close()
    home = Home(tmp_path / "new")
    backups.unpack(backups.newest(tmp_path / "place"), home, SECRET)
    world.jo = open_home(home, clock=world.clock, transport=world.wire)
    stated = world.jo.do("intelligence.alert-vehicle", alert(plate="A-3"), who=HOME).result()
    assert stated.deferred == ("SA",)


def test_sessions_of_the_time_of_the_backup_are_over(world: World, tmp_path: Path) -> None:
    from tests.kernel.people.staff import Staff

    staff = Staff(world.jo, world.clock)
    staff.found()
    make(world, tmp_path / "place")
    home = Home(tmp_path / "new")
    backups.unpack(backups.newest(tmp_path / "place"), home, SECRET)
    assert begin_again(home, world.clock.now(), "restore").sessions_ended == 1


def test_a_full_disk_leaves_no_half_of_a_backup(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make(world, tmp_path / "place")
    keys = (tmp_path / "place" / backups.KEYS).read_bytes()
    world.clock_on(1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "seal_stream", full)
    with pytest.raises(Unavailable, match="No space left"):
        make(world, tmp_path / "place")
    assert backups.backups(tmp_path / "place") == [first]
    assert (tmp_path / "place" / backups.KEYS).read_bytes() == keys
    assert sorted(each.name for each in (tmp_path / "place").iterdir()) == [first.name, backups.KEYS]
    assert not list(home_of(world).path.glob(".aside*"))


def test_old_backups_are_removed_and_their_keys_are_the_newest(world: World, tmp_path: Path) -> None:
    for _ in range(4):
        make(world, tmp_path / "place")
    assert backups.prune(tmp_path / "place", 2) == 2
    assert len(backups.backups(tmp_path / "place")) == 2
    shutil.rmtree(tmp_path / "place" / backups.newest(tmp_path / "place").name)
    assert rehearse(backups.newest(tmp_path / "place"), SECRET)["audit"] >= 0
    assert world.clock.now() > START + timedelta(seconds=3)
