"""Erasing loses a record's key: neither the store, nor an older copy of it under the newer keys, tells it again."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mithaq.adapters.store.sql import SqlStore, open_store
from mithaq.errors import Untrusted
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Holding, Message

AT = datetime(2026, 1, 1, tzinfo=UTC)
SECRET, OTHER = b"s" * 32, b"o" * 32
MARK = b"a plate that nobody may find"


def filled(path: Path) -> SqlStore:
    """Two records with two versions each, each version in a message, and a blob."""
    store = open_store(path, SECRET)

    def fill(tx: Transaction) -> None:
        for id in ("JO-1", "JO-2"):
            for version in (1, 2):
                position = tx.journal.add("record", f"{id}/{version}", at=AT)
                tx.records.add(Holding(id, version, "a.b/1", "JO", False, "", MARK + id.encode(), position))
                seq = position
                tx.links.add(
                    Message("JO>SA", seq, "record", b"s", MARK, b"e", "accepted", subject=f"{id}/{version}")
                )  # fmt: skip
        tx.blobs.put(b"h" * 32, MARK)

    store.write(fill).result()
    return store


def contents(store: SqlStore, id: str) -> list[bytes | None]:
    with store.read() as tx:
        held = [getattr(tx.records.get(id, version), "content", None) for version in (1, 2)]
        carried = [each.content for version in (1, 2) for each in tx.links.carrying(f"{id}/{version}")]
        return [*held, *carried]


def test_the_file_tells_nothing_of_what_is_in_it(tmp_path: Path) -> None:
    filled(tmp_path / "node.db").close()
    assert all(MARK not in file.read_bytes() for file in tmp_path.iterdir())


def test_an_erased_record_is_known_to_have_been_and_tells_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "node.db")
    store.write(lambda tx: tx.records.erase("JO-1")).result()
    assert contents(store, "JO-1") == [b"", b"", None, None]
    assert contents(store, "JO-2") == [MARK + b"JO-2", MARK + b"JO-2", MARK, MARK]
    with store.read() as tx:
        assert [each.entry for each in tx.links.page("JO>SA")] == [b"e"] * 4
    store.close()


def test_what_is_erased_in_the_transaction_that_brought_it_is_gone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "node.db", SECRET)

    def job(tx: Transaction) -> None:
        tx.records.add(Holding("JO-1", 1, "a.b/1", "JO", False, "", MARK, 1))
        tx.records.erase("JO-1")
        assert getattr(tx.records.get("JO-1", 1), "content", None) == b""

    store.write(job).result()
    with store.read() as tx:
        assert getattr(tx.records.get("JO-1"), "content", None) == b""
    store.close()


def test_an_older_copy_under_the_newer_keys_does_not_tell_it_either(tmp_path: Path) -> None:
    store = filled(tmp_path / "node.db")
    store.close()
    shutil.copy(tmp_path / "node.db", tmp_path / "old.db")
    store = open_store(tmp_path / "node.db", SECRET)
    store.write(lambda tx: tx.records.erase("JO-1")).result()
    store.write(lambda tx: tx.blobs.remove(b"h" * 32)).result()
    store.close()
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("attach ? as new", (str(tmp_path / "node.db"),))
        old.execute("delete from main.record_keys")
        old.execute("insert into main.record_keys select * from new.record_keys")
    old.close()
    again = open_store(tmp_path / "old.db", SECRET)
    assert contents(again, "JO-1") == [b"", b"", None, None]
    assert contents(again, "JO-2") == [MARK + b"JO-2", MARK + b"JO-2", MARK, MARK]
    with again.read() as tx:
        assert tx.blobs.get(b"h" * 32) is None
    again.close()


def test_a_store_is_not_opened_with_the_secret_of_another_node(tmp_path: Path) -> None:
    filled(tmp_path / "node.db").close()
    with pytest.raises(Untrusted, match="not the one of this home's keys"):
        open_store(tmp_path / "node.db", OTHER)


def test_what_was_put_in_the_place_of_something_else_is_not_told(tmp_path: Path) -> None:
    filled(tmp_path / "node.db").close()
    with sqlite3.connect(tmp_path / "node.db") as raw:
        raw.execute("update records set content = (select content from records where id = 'JO-1' and version = 1)")
    raw.close()
    store = open_store(tmp_path / "node.db", SECRET)
    with store.read() as tx, pytest.raises(Untrusted, match="not what was put there"):
        tx.records.get("JO-1", 2)
    store.close()


def test_what_comes_again_after_it_was_erased_is_told_and_what_was_before_is_not(tmp_path: Path) -> None:
    store = filled(tmp_path / "node.db")
    store.write(lambda tx: tx.records.erase("JO-1")).result()
    again = Holding("JO-1", 3, "a.b/1", "JO", False, "", MARK, 9)
    store.write(lambda tx: tx.records.add(again)).result()
    assert contents(store, "JO-1") == [b"", b"", None, None]
    with store.read() as tx:
        assert getattr(tx.records.get("JO-1"), "content", None) == MARK
    store.close()
