"""Shipping a store: a folder that another machine can follow gets what the node commits, every few seconds.

    FOLDER/<generation>/base.sealed          the store at one moment
    FOLDER/<generation>/00000001.sealed      the pages that changed since, in order
    FOLDER/<generation>/home-<digest>.sealed the files of the home, whenever they changed

A reader is open at all times, and the next is opened before the last is let go: so SQLite cannot begin its log anew
before all of it was shipped. Each start is a new generation with a base of its own; the one before stays until that is
complete. A file appears under its name when it is whole and on disk.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from mithaq.adapters.copies import wal
from mithaq.adapters.copies.sealed_file import Secret, seal_file, seal_stream
from mithaq.adapters.copies.snapshot import snapshot
from mithaq.errors import Unavailable

BASE = "base.sealed"
LONG = 64 * 1024 * 1024  # bytes of the log after which it is copied into the store, and begun anew
PATIENCE = 30


class Changed(Struct, frozen=True, array_like=True):
    """One increment: the pages to write, and how many the store has after it."""

    count: int
    page_size: int
    pages: dict[int, bytes]


class Shipper:
    """Ships one store. One thread; ``close`` lets go of it."""

    def __init__(self, store: Path, folder: Path, secret: Secret, generation: str) -> None:
        self._store, self._log = store, store.with_name(store.name + "-wal")
        self._folder, self._secret = folder / generation, secret
        self.number = 0
        self._guard = self._reader()
        try:
            self._place = wal.read(self._log, wal.Place()).place
            self._base(generation)
        except BaseException:
            self.close()
            raise

    def ship(self) -> int:
        """Ship what was committed since; how many pages."""
        before, self._guard = self._guard, self._reader()
        try:
            count = self._increment()
        finally:
            before.close()
        if self._log.exists() and self._log.stat().st_size > LONG:
            count += self._begin_anew()
        return count

    def put(self, name: str, chunks: Callable[[], Iterator[bytes]]) -> None:
        """A file beside the increments, whole or not at all."""
        part = self._folder / f".{name}"
        seal_stream(chunks(), part, self._secret, name)
        part.replace(self._folder / name)
        _sync(self._folder)

    def close(self) -> None:
        self._guard.close()

    def _base(self, generation: str) -> None:
        whole = self._folder
        self._folder = whole.with_name(f".{generation}")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)
        copy = self._store.with_name(f".ship-{os.getpid()}")
        copy.unlink(missing_ok=True)
        try:
            snapshot(self._store, copy)
            seal_file(copy, self._folder / BASE, self._secret, f"{generation}/{BASE}")
        finally:
            copy.unlink(missing_ok=True)
        self._folder.replace(whole)
        self._folder = whole
        _sync(whole.parent)

    def _increment(self) -> int:
        found = wal.read(self._log, self._place)
        if found.pages:
            self.number += 1
            name = f"{self.number:08}.sealed"
            change = Changed(found.count, found.page_size, found.pages)
            packed = zlib.compress(msgspec.msgpack.encode(change), 1)
            part = self._folder / f".{name}"
            seal_stream(iter([packed]), part, self._secret, f"{self._folder.name}/{name}")
            part.replace(self._folder / name)
            _sync(self._folder)
        self._place = found.place
        return len(found.pages)

    def _begin_anew(self) -> int:
        """Hold the writer for a moment, ship to the very end, and copy the log into the store: it can begin anew."""
        with self._open() as alone, self._open() as copying:
            copying.execute("pragma wal_checkpoint(passive)").fetchall()
            alone.execute("begin immediate")
            count = self._increment()
            self._guard.close()
            copying.execute("pragma wal_checkpoint(passive)").fetchall()
            self._guard = self._reader()
            alone.execute("rollback")
        return count

    def _reader(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("pragma query_only=on")
        connection.execute("begin")
        connection.execute("select count(*) from sqlite_master").fetchone()
        return connection

    def _open(self) -> sqlite3.Connection:
        if not self._store.exists():
            raise Unavailable("store", "no store here yet", where=str(self._store), hint="mithaq node serve")
        return sqlite3.connect(self._store, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
