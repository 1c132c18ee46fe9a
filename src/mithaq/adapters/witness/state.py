"""What a witness remembers, in SQLite: one row a log, changed only by compare-and-set, durable before it returns.

Each call has a connection of its own, so that threads and processes may ask at once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from mithaq.errors import Unavailable
from mithaq.kernel.witness.answer import Known, Newest
from mithaq.kernel.witness.cosignature import VerifierKey, read_vkey

_TABLE = """
CREATE TABLE IF NOT EXISTS logs (
  origin TEXT PRIMARY KEY, keys TEXT NOT NULL, size INTEGER NOT NULL DEFAULT 0, root BLOB NOT NULL,
  note TEXT NOT NULL DEFAULT ''
) STRICT
"""
PATIENCE = 10.0  # seconds to wait for another writer


class WitnessState:
    """State over one file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._open() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(_TABLE.replace("\n", " "))

    def add(self, origin: str, sets: Sequence[Sequence[VerifierKey]]) -> None:
        """Be told of a log, or of the keys that it has from now on. What was cosigned of it stays."""
        keys = "\n".join(" ".join(key.text for key in each) for each in sets)
        with self._open() as db:
            db.execute(
                "INSERT INTO logs (origin, keys, root) VALUES (?, ?, ?) "
                "ON CONFLICT (origin) DO UPDATE SET keys = excluded.keys",
                (origin, keys, Newest().root),
            )

    def origins(self) -> list[str]:
        with self._open() as db:
            return [row[0] for row in db.execute("SELECT origin FROM logs ORDER BY origin")]

    def known(self, origin: str) -> Known | None:
        with self._open() as db:
            row = db.execute("SELECT keys FROM logs WHERE origin = ?", (origin,)).fetchone()
        if row is None:
            return None
        return Known(origin, tuple(tuple(map(read_vkey, each.split(" "))) for each in row[0].split("\n")))

    def newest(self, origin: str) -> Newest:
        with self._open() as db:
            row = db.execute("SELECT size, root, note FROM logs WHERE origin = ?", (origin,)).fetchone()
        return Newest(*row) if row is not None else Newest()

    def advance(self, origin: str, old: Newest, new: Newest) -> bool:
        if new.size < old.size:
            return False
        with self._open() as db:
            done = db.execute(
                "UPDATE logs SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?",
                (new.size, new.root, new.note, origin, old.size, old.root),
            )
            return done.rowcount == 1

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when it is over."""
        try:
            with closing(sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = FULL")
                yield db
        except sqlite3.Error as problem:
            raise Unavailable("witness-state", f"the witness cannot keep its state: {problem}") from None
