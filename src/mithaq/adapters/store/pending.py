"""What a transaction has added and not yet written: rows of one table go to the database together.

A statement of its own for each row costs several times what the row does. So rows wait here, are found here by whoever
asks for one of them, and are written before anything is asked of their table that only the database can answer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, Table, bindparam, insert, select

from mithaq.adapters.store.prepared import JOB, Prepared
from mithaq.errors import Clash

Key = tuple[Any, ...]
Row = dict[str, Any]


class Pending:
    """The rows that wait, by table and primary key, in the order they came."""

    def __init__(self, run: Prepared, readonly: bool) -> None:
        self._run = run
        self._readonly = readonly
        self._rows: dict[Table, dict[Key, Row]] = {}
        self._last: dict[str, Callable[[], None]] = {}
        self._clash: Clash | None = None

    def add(self, table: Table, key: Key, row: Row) -> None:
        """Keep a row. Clash, now or when it is written, if its key is taken."""
        self.may_write()
        waiting = self._rows.setdefault(table, {})
        if key in waiting:
            raise _taken(table, key)
        waiting[key] = row

    def put(self, table: Table, key: Key, row: Row) -> None:
        """Keep a row in place of one that waits under the same key."""
        self.may_write()
        self._rows.setdefault(table, {})[key] = row

    def finally_do(self, name: str, write: Callable[[], None]) -> None:
        """Have this done once at the next ``flush``."""
        self.may_write()
        self._last[name] = write

    def of(self, table: Table) -> dict[Key, Row]:
        return self._rows.get(table, {})

    def write(self, table: Table, statement: Insert | None = None) -> None:
        """Write what waits for one table."""
        waiting = self._rows.pop(table, {})
        if not waiting:
            return
        try:
            self._run.many(_insert(table) if statement is None else statement, list(waiting.values()))
        except self._run.clashes:
            self._run.say(f"ROLLBACK TO {JOB}")  # PostgreSQL answers nothing before that
            key = next((key for key in waiting if self._is_taken(table, key)), next(iter(waiting)))
            self._clash = _taken(table, key)
            raise self._clash from None

    def flush(self) -> None:
        """Write everything. The Clash of before, if there was one: what the job did until then was undone."""
        if self._clash is not None:
            raise self._clash
        for write in self._last.values():
            write()
        self._last.clear()
        for table in list(self._rows):
            self.write(table)

    def may_write(self) -> None:
        """Clash in a readonly transaction."""
        if self._readonly:
            raise Clash("reading", "nothing can be written in a readonly transaction", hint="use Store.write")

    def _is_taken(self, table: Table, key: Key) -> bool:
        given = dict(zip((column.name for column in table.primary_key.columns), key, strict=True))
        return self._run.first(_by_key(table), given) is not None


@cache
def _by_key(table: Table) -> Select[Any]:
    return select(table).where(*(column == bindparam(column.name) for column in table.primary_key.columns))


@cache
def _insert(table: Table) -> Insert:
    return insert(table)


def _taken(table: Table, key: Key) -> Clash:
    return Clash("taken", f"{'/'.join(map(str, key))} is already in {table.name}")
