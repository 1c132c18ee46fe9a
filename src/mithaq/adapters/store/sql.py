"""The Store on a SQL database: SQLite in WAL mode with full synchronisation, through SQLAlchemy Core."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from mithaq.adapters.store import schema
from mithaq.adapters.store.checkpointer import BACKSTOP, Checkpointer
from mithaq.adapters.store.links import SqlLinks
from mithaq.adapters.store.matters import SqlDuties, SqlStatements
from mithaq.adapters.store.papers import SqlAudit, SqlBlobs, SqlPapers
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.adapters.store.shelves import SqlDecisions, SqlJournal, SqlMemos, SqlRecords
from mithaq.adapters.store.vault import SealedShelf, Vault, reseal
from mithaq.adapters.store.views import SqlViews
from mithaq.adapters.store.writer import Writer
from mithaq.errors import Clash, Unavailable
from mithaq.kernel.ports import Transaction, nothing

T = TypeVar("T")
MEMORY = ":memory:"


class SqlTransaction:
    """The shelves over one connection. What they add waits in ``pending`` until ``flush`` or until it is asked for."""

    def __init__(self, connection: Connection, vault: Vault, *, readonly: bool = False) -> None:
        run = Prepared(connection)
        pending = Pending(run, readonly)
        sealed = SealedShelf(vault, run, pending)
        self.flush = pending.flush
        self.records = SqlRecords(run, pending, sealed)
        self.journal = SqlJournal(run, pending)
        self.links = SqlLinks(run, pending, sealed)
        self.decisions = SqlDecisions(run, pending)
        self.views = SqlViews(run)
        self.audit = SqlAudit(run)
        self.memos = SqlMemos(run)
        self.statements = SqlStatements(run, pending)
        self.duties = SqlDuties(run, pending)
        self.papers = SqlPapers(run, pending)
        self.blobs = SqlBlobs(run, pending, sealed)


class SqlStore:
    """A Store over one database: the writer has a connection of its own, readers take theirs from ``reading``.

    In memory there is one connection for all: ``alone`` lets either the writer or one reader use it.
    """

    def __init__(
        self,
        writing: Engine,
        reading: Engine,
        alone: AbstractContextManager[Any],
        vault: Vault,
        checkpointer: Checkpointer | None = None,
    ) -> None:
        self._reading = reading
        self._vault = vault
        self._alone = alone
        self._engines = (writing, reading)
        self._connection = writing.connect()
        with self._connection.begin():
            _check_schema(self._connection, vault)
        self._checkpointer = checkpointer
        self._writer = Writer(self._connection, lambda connection: SqlTransaction(connection, vault), alone)
        if checkpointer is not None:
            self._writer.finish_with(lambda _: None, checkpointer.committed)

    def write(self, job: Callable[[Transaction], T]) -> Future[T]:
        return self._writer.write(job)

    def finish_with(self, finish: Callable[[Transaction], None], then: Callable[[], None] = nothing) -> None:
        self._writer.finish_with(finish, then)

    @property
    def commits(self) -> int:
        """How many commits were made: fewer than writes, when many waited together."""
        return self._writer.commits

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._alone, self._reading.connect() as connection, connection.begin():
            yield SqlTransaction(connection, self._vault, readonly=True)

    def close(self) -> None:
        self._writer.close()
        if self._checkpointer is not None:
            self._checkpointer.close()
        self._connection.close()
        for engine in self._engines:
            engine.dispose()


def open_store(path: Path | str, secret: bytes | None = None) -> SqlStore:
    """The store in this SQLite file, made if absent and readable by its owner only; ``:memory:`` lives in memory.

    ``secret``: what its record keys are wrapped under, the same 32 bytes each time; without, they are no secret.
    Clash if a newer Mithaq wrote it; Untrusted if it belongs to another secret; Unavailable if it is not a database or
    cannot be opened.
    """
    vault = Vault(secret)
    try:
        if str(path) == MEMORY:
            engine = create_engine(
                "sqlite://", hide_parameters=True, poolclass=StaticPool, connect_args={"check_same_thread": False}
            )
            _control(engine, "BEGIN")
            return SqlStore(engine, engine, threading.RLock(), vault)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        writing, reading = (
            create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": 30}) for _ in range(2)
        )
        _control(writing, "BEGIN IMMEDIATE", f"wal_autocheckpoint={BACKSTOP}")
        _control(reading, "BEGIN", "query_only=ON")
        copying = create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": 30})
        return SqlStore(writing, reading, nullcontext(), vault, Checkpointer(copying))
    except (OSError, DatabaseError) as problem:
        detail = str(getattr(problem, "orig", problem))
        raise Unavailable("store", f"the store cannot be opened: {detail}", where=str(path)) from None


def _control(engine: Engine, begin: str, *more: str) -> None:
    """Take transactions into our own hands (the driver would begin them late), and make every commit durable."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "busy_timeout=30000",
            *more,
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@cache
def _tables() -> dict[str, tuple[str, ...]]:
    """By table, what makes it and its indexes: compiled once for all stores of a process, which is most of the work."""
    made: dict[str, tuple[str, ...]] = {}
    for table in schema.metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements: list[CreateTable | CreateIndex] = [CreateTable(table), *map(CreateIndex, indexes)]
        made[table.name] = tuple(str(each.compile(dialect=sqlite.dialect())) for each in statements)
    return made


def _make_tables(connection: Connection) -> None:
    """Make the tables that are absent. One that is there is left to ``STEPS``, with its indexes."""
    there = set(connection.exec_driver_sql("select name from sqlite_master where type = 'table'").scalars())
    for name, statements in _tables().items():
        for statement in statements if name not in there else ():
            connection.exec_driver_sql(statement)


def _check_schema(connection: Connection, vault: Vault) -> None:
    _make_tables(connection)
    found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "schema"))
    number = schema.SCHEMA if found is None else int(found)
    if number > schema.SCHEMA:
        raise Clash(
            "schema", f"the store has schema {found}; this program knows {schema.SCHEMA}", hint="upgrade Mithaq"
        )
    for step in range(number + 1, schema.SCHEMA + 1):
        for statement in schema.STEPS[step]:
            connection.exec_driver_sql(statement)
    if number < 5:
        run = Prepared(connection)
        pending = Pending(run, readonly=False)
        reseal(run, SealedShelf(vault, run, pending))
        pending.flush()
    _check_secret(connection, vault)
    connection.execute(delete(schema.meta).where(schema.meta.c.name == "schema"))
    connection.execute(insert(schema.meta), {"name": "schema", "value": str(schema.SCHEMA)})


def _check_secret(connection: Connection, vault: Vault) -> None:
    """Untrusted unless the record keys are wrapped under the secret that this store was first opened with."""
    found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "vault"))
    if found is None:
        connection.execute(insert(schema.meta), {"name": "vault", "value": vault.wrap("vault", b"").hex()})
    else:
        vault.unwrap("vault", bytes.fromhex(found))
