"""An upgrade begins with a backup, checks everything, goes back while nothing happened, touches no newer store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mithaq.adapters.copies import snapshot
from mithaq.adapters.keystore.box import make_secret
from mithaq.adapters.store import schema
from mithaq.assembly import open_home
from mithaq.config import Home
from mithaq.errors import Clash, NotAllowed, Unavailable, Untrusted
from mithaq.kernel.people.actor import HOME
from mithaq.servers import backup as backups
from mithaq.servers import upgrade as upgrades
from tests.worlds import START, World, alert, two_nations

SECRET = make_secret()
NOW = schema.SCHEMA


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home that has exchanged something, and is not served."""
    with two_nations(tmp_path / "world", files=True) as world:
        world.jo.do("intelligence.alert-vehicle", alert(plate="A-1"), who=HOME).result()
        world.step()
        world.jo.close()
        yield world.rehearsal.nations["JO"].home
        _open_again(world)


def _open_again(world: World) -> None:
    world.jo.close = lambda: None  # type: ignore[method-assign]


def newer_program(monkeypatch: pytest.MonkeyPatch, *steps: str) -> None:
    """A program whose stores have one schema more."""
    monkeypatch.setattr(schema, "SCHEMA", NOW + 1)
    monkeypatch.setattr(upgrades, "SCHEMA", NOW + 1)
    monkeypatch.setattr(backups, "SCHEMA", NOW + 1)
    monkeypatch.setitem(schema.STEPS["sqlite"], NOW + 1, steps)


def test_an_upgrade_is_checked_and_can_be_taken_back(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_program(monkeypatch, "alter table memos add column note text")
    done = upgrades.upgrade(home, tmp_path / "place", SECRET, START)
    assert (done.was, done.now, done.logs >= 1) == (NOW, NOW + 1, True)
    assert snapshot.schema_of(home.store) == NOW + 1
    again = upgrades.back(home, Path(done.backup), SECRET)
    assert (again.was, again.now) == (NOW + 1, NOW)
    monkeypatch.undo()
    node = open_home(home)  # the older program opens it, and does not think that it was set back
    assert not node.ask("link.status", {}, who=HOME)[0].unsure
    node.close()


def test_it_is_not_taken_back_once_something_has_happened(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_program(monkeypatch)
    done = upgrades.upgrade(home, tmp_path / "place", SECRET, START)
    node = open_home(home)
    node.do("intelligence.alert-vehicle", alert(plate="A-2"), who=HOME).result()
    node.close()
    with pytest.raises(NotAllowed, match="entries were added"):
        upgrades.back(home, Path(done.backup), SECRET)


def test_a_step_that_fails_leaves_the_store_as_it_was(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_program(monkeypatch, "update memos set value = 'half done'", "alter table nowhere add column x text")
    with pytest.raises(Unavailable):
        upgrades.upgrade(home, tmp_path / "place", SECRET, START)
    assert snapshot.schema_of(home.store) == NOW
    monkeypatch.undo()
    open_home(home).close()


def test_an_upgrade_after_which_a_log_does_not_hold_is_undone(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_program(monkeypatch, "update messages set entry = zeroblob(32)")
    with pytest.raises(Untrusted):
        upgrades.upgrade(home, tmp_path / "place", SECRET, START)
    assert snapshot.schema_of(home.store) == NOW


def test_a_newer_store_is_not_touched_by_this_program(home: Home, tmp_path: Path) -> None:
    with sqlite3.connect(home.store) as store:
        store.execute("update meta set value = '99' where name = 'schema'")
    store.close()
    before = home.store.read_bytes()
    with pytest.raises(Clash, match="this program knows"):
        upgrades.upgrade(home, tmp_path / "place", SECRET, START)
    with pytest.raises(Clash, match="this program knows"):
        open_home(home)
    assert home.store.read_bytes()[:100] == before[:100]
    assert snapshot.schema_of(home.store) == 99
