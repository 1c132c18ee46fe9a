"""Checkpoints of SQLite's write-ahead log, made beside the writer instead of by it.

By default whichever commit makes the log long enough also copies it into the database, and its caller waits for two
more flushes to disk. Here a thread with a connection of its own does that, passively: it stops neither the writer nor a
reader. The writer's own limit stays as a backstop, far away.
"""

from __future__ import annotations

import threading

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

BACKSTOP = 100_000  # pages, 400 MB, after which the writer does it after all
EVERY = 500  # commits
IDLE = 5.0  # seconds after which what there is is copied


class Checkpointer:
    """Runs from when it is made until ``close``. ``committed`` is called after each commit, and only counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._due = threading.Event()
        self._closing = False
        self._commits = 0
        self._thread = threading.Thread(target=self._run, name="mithaq-checkpoints", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        self._commits += 1
        if self._commits % EVERY == 0:
            self._due.set()

    def close(self) -> None:
        """Stop. The last connection that closes the database makes the last checkpoint."""
        self._closing = True
        self._due.set()
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        done = 0
        while not self._closing:
            self._due.wait(IDLE)
            self._due.clear()
            if self._closing or done == self._commits:
                continue
            done = self._commits
            try:
                with self._engine.connect() as connection:
                    driver = connection.connection.dbapi_connection
                    assert driver is not None  # noqa: S101 - a connection that was just opened
                    driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except DatabaseError:  # a full disk, say: the writer meets it as well, and tells its callers
                continue
