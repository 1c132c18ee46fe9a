"""Moving a store between engines: everything arrives, and nothing is believed that was not compared."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mithaq.adapters.store.sql import SqlStore
from mithaq.assembly import open_engine, open_home, open_home_store
from mithaq.cli.rehearsal import audit_stores
from mithaq.config import Home, StoreSettings, locked, read_config
from mithaq.errors import Clash, MithaqError, Unavailable
from mithaq.kernel.audit import broken
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.ports import Transaction
from mithaq.servers.move import move_store
from tests.postgres import server
from tests.worlds import World, alert, two_nations


def quiet(*_: object) -> None: ...


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Jordan has released more than one tile of a log, and one message waits."""
    with two_nations(tmp_path_factory.mktemp("nations"), files=True) as made:
        for n in range(300):
            made.jo.do("intelligence.alert-vehicle", alert(plate=f"P-{n}"), who=HOME)
        made.jo.do("intelligence.alert-vehicle", alert(plate="last", remarks="ميثاق"), who=HOME).result()
        made.step()
        made.jo.do("intelligence.alert-vehicle", alert(plate="waits"), who=HOME).result()
        made.jo.close()
        yield made


@pytest.fixture
def home(world: World, tmp_path: Path) -> Home:
    """A copy of Jordan's home."""
    shutil.copytree(world.rehearsal.nations["JO"].home.path, tmp_path / "jo")
    return Home(tmp_path / "jo")


def everything(tx: Transaction) -> list[object]:
    links = [(link, tx.links.edge(link), list(tx.links.page(link, limit=10_000)), list(tx.links.checkpoints(link)))
             for link in tx.links.names()]  # fmt: skip
    told = [list(tx.journal.page()), list(tx.records.page(limit=10_000)), list(tx.audit.page()), list(tx.duties.page())]
    return [links, told, [tx.statements.of(each) for each in tx.statements.matters()], tx.statements.mark()]


def kept(home: Home) -> list[object]:
    store = open_home_store(home)
    try:
        with store.read() as tx:
            assert broken(tx) is None
            return everything(tx)
    finally:
        store.close()


def test_a_node_goes_on_in_a_database_where_it_stopped_in_a_file_and_back(world: World, home: Home) -> None:
    to, told = StoreSettings(server().fresh()), []
    before = kept(home)
    moved = move_store(home, to, lambda *each: told.append(each))
    assert moved.rows["records"] == 302
    assert ("records", 302, 302) in told
    assert list(moved.roots) == ["JO>SA"]
    assert read_config(home).store == to
    assert not home.store.exists()
    assert kept(home) == before
    node = open_home(home, clock=world.clock, transport=world.wire)
    node.step()
    node.do("intelligence.alert-vehicle", alert(plate="since"), who=HOME).result()
    node.step()
    assert [each.accepted for each in node.ask("link.status", {}, who=HOME)][:1] == [303]
    node.close()
    since = kept(home)
    assert move_store(home, None, quiet).rows["messages"] == 303
    assert read_config(home).store is None
    assert kept(home) == since
    with pytest.raises(Clash, match="was moved to"):
        open_store_at(home, to)
    ours = open_home(home, clock=world.clock, transport=world.wire)
    stores = {"JO": ours.store, "SA": world.sa.store}
    found = audit_stores(stores, {"JO": ours.rings.own, "SA": world.sa.rings.own})
    ours.close()
    assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
    assert found["logs_verified"] == found["logs"] == 2


def open_store_at(home: Home, settings: StoreSettings) -> SqlStore:
    return open_engine(home, settings, b"s" * 32)


def test_a_move_that_is_cut_off_leaves_the_old_store_in_use_and_is_done_again(home: Home) -> None:
    to = StoreSettings(server().fresh())
    before = kept(home)

    def cut(table: str, done: int, _: int) -> None:
        if table == "messages" and done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_store(home, to, cut)
    assert read_config(home).store is None
    with pytest.raises(Clash, match="not finished"):
        open_store_at(home, to)
    assert kept(home) == before
    move_store(home, to, quiet)
    assert kept(home) == before


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ("update audit set who = 'v' where number = 3", "audit log there is broken at line 3"),
        ("delete from messages where seq = 7", "log of JO>SA there"),
        ("update tiles set hashes = hashes || hashes", "a tile of the log of JO>SA there"),
        ("update records set kind = 'x.y/1' where version = 1", "records is not the same there"),
    ],
)
def test_a_copy_that_is_not_the_same_is_not_used(home: Home, spoil: str, what: str) -> None:
    to = StoreSettings(server().fresh())

    def progress(table: str, done: int, total: int) -> None:
        if table == "tiles" and done == total:  # the last of all: something happens to the copy
            with psycopg.connect(to.url, autocommit=True) as connection:
                connection.execute(spoil.encode())

    with pytest.raises(Clash) as caught:
        move_store(home, to, progress)
    assert what in str(caught.value)
    assert "still is" in caught.value.hint
    assert read_config(home).store is None
    assert kept(home)


def test_a_store_that_is_somebodys_and_one_that_is_not_there_are_refused(
    world: World, home: Home, tmp_path: Path
) -> None:
    to = StoreSettings(server().fresh())
    move_store(home, to, quiet)
    with pytest.raises(Clash, match="in use"):
        move_store(home, to, quiet)
    shutil.copytree(world.rehearsal.nations["SA"].home.path, tmp_path / "sa")
    other = Home(tmp_path / "sa")
    with pytest.raises(MithaqError):
        move_store(other, to, quiet)
    with pytest.raises(Unavailable):
        move_store(other, StoreSettings("postgresql://a@/b?host=/nonexistent"), quiet)
    assert read_config(other).store is None
    assert kept(other)


def test_the_command_says_what_was_compared_and_is_refused_while_the_node_is_served(home: Home) -> None:
    command = [
        sys.executable,
        "-m",
        "mithaq",
        "--home",
        str(home.path),
        "node",
        "move-store",
        server().fresh(),
        "--json",
    ]
    with locked(home, shared=True):
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "locked" in refused.stderr
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["rows"]["messages"] == 302
