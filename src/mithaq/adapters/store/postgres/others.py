"""The other processes on this database: heard by LISTEN and NOTIFY, and kept off what is ours by locks of a session.

A lock of a session needs no open transaction, and the server lets go of it the moment its connection ends: so what a
process had taken is free at once when that process is killed, and when its machine is lost as soon as the server
notices (``address.ALIVE``).
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import psycopg
import structlog

from mithaq.adapters.store.others import Listener
from mithaq.adapters.store.postgres.address import Address, key_of
from mithaq.errors import MithaqError

log = structlog.get_logger("mithaq.hearing")
POLL = 5.0  # seconds after which listeners look even if nothing was heard
AGAIN = 1.0  # seconds until a connection that was lost is made anew


class Announcements:
    """What waits to be told to the others with the next commit. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}

    def add(self, what: str) -> None:
        with self._lock:
            self._waiting[what] = None

    def take(self) -> str:
        """All of them, in one line of less than the 8,000 bytes that PostgreSQL carries."""
        with self._lock:
            told, self._waiting = " ".join(self._waiting)[:7000], {}
        return told


class Processes:
    """Hears from when somebody follows until ``close``. ``me`` is how this process's writer signs what it tells."""

    def __init__(self, address: Address, schema: str, channel: str, me: str, telling: Announcements) -> None:
        self._address = address
        self._schema = schema
        self._channel = channel
        self._me = me
        self._telling = telling
        self._listeners: list[Listener] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._leases = Leases(address, schema)

    def follow(self, listener: Listener) -> None:
        self._listeners.append(listener)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mithaq-hearing", daemon=True)
            self._thread.start()

    def announce(self, what: str) -> None:
        self._telling.add(what)

    def take(self, name: str) -> bool:
        return self._leases.take(name)

    def give(self, name: str) -> None:
        self._leases.give(name)

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._leases.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            with suppress(MithaqError, psycopg.Error), self._address.connect() as connection:
                connection.execute(f'listen "{self._channel}"')
                self._tell(())  # something may have been told while nobody listened
                self._hear(connection)
            self._closing.wait(AGAIN)

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        quiet = 0.0
        while not self._closing.is_set():
            heard = False
            for each in connection.notifies(timeout=0.5, stop_after=1):
                who, _, what = each.payload.partition(" ")
                if who != self._me:
                    self._tell(what.split())
                heard = True
            quiet = 0.0 if heard else quiet + 0.5
            if quiet >= POLL:
                quiet = 0.0
                self._tell(())

    def _tell(self, what: Collection[str]) -> None:
        for listener in self._listeners:
            try:
                listener(what)
            except Exception as problem:  # whatever it is: a process that hears nothing any more is not noticed
                log.error("hearing", error=type(problem).__name__, exc_info=True)


class Leases:
    """What this process has taken, over one connection of its own. Thread-safe."""

    def __init__(self, address: Address, schema: str) -> None:
        self._address = address
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._held: set[str] = set()

    def take(self, name: str) -> bool:
        """Whether it is ours; asked of the server each time, which may have lost us."""
        with self._lock:
            try:
                if name in self._held:
                    self._ask("select 1")
                    return True
                got = self._ask("select pg_try_advisory_lock(%s, %s)", self._keys(name))
            except (MithaqError, psycopg.Error):
                self._lose()
                return False
            if got:
                self._held.add(name)
            return bool(got)

    def give(self, name: str) -> None:
        with self._lock:
            if name not in self._held:
                return
            self._held.discard(name)
            try:
                self._ask("select pg_advisory_unlock(%s, %s)", self._keys(name))
            except (MithaqError, psycopg.Error):
                self._lose()

    def close(self) -> None:
        with self._lock:
            self._lose()

    def _ask(self, words: str, given: tuple[int, int] | None = None) -> Any:
        if self._connection is None:
            self._connection = self._address.connect()
        row = self._connection.execute(words, given).fetchone()
        return row[0] if row else None

    def _lose(self) -> None:
        """The connection is gone, and with it everything that was taken over it."""
        self._held.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _keys(self, name: str) -> tuple[int, int]:
        return key_of(self._schema, "leases"), key_of(self._schema, name)


def channel_of(schema: str) -> str:
    return f"mithaq_{key_of(schema, 'channel') & 0xFFFFFFFF:08x}"
