"""Taking turns: how the writers of several processes on one database come one after the other.

On SQLite there is one process, and nothing to do. On PostgreSQL see ``postgres/turns``.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection


class Turns(Protocol):
    """Asked by one writer around each of its transactions, from its thread."""

    def begun(self, connection: Connection) -> bool:
        """A transaction has begun, and no other process writes until it ends. Whether one has written since ours."""

    def ending(self, connection: Connection, wrote: bool) -> None:
        """It is about to be committed."""

    def ended(self) -> None:
        """It is durable."""

    def is_lost(self, connection: Connection) -> bool:
        """After a failure: whether the connection is of no use any more."""

    def was_kept(self) -> bool:
        """The connection was lost: whether what was about to be committed is durable nevertheless.

        Unavailable if that cannot be found out.
        """


class Alone:
    """One process: every turn is its own."""

    def begun(self, connection: Connection) -> bool:
        return False

    def ending(self, connection: Connection, wrote: bool) -> None: ...

    def ended(self) -> None: ...

    def is_lost(self, connection: Connection) -> bool:
        return False

    def was_kept(self) -> bool:
        return False
