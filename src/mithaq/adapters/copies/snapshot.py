"""Snapshots of a SQLite store while it is written to, in two parts: what is kept, and the keys that open it.

A snapshot is one moment of the store, taken by SQLite's online backup within one read transaction: no writer waits for
it. The *bodies* part has no record keys and nothing that is derived from records (rows and terms of views hold them in
the clear; they are folded again). The *keys* part has nothing else. Old bodies under newer keys tell nothing of what
was erased in between.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mithaq.adapters.copies.sealed_file import Progress, quiet
from mithaq.errors import Malformed, NotFound, Unavailable

PAGES = 2000  # of 4 KiB, between two looks at how far it is
KEYS = "record_keys"
_MAKE_KEYS = f"create table if not exists {KEYS} (owner text not null primary key, wrapped blob not null)"


@contextmanager
def opened(path: Path, *, existing: bool = True) -> Iterator[sqlite3.Connection]:
    """A connection without transactions of its own. NotFound if there is no such file; Unavailable if it fails."""
    if existing and not path.exists():
        raise NotFound("store", "no store here", where=str(path))
    try:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as problem:
        raise Unavailable("store", f"the store cannot be copied: {problem}", where=str(path)) from None


def snapshot(store: Path, target: Path, progress: Progress = quiet) -> None:
    """One moment of the store as a file of its own, readable by its owner only."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with opened(store) as source, opened(target) as copy:
        size = source.execute("pragma page_size").fetchone()[0]
        source.execute("begin")
        source.execute("select count(*) from sqlite_master").fetchone()  # from here the moment stands still
        done = 0

        def step(_: int, left: int, of: int) -> None:
            nonlocal done
            progress((of - left - done) * size)
            done = of - left

        source.backup(copy, pages=PAGES, progress=step, sleep=0)
        source.execute("rollback")
        copy.execute("pragma journal_mode=delete")


def part_keys(copy: Path, keys: Path) -> None:
    """Take the record keys out of a copy into a file of their own, and what is derived out of it altogether."""
    os.close(os.open(keys, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with opened(copy) as bodies:
        tables = {row[0] for row in bodies.execute("select name from sqlite_master where type = 'table'")}
        bodies.execute("attach ? as keys", (str(keys),))
        bodies.execute(_MAKE_KEYS.replace(KEYS, f"keys.{KEYS}"))
        bodies.execute("pragma secure_delete=on")
        bodies.execute("begin")
        if KEYS in tables:
            bodies.execute(f"insert into keys.{KEYS} select owner, wrapped from main.{KEYS}")  # noqa: S608 - our name
            bodies.execute(f"delete from main.{KEYS}")  # noqa: S608
        if "rows" in tables:
            bodies.execute("delete from cursors where view in (select distinct view from main.rows)")
            bodies.execute("delete from terms")
            bodies.execute("delete from main.rows")
        bodies.execute("commit")
        bodies.execute("detach keys")
        bodies.execute("vacuum")


def join_keys(bodies: Path, keys: Path) -> int:
    """Put record keys in place of those that a copy has; how many."""
    with opened(bodies) as store:
        store.execute("attach ? as keys", (str(keys),))
        store.execute("begin")
        store.execute(_MAKE_KEYS)
        store.execute(f"delete from main.{KEYS}")  # noqa: S608
        count = store.execute(f"insert into main.{KEYS} select owner, wrapped from keys.{KEYS}").rowcount  # noqa: S608
        store.execute("commit")
        store.execute("detach keys")
        return int(count)


def schema_of(store: Path) -> int:
    """The schema number of a store, without changing it; Malformed if it has none."""
    with opened(store) as connection:
        try:
            found = connection.execute("select value from meta where name = 'schema'").fetchone()
        except sqlite3.DatabaseError:
            found = None
    if found is None or not str(found[0]).isdigit():
        raise Malformed("store", "this is not a store of Mithaq", where=str(store))
    return int(found[0])


def position_of(store: Path) -> int:
    """How far the journal of a store has come."""
    with opened(store) as connection:
        return int(connection.execute("select coalesce(max(position), 0) from journal").fetchone()[0])


def check_pages(store: Path) -> None:
    """Malformed unless SQLite finds every page of the file as it must be."""
    with opened(store) as connection:
        found = connection.execute("pragma integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise Malformed("store", f"the store is damaged: {found}", where=str(store))
