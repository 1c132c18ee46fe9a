"""Statements of SQLAlchemy Core, put into words once and then given straight to the database driver.

Core writes the SQL, for each dialect; on the road of every message its execution layer costs several times what the
database does, so values and rows pass it by. Booleans come back as the driver gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql import Executable

JOB = "job"  # the savepoint in which each job runs
DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}
_WORDS: dict[tuple[str, int], tuple[Executable, str, dict[str, Any]]] = {}


class Prepared:
    """Runs statements on the driver's connection below ``connection``, inside its transaction.

    ``wrote``: whether any of them may have changed something.
    """

    def __init__(self, connection: Connection) -> None:
        self._driver: Any = connection.connection.dbapi_connection
        self._dialect = connection.dialect.name
        self.clashes: type[Exception] = connection.dialect.loaded_dbapi.IntegrityError
        self.wrote = False

    def all(self, statement: Executable, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        words, fixed = self._words(statement, given)
        found: list[tuple[Any, ...]] = self._driver.execute(words, {**fixed, **given}).fetchall()
        return found

    def first(self, statement: Executable, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        words, fixed = self._words(statement, given)
        found: tuple[Any, ...] | None = self._driver.execute(words, {**fixed, **given}).fetchone()
        return found

    def text(self, statement: Executable, given: Mapping[str, Any]) -> str | None:
        """The first column of the first row, which is text; None if there is none."""
        row = self.first(statement, given)
        return row[0] if row else None

    def blob(self, statement: Executable, given: Mapping[str, Any]) -> bytes | None:
        """The first column of the first row, which is bytes; None if there is none."""
        row = self.first(statement, given)
        return row[0] if row else None

    def number(self, statement: Executable, given: Mapping[str, Any]) -> int:
        """The first column of the first row, which is a number; 0 if there is none."""
        row = self.first(statement, given)
        return (row[0] if row else None) or 0

    def run(self, statement: Executable, given: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        self.wrote = True
        words, fixed = self._words(statement, given)
        return int(self._driver.execute(words, {**fixed, **given}).rowcount)

    def many(self, statement: Executable, given: Sequence[Mapping[str, Any]]) -> None:
        self.wrote = True
        words, fixed = self._words(statement, given[0])
        self._driver.cursor().executemany(words, [{**fixed, **one} for one in given] if fixed else given)

    def say(self, words: str) -> None:
        """Something that needs no values: a savepoint."""
        self._driver.execute(words)

    def _words(self, statement: Executable, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The SQL of a statement, and the values that are part of it. ``given`` names the columns of an insert."""
        known = _WORDS.get((self._dialect, id(statement)))
        if known is None:
            compiled: Any = statement.compile(  # type: ignore[attr-defined]
                dialect=DIALECTS[self._dialect],
                column_keys=list(given) if getattr(statement, "is_insert", False) else None,
            )
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            known = _WORDS[self._dialect, id(statement)] = (statement, str(compiled), fixed)
        return known[1], known[2]
