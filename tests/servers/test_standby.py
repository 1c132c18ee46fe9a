"""A standby holds what the first server committed, takes over by one command, and loses nothing acknowledged."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.copies import wal
from mithaq.adapters.copies.follow import follow as follow_store
from mithaq.adapters.copies.sealed_file import Secret
from mithaq.adapters.copies.ship import Shipper
from mithaq.adapters.keystore.box import make_secret
from mithaq.assembly import open_home
from mithaq.config import Home
from mithaq.errors import Clash, Untrusted
from mithaq.kernel.people.actor import HOME
from mithaq.servers import standby
from tests.worlds import World, alert, two_nations

SECRET = make_secret()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path / "world", files=True) as found:
        yield found


def rows(path: Path) -> list[Any]:
    with sqlite3.connect(path) as opened:
        found = opened.execute("select n, data from t order by n").fetchall()
    opened.close()
    return found


def writer(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, isolation_level=None)
    made.execute("pragma journal_mode=wal").fetchall()
    made.execute("pragma wal_autocheckpoint=0").fetchall()
    made.execute("create table if not exists t (n integer primary key, data text)")
    return made


def test_every_round_brings_the_copy_to_what_was_committed_whatever_sqlite_does_with_its_log(tmp_path: Path) -> None:
    source, target, folder = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "folder"
    node = writer(source)
    shipper = Shipper(source, folder, Secret(SECRET), "20260101T000000Z")
    for n in range(60):
        node.execute("insert into t values (?, ?)", (n, "x" * (n * 97 % 9000)))
        if n % 3 == 0:
            node.execute("update t set data = ? where n = ?", (f"again {n}", n // 2))
        if n % 7 == 0:
            node.execute("pragma wal_checkpoint(passive)").fetchall()
        if n % 11 == 0:
            node.execute("delete from t where n % 5 = 1")
        if n == 30:
            node.execute("begin")
            node.execute("insert into t values (1000, 'not committed')")
            shipper.ship()
            node.execute("rollback")
        if n % 2 == 0:
            shipper.ship()
        if n % 10 == 5:
            follow_store(folder, target, Secret(SECRET), tmp_path / "noted")
            shutil.copy(target, tmp_path / "look.db")
            assert not [each for each in rows(tmp_path / "look.db") if each[0] == 1000]
    shipper._begin_anew()
    node.execute("insert into t values (5000, 'in the new log')")
    assert wal.read(source.with_name("a.db-wal"), wal.Place()).place.frames < 5  # it did begin anew
    shipper.ship()
    follow_store(folder, target, Secret(SECRET), tmp_path / "noted")
    assert rows(target) == rows(source)
    with sqlite3.connect(target) as opened:
        assert opened.execute("pragma integrity_check").fetchone() == ("ok",)
    opened.close()
    shipper.close()
    node.close()


def test_an_increment_that_was_broken_off_or_changed_harms_nothing(tmp_path: Path) -> None:
    source, target, folder = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "folder"
    node = writer(source)
    shipper = Shipper(source, folder, Secret(SECRET), "20260101T000000Z")
    node.execute("insert into t values (1, 'one')")
    shipper.ship()
    noted = tmp_path / "noted"
    before = follow_store(folder, target, Secret(SECRET), noted)
    node.execute("insert into t values (2, 'two')")
    shipper.ship()
    one = folder / "20260101T000000Z" / "00000002.sealed"
    good = one.read_bytes()
    one.write_bytes(good[:-3])
    with pytest.raises(Untrusted):
        follow_store(folder, target, Secret(SECRET), noted)
    assert rows(target) == [(1, "one")]
    one.write_bytes(good)
    noted_then = noted.read_bytes()
    follow_store(folder, target, Secret(SECRET), noted)
    noted.write_bytes(noted_then)  # it was written, and the machine stopped before that was noted
    assert follow_store(folder, target, Secret(SECRET), noted).number == before.number + 1
    assert rows(target) == [(1, "one"), (2, "two")]
    shipper.close()
    node.close()


def state(world: World, plate: str) -> Any:
    return world.jo.do("intelligence.alert-vehicle", alert(plate=plate), who=HOME).result()


def test_a_standby_takes_over_and_nothing_that_was_acknowledged_is_lost(world: World, tmp_path: Path) -> None:
    folder, second = tmp_path / "folder", Home(tmp_path / "second")
    home = world.rehearsal.nations["JO"].home
    shipping = standby.Shipping(home, folder, SECRET, world.clock.now())
    kept = [state(world, f"K-{n}").id for n in range(20)]
    world.step()
    shipping.round()
    standby.follow(folder, second, SECRET)
    assert standby.lag(folder, second) == 0
    theirs = world.sa.do("intelligence.alert-vehicle", alert(plate="S-1", registered_in="SA"), who=HOME).result()
    for n in range(5):
        state(world, f"L-{n}")
    world.step()  # acknowledged on both sides, and not shipped: the first server dies here
    shipping.close()
    world.jo.close()
    world.clock_on(1)
    begun = standby.take_over(folder, second, SECRET, world.clock.now())
    assert (begun.party, begun.epoch, begun.asks) == ("JO", 2, ("SA",))
    world.jo = open_home(second, clock=world.clock, transport=world.wire)
    world.wire.join("JO", world.jo.receive)
    for _ in range(4):
        world.clock_on()
        world.step()
    world.assert_sound()
    with world.jo.store.read() as tx:
        assert tx.links.edge("JO>SA").size >= 25  # what SA receipted is accounted for
        held = tx.records.get(theirs.id)
        assert held is not None  # and what we receipted is here again, whole
        assert b"S-1" in held.content
        assert all(tx.records.get(each) is not None for each in kept)
    assert not (second.path / standby.STATE).exists()


def test_the_first_server_learns_from_the_folder_that_it_was_taken_over(world: World, tmp_path: Path) -> None:
    folder, second = tmp_path / "folder", Home(tmp_path / "second")
    shipping = standby.Shipping(world.rehearsal.nations["JO"].home, folder, SECRET, world.clock.now())
    shipping.round()
    standby.take_over(folder, second, SECRET, world.clock.now())
    with pytest.raises(Clash, match="another server has taken over"):
        shipping.round()
    shipping.close()
    with pytest.raises(Clash, match="another server has taken over"):
        standby.take_over(folder, Home(tmp_path / "third"), SECRET, world.clock.now())
    with pytest.raises(Clash, match="home of a server"):
        standby.follow(folder, second, SECRET)


def test_a_new_generation_leaves_what_was_erased_behind(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shipping = standby.Shipping(world.rehearsal.nations["JO"].home, folder, SECRET, world.clock.now())
    for _ in range(3):
        shipping.round()
        world.clock_on(1)
        shipping.renew(world.clock.now())
    shipping.round()
    assert len([each for each in folder.iterdir() if each.is_dir()]) <= standby.KEPT + 1
    second = Home(tmp_path / "second")
    assert standby.follow(folder, second, SECRET).number >= 0
    shipping.close()
