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
from sqlite3 import DatabaseError
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from mithaq.adapters.store.prepared import Prepared
from mithaq.errors import Clash, MithaqError, Unavailable
from mithaq.kernel.ports import Transaction

T = TypeVar("T")
Job = Callable[[Transaction], Any]
MAX_JOBS = 500
MAX_WAITING = 20_000  # jobs; beyond it callers are asked to come again, and memory stays bounded


class Flushed(Transaction, Protocol):
    """A transaction that writes what it has added when told to."""

    @property
    def flush(self) -> Callable[[], None]: ...


class Writer:
    """Runs jobs one at a time in order. ``commits`` counts the commits made so far."""

    def __init__(
        self,
        connection: Connection,
        open_transaction: Callable[[Connection], Flushed],
        alone: AbstractContextManager[Any],
    ) -> None:
        self._connection = connection
        self._open = open_transaction
        self._alone = alone  # held while a batch runs
        self._queue: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._finish: list[Job] = []
        self._then: list[Callable[[], None]] = []
        self._closing = threading.Lock()
        self._closed = False
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="mithaq-writer", daemon=True)
        self._thread.start()

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
            with self._alone, self._connection.begin():
                for job, future in live:
                    answers.append(self._run_one(job, future))
                transaction = self._open(self._connection)
                for finish in self._finish:
                    finish(transaction)
                transaction.flush()
        except BaseException as problem:  # noqa: BLE001 - the edge of the thread: every caller must be answered
            failed = _failure(problem)
            answers = [lambda future=future: future.set_exception(failed) for _, future in live]  # type: ignore[misc]
        else:
            self.commits += 1
            for then in self._then:
                then()
        for answer in answers:
            answer()

    def _run_one(self, job: Job, future: Future[Any]) -> Callable[[], None]:
        """Run a job in a savepoint. What its caller is told waits for the commit."""
        run = Prepared(self._connection)
        run.say("SAVEPOINT job")
        try:
            transaction = self._open(self._connection)
            result = job(transaction)
            transaction.flush()
        except (SQLAlchemyError, DatabaseError):
            raise  # the database is in trouble: the whole commit fails
        except Exception as problem:  # noqa: BLE001 - a job's own error is its caller's, and harms no other
            run.say("ROLLBACK TO job")
            run.say("RELEASE job")
            error = problem
            return lambda: future.set_exception(error)
        run.say("RELEASE job")
        return lambda: future.set_result(result)


def _failure(problem: BaseException) -> MithaqError:
    """What every caller of a failed commit is told."""
    if isinstance(problem, MithaqError):
        return problem
    first = _first(problem)
    detail = str(getattr(first, "orig", first) or type(first).__name__).splitlines()[0]
    hint = "free some space, then try again" if "full" in detail else "nothing of it was kept; try again"
    return Unavailable("store", f"the commit failed: {detail}", hint=hint)


def _first(problem: BaseException) -> BaseException:
    """The error that came first: when a disk is full the database undoes all by itself, and our undoing then fails."""
    first, earlier = problem, problem.__context__
    while earlier is not None:
        first = earlier if isinstance(earlier, SQLAlchemyError | DatabaseError) else first
        earlier = earlier.__context__
    return first
