"""The Store on a SQL database: SQLite in WAL mode with full synchronisation, through SQLAlchemy Core."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from mithaq.adapters.store.checkpointer import BACKSTOP, Checkpointer
from mithaq.adapters.store.links import SqlLinks
from mithaq.adapters.store.matters import SqlDuties, SqlStatements
from mithaq.adapters.store.migrate import check_schema
from mithaq.adapters.store.others import Nobody, Others
from mithaq.adapters.store.papers import SqlAudit, SqlBlobs, SqlPapers
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.adapters.store.shelves import SqlDecisions, SqlJournal, SqlMemos, SqlRecords
from mithaq.adapters.store.turns import Alone, Turns
from mithaq.adapters.store.vault import SealedShelf, Vault
from mithaq.adapters.store.views import SqlViews
from mithaq.adapters.store.writer import Writer
from mithaq.errors import Unavailable
from mithaq.kernel.ports import Transaction, nothing

T = TypeVar("T")
MEMORY = ":memory:"


class SqlTransaction:
    """The shelves over one connection. What they add waits in ``pending`` until ``flush`` or until it is asked for."""

    def __init__(self, connection: Connection, vault: Vault, *, readonly: bool = False) -> None:
        run = self._run = Prepared(connection)
        pending = Pending(run, readonly)
        sealed = SealedShelf(vault, run, pending)
        self.flush = pending.flush
        self.records = SqlRecords(run, pending, sealed)
        self.journal = SqlJournal(run, pending)
        self.links = SqlLinks(run, pending, sealed)
        self.decisions = SqlDecisions(run, pending)
        self.views = SqlViews(run)
        self.audit = SqlAudit(run, pending)
        self.memos = SqlMemos(run)
        self.statements = SqlStatements(run, pending)
        self.duties = SqlDuties(run, pending)
        self.papers = SqlPapers(run, pending)
        self.blobs = SqlBlobs(run, pending, sealed)

    @property
    def wrote(self) -> bool:
        return self._run.wrote


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
        *,
        checkpointer: Checkpointer | None = None,
        turns: Turns | None = None,
        others: Others | None = None,
        moving: bool = False,
    ) -> None:
        self._reading = reading
        self._vault = vault
        self._alone = alone
        self._engines = (writing, reading)
        self._writing = writing
        self._lost: type[Exception] = reading.dialect.loaded_dbapi.OperationalError
        with writing.connect() as connection, connection.begin():
            check_schema(connection, vault, moving=moving)
        self._checkpointer = checkpointer
        self._others = others or Nobody()
        self._writer = Writer(writing, lambda connection: SqlTransaction(connection, vault), alone, turns or Alone())
        self.follow, self.announce = self._others.follow, self._others.announce
        self.take, self.give = self._others.take, self._others.give
        if checkpointer is not None:
            self._writer.finish_with(lambda _: None, checkpointer.committed)

    def write(self, job: Callable[[Transaction], T]) -> Future[T]:
        return self._writer.write(job)

    def begin_with(self, begin: Callable[[Transaction], None]) -> None:
        self._writer.begin_with(begin)

    def finish_with(self, finish: Callable[[Transaction], None], then: Callable[[], None] = nothing) -> None:
        self._writer.finish_with(finish, then)

    @property
    def commits(self) -> int:
        """How many commits were made: fewer than writes, when many waited together."""
        return self._writer.commits

    @property
    def shared(self) -> bool:
        return not isinstance(self._others, Nobody)

    @property
    def _connection(self) -> Connection:
        return self._writer.connection

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        try:
            with self._alone, self._begun() as connection:
                yield SqlTransaction(connection, self._vault, readonly=True)
        except (self._lost, OperationalError) as problem:
            self._reading.dispose()  # the others that wait there are of the same server
            detail = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
            raise Unavailable("store", f"the store cannot be read: {detail}", hint="try again") from None

    def _begun(self) -> Connection:
        """A connection with a snapshot. That one was ended while it waited nobody notices: another is made."""
        connection = self._reading.connect()
        try:
            connection.begin()
        except (self._lost, OperationalError):
            connection.invalidate()
            connection.close()
            self._reading.dispose()  # the others that wait there are of the same server
            connection = self._reading.connect()
            connection.begin()
        return connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot below the shelves, for moving all of it."""
        with self._alone, self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def alone_writing(self) -> Iterator[Connection]:
        """A durable transaction below the shelves, for moving all of it. Not beside jobs of this process."""
        with self._alone, self._writing.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._writer.close()
        self._others.close()
        if self._checkpointer is not None:
            self._checkpointer.close()
        for engine in self._engines:
            engine.dispose()


def open_store(path: Path | str, secret: bytes | None = None, *, moving: bool = False) -> SqlStore:
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
        return SqlStore(writing, reading, nullcontext(), vault, checkpointer=Checkpointer(copying), moving=moving)
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
