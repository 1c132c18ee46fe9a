"""The writers of several processes take turns by a lock that the server lets go when a transaction ends, however.

It is taken when a transaction begins, before anything is read: the statements after it see everything that was
committed by whoever had it before. So what a job reads it may rely on until its commit, as with one process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Connection

from mithaq.adapters.store.postgres.address import Address
from mithaq.errors import MithaqError, Unavailable

TURN = "turn"  # in meta: who wrote last
UNSETTLED = 20.0  # seconds in which a server that was lost while it committed is asked what became of it


class SharedTurns:
    """Of one process. ``told``: what is to be announced with the next commit that wrote something."""

    def __init__(self, address: Address, channel: str, told: Callable[[], str]) -> None:
        self._address = address
        self._channel = channel
        self._told = told
        self._me = secrets.token_hex(8)
        self._mine = ""  # the turn that we ended last
        self._before = self._next = ""
        self._begun = self._transaction = ""  # the present transaction; the same, once it is about to be committed
        self._count = 0

    def begun(self, connection: Connection) -> bool:
        found = _driver(connection).execute(
            "select pg_current_xact_id()::text, (select value from meta where name = %s)", (TURN,)
        )
        self._begun, before = found.fetchone()
        self._transaction, self._before, self._next = "", before or "", ""
        return self._before != self._mine

    def ending(self, connection: Connection, wrote: bool) -> None:
        """If anything was written, the turn is ours from the commit on, and the others hear of it."""
        if wrote:
            self._count += 1
            self._next = f"{self._me}:{self._count}"
            _driver(connection).execute(
                "with told as (select pg_notify(%s, %s)) insert into meta select %s, %s from told"
                " on conflict (name) do update set value = excluded.value",
                (self._channel, f"{self._me} {self._told()}", TURN, self._next),
            )
        self._transaction = self._begun

    def ended(self) -> None:
        self._mine = self._next or self._before

    def is_lost(self, connection: Connection) -> bool:
        if connection.closed or connection.invalidated:
            return True
        driver = _driver(connection)
        return bool(driver.closed or driver.broken)

    def was_kept(self) -> bool:
        if not self._transaction:
            return False
        transaction, self._transaction = self._transaction, ""
        deadline = time.monotonic() + UNSETTLED
        while time.monotonic() < deadline:
            try:
                with self._address.connect() as connection:
                    found = connection.execute("select pg_xact_status(%s::text::xid8)", (transaction,)).fetchone()
            except (MithaqError, psycopg.Error):
                found = ("in progress",)  # it comes up again, or we give up
            if found is not None and found[0] in ("committed", "aborted"):
                return bool(found[0] == "committed")
            time.sleep(0.2)  # the server is another machine: we can only ask again
        raise Unavailable(
            "store-unsettled", "the server was lost while it committed: this may have been kept, or not",
            hint="when it is back, look before you do it again, or do it again under the same key",
        )  # fmt: skip

    @property
    def me(self) -> str:
        return self._me


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
