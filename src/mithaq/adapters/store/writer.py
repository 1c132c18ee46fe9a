"""The one writer: a thread that owns the writing connection and commits all waiting jobs together.

A durable commit costs one flush to disk, whatever is in it. So the writer takes every job that waits, runs each in a
savepoint, commits once, and only then answers.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from mithaq.adapters.store.prepared import JOB, Prepared
from mithaq.adapters.store.turns import Turns
from mithaq.errors import Clash, Invalid, MithaqError, Unavailable
from mithaq.kernel.ports import Transaction

T = TypeVar("T")
Job = Callable[[Transaction], Any]
MAX_JOBS = 500
MAX_WAITING = 20_000  # jobs; beyond it callers are asked to come again, and memory stays bounded


class Flushed(Transaction, Protocol):
    """A transaction that writes what it has added when told to, and knows whether it has written anything."""

    @property
    def flush(self) -> Callable[[], None]: ...

    @property
    def wrote(self) -> bool: ...


class Writer:
    """Runs jobs one at a time in order. ``commits`` counts the commits made so far.

    A connection that was lost is made anew for the next commit.
    """

    def __init__(
        self,
        engine: Engine,
        open_transaction: Callable[[Connection], Flushed],
        alone: AbstractContextManager[Any],
        turns: Turns,
    ) -> None:
        self._engine = engine
        self._driver: Any = engine.dialect.loaded_dbapi
        self._open = open_transaction
        self._alone = alone  # held while a batch runs
        self._turns = turns
        self.connection = engine.connect()
        self._queue: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._begin: list[Job] = []
        self._finish: list[Job] = []
        self._then: list[Callable[[], None]] = []
        self._closing = threading.Lock()
        self._closed = False
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="mithaq-writer", daemon=True)
        self._thread.start()

    def begin_with(self, begin: Job) -> None:
        self._begin.append(begin)

    def finish_with(self, finish: Job, then: Callable[[], None]) -> None:
        self._finish.append(finish)
        self._then.append(then)

    def write(self, job: Callable[[Transaction], T]) -> Future[T]:
        if threading.current_thread() is self._thread:
            raise Clash("writer", "a job may not wait for another job", hint="do both in one job")
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise Unavailable("store", "the store is closed")
            if self._queue.qsize() >= MAX_WAITING:
                raise Unavailable("busy", "too much waits to be written", hint="try again in a moment")
            self._queue.put((job, future))
        return future

    def close(self) -> None:
        """Finish what waits, then stop. Safe to call twice."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        self.connection.close()

    def _run(self) -> None:
        while (batch := self._waiting()) is not None:
            if batch:
                self._commit(batch)

    def _waiting(self) -> list[tuple[Job, Future[Any]]] | None:
        """Every job that waits, at least one; None once the last was done and the store closes."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < MAX_JOBS:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
        return batch

    def _commit(self, batch: list[tuple[Job, Future[Any]]]) -> None:
        answers: list[Callable[[], None]] = []
        live = [(job, future) for job, future in batch if future.set_running_or_notify_cancel()]
        try:
            self._transact(live, answers)
        except BaseException as problem:  # noqa: BLE001 - the edge of the thread: every caller must be answered
            failed = _failure(problem, self._driver.Error)
            answers = [lambda future=future: future.set_exception(failed) for _, future in live]  # type: ignore[misc]
        else:
            self.commits += 1
            for then in self._then:
                then()
        for answer in answers:
            answer()

    def _transact(self, live: list[tuple[Job, Future[Any]]], answers: list[Callable[[], None]]) -> None:
        """All of them in one durable transaction; raises if nothing was kept."""
        try:
            with self._alone, self._connected().begin():
                self._run_all(live, answers)
        except BaseException:
            lost = self._turns.is_lost(self.connection)
            if lost and not self.connection.closed:
                self.connection.invalidate()
            if not (lost and len(answers) == len(live) and self._turns.was_kept()):
                raise
        self._turns.ended()

    def _connected(self) -> Connection:
        if self.connection.invalidated or self.connection.closed:
            self.connection.close()
            self.connection = self._engine.connect()
        return self.connection

    def _run_all(self, live: list[tuple[Job, Future[Any]]], answers: list[Callable[[], None]]) -> None:
        before, wrote = self._open(self.connection), False
        if self._turns.begun(self.connection):
            for begin in self._begin:
                begin(before)
            before.flush()
        for job, future in live:
            answer, changed = self._run_one(job, future)
            answers.append(answer)
            wrote = wrote or changed
        transaction = self._open(self.connection)
        for finish in self._finish:
            finish(transaction)
        transaction.flush()
        self._turns.ending(self.connection, wrote or before.wrote or transaction.wrote)

    def _run_one(self, job: Job, future: Future[Any]) -> tuple[Callable[[], None], bool]:
        """Run a job in a savepoint. What its caller is told once it is durable, and whether it may have written."""
        run = Prepared(self.connection)
        run.say(f"SAVEPOINT {JOB}")
        try:
            transaction = self._open(self.connection)
            result = job(transaction)
            transaction.flush()
        except self._driver.DataError as problem:  # a value that the database cannot keep: nothing is wrong with it
            error: Exception = Invalid("value", f"the store cannot keep a value of this: {type(problem).__name__}")
        except (SQLAlchemyError, self._driver.Error):
            raise  # the database is in trouble: the whole commit fails
        except Exception as problem:  # noqa: BLE001 - a job's own error is its caller's, and harms no other
            error = problem
        else:
            run.say(f"RELEASE {JOB}")
            return lambda: future.set_result(result), transaction.wrote
        run.say(f"ROLLBACK TO {JOB}")
        run.say(f"RELEASE {JOB}")
        return lambda: future.set_exception(error), False


def _failure(problem: BaseException, driver: type[Exception]) -> MithaqError:
    """What every caller of a failed commit is told."""
    if isinstance(problem, MithaqError):
        return problem
    first = _first(problem, driver)
    origin = getattr(first, "orig", first)
    detail = (str(origin).strip() or type(first).__name__).splitlines()[0]
    full = "full" in detail or getattr(origin, "sqlstate", None) == "53100" or "file too large" in detail.lower()
    hint = "free some space, then try again" if full else "nothing of it was kept; try again"
    return Unavailable("store", f"the commit failed: {detail}", hint=hint)


def _first(problem: BaseException, driver: type[Exception]) -> BaseException:
    """The error that came first: when a disk is full the database undoes all by itself, and our undoing then fails."""
    first, earlier = problem, problem.__context__
    while earlier is not None:
        first = earlier if isinstance(earlier, (SQLAlchemyError, driver)) else first
        earlier = earlier.__context__
    return first
