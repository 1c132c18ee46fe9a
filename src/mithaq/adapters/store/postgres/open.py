"""Opening a store on PostgreSQL."""

from __future__ import annotations

import select
from contextlib import nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from mithaq.adapters.store.postgres.address import Address, check_url, key_of
from mithaq.adapters.store.postgres.others import Announcements, Processes, channel_of
from mithaq.adapters.store.postgres.turns import SharedTurns
from mithaq.adapters.store.sql import SqlStore
from mithaq.adapters.store.vault import Vault

READERS = 10  # connections kept for reading
MORE = 20  # further ones while many read at once


def open_postgres(address: Address, secret: bytes | None = None, *, moving: bool = False) -> SqlStore:
    """The store in this database, its tables made if they are absent.

    ``secret``: as of ``sql.open_store``. Invalid if the address may not be used; Clash if a newer Mithaq wrote it;
    Untrusted if it belongs to another secret; Unavailable if it is not there.
    """
    check_url(address.url)
    with address.connect() as connection:
        found = connection.execute("select current_schema()").fetchone()
    schema = str(found[0]) if found and found[0] else "public"
    writing = _engine(address, f"begin; select pg_advisory_xact_lock({key_of(schema, 'writer')}, 0)", size=1, more=2)
    reading = _engine(address, "begin isolation level repeatable read read only", size=READERS, more=MORE)
    telling = Announcements()
    turns = SharedTurns(address, channel_of(schema), telling.take)
    others = Processes(address, schema, channel_of(schema), turns.me, telling)
    try:
        return SqlStore(writing, reading, nullcontext(), Vault(secret), turns=turns, others=others, moving=moving)
    except BaseException as problem:
        writing.dispose()
        reading.dispose()
        if isinstance(problem, DBAPIError):
            raise address.unavailable(problem.orig or problem) from None
        raise


def _engine(address: Address, begin: str, *, size: int, more: int) -> Engine:
    engine = create_engine(
        "postgresql+psycopg://", creator=address.connect, hide_parameters=True, pool_size=size, max_overflow=more
    )

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(begin, prepare=False)

    @event.listens_for(engine, "checkout")
    def taken(driver: Any, *_: object) -> None:
        """A connection on which something came in while nobody used it was ended by the server."""
        if select.select([driver.fileno()], [], [], 0)[0]:
            raise DisconnectionError

    return engine
