"""The shelves in SQL: records, journal, decisions, views and the audit log. ``links`` has a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy import Row as SqlRow

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.kernel import canonical
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.ports import Entry, Holding, Row

_R, _J, _D, _V, _C, _A, _N = (
    schema.records,
    schema.journal,
    schema.decisions,
    schema.rows,
    schema.cursors,
    schema.audit,
    schema.memos,
)

_RECORD_NEWEST = select(_R).where(_R.c.id == bindparam("id")).order_by(_R.c.version.desc()).limit(1)
_RECORD_VERSION = select(_R).where(_R.c.id == bindparam("id"), _R.c.version == bindparam("version"))
_RECORD_REFERENCE = (
    select(_R)
    .where(
        _R.c.reference == bindparam("reference"),
        _R.c.reference != "",
        _R.c.kind.startswith(bindparam("base"), autoescape=False),
        _R.c.exercise == bindparam("exercise"),
        _R.c.link == "",
    )
    .order_by(_R.c.version.desc(), _R.c.position.desc())
    .limit(1)
)
_RECORD_PAGE = select(_R).where(_R.c.position > bindparam("after")).order_by(_R.c.position).limit(bindparam("limit"))
_JOURNAL_PAGE = select(_J).where(_J.c.position > bindparam("after")).order_by(_J.c.position).limit(bindparam("limit"))
_JOURNAL_LAST = select(func.max(_J.c.position))
_DECISION_PUT = insert(_D).prefix_with("OR REPLACE", dialect="sqlite")
_DECISION = select(_D.c.content).where(_D.c.subject == bindparam("s"), _D.c.party == bindparam("p"))
_DECISIONS = select(_D.c.party, _D.c.content).where(_D.c.subject == bindparam("s")).order_by(_D.c.party)
_CURSOR = select(_C.c.version, _C.c.position).where(_C.c.view == bindparam("v"))
_CURSOR_ADD = insert(_C)
_CURSOR_MOVE = (
    update(_C).where(_C.c.view == bindparam("v")).values(version=bindparam("to_version"), position=bindparam("to"))
)
_ROWS_CLEAR = delete(_V).where(_V.c.view == bindparam("v"))
_ROW_REMOVE = delete(_V).where(_V.c.view == bindparam("v"), _V.c.key == bindparam("k"))
_ROW_ADD = insert(_V)
_ROW = select(_V).where(_V.c.view == bindparam("v"), _V.c.key == bindparam("k"))
_ROWS = (
    select(_V)
    .where(_V.c.view == bindparam("v"), _V.c.exercise == bindparam("exercise"), _V.c.key > bindparam("after"))
    .order_by(_V.c.key)
    .limit(bindparam("limit"))
)
_AUDIT_ADD = insert(_A)
_AUDIT_PAGE = select(_A).where(_A.c.number > bindparam("after")).order_by(_A.c.number).limit(bindparam("limit"))

_MEMO = select(_N.c.value).where(_N.c.name == bindparam("n"))
_MEMO_ADD = insert(_N)
_MEMO_REMOVE = delete(_N).where(_N.c.name == bindparam("n"))
_MEMO_NAMES = select(_N.c.name).where(_N.c.name >= bindparam("low"), _N.c.name < bindparam("high")).order_by(_N.c.name)


class SqlRecords:
    def __init__(self, connection: Connection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending
        self._added: set[str] = set()

    def add(self, holding: Holding) -> None:
        self._added.add(holding.id)
        self._pending.add(_R, (holding.id, holding.version), msgspec.structs.asdict(holding))

    def get(self, id: str, version: int | None = None) -> Holding | None:
        waiting = self._pending.of(_R)
        if version is not None:
            found = waiting.get((id, version))
            row = None if found else self._connection.execute(_RECORD_VERSION, {"id": id, "version": version}).first()
            return Holding(**found) if found else _holding(row)
        if id in self._added:
            self._pending.write(_R)
        return _holding(self._connection.execute(_RECORD_NEWEST, {"id": id}).first())

    def by_reference(self, kind_base: str, reference: str, exercise: bool) -> Holding | None:
        self._pending.write(_R)
        given = {"reference": reference, "base": kind_base + "/", "exercise": exercise}
        return _holding(self._connection.execute(_RECORD_REFERENCE, given).first())

    def page(self, *, after: int = 0, limit: int = 100) -> Sequence[Holding]:
        self._pending.write(_R)
        found = self._connection.execute(_RECORD_PAGE, {"after": after, "limit": limit})
        return [Holding(**row._mapping) for row in found]


class SqlJournal:
    def __init__(self, connection: Connection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending
        self._last: int | None = None

    def add(self, what: str, subject: str, *, at: datetime, party: str = "", exercise: bool = False) -> int:
        position = self._last = self.last() + 1  # there is one writer: nobody else takes it
        row = {"position": position, "at": write_instant(at), "what": what, "subject": subject}
        self._pending.add(_J, (position,), row | {"party": party, "exercise": exercise})
        return position

    def page(self, *, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        self._pending.write(_J)
        found = self._connection.execute(_JOURNAL_PAGE, {"after": after, "limit": limit})
        return [Entry(r.position, read_instant(r.at), r.what, r.subject, r.party, r.exercise) for r in found]

    def last(self) -> int:
        if self._last is None:
            return self._connection.scalar(_JOURNAL_LAST) or 0
        return self._last


class SqlDecisions:
    def __init__(self, connection: Connection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending

    def put(self, subject: str, party: str, content: bytes) -> None:
        self._pending.finally_do("decisions", self._write)
        self._pending.put(_D, (subject, party), {"subject": subject, "party": party, "content": content})

    def get(self, subject: str, party: str) -> bytes | None:
        self._write()
        return self._connection.scalar(_DECISION, {"s": subject, "p": party})

    def of(self, subject: str) -> Sequence[tuple[str, bytes]]:
        self._write()
        return [(row.party, row.content) for row in self._connection.execute(_DECISIONS, {"s": subject})]

    def _write(self) -> None:
        self._pending.write(_D, _DECISION_PUT)


class SqlViews:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cursor(self, view: str) -> tuple[int, int]:
        row = self._connection.execute(_CURSOR, {"v": view}).first()
        return (row.version, row.position) if row else (0, 0)

    def move(self, view: str, version: int, position: int) -> None:
        moved = self._connection.execute(_CURSOR_MOVE, {"v": view, "to_version": version, "to": position})
        if moved.rowcount == 0:
            self._connection.execute(_CURSOR_ADD, {"view": view, "version": version, "position": position})

    def clear(self, view: str) -> None:
        self._connection.execute(_ROWS_CLEAR, {"v": view})

    def put(self, view: str, row: Row) -> None:
        self.remove(view, row.key)
        values = {name: getattr(row, name) for name in Row.__struct_fields__}
        self._connection.execute(_ROW_ADD, values | {"view": view, "body": canonical.encode(row.body)})

    def remove(self, view: str, key: str) -> None:
        self._connection.execute(_ROW_REMOVE, {"v": view, "k": key})

    def get(self, view: str, key: str) -> Row | None:
        found = self._connection.execute(_ROW, {"v": view, "k": key}).first()
        return _row(found) if found else None

    def page(self, view: str, *, exercise: bool, after: str = "", limit: int = 100) -> Sequence[Row]:
        given = {"v": view, "exercise": exercise, "after": after, "limit": limit}
        return [_row(found) for found in self._connection.execute(_ROWS, given)]


class SqlAudit:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, *, at: datetime, who: str, act: str, subject: str) -> None:
        self._connection.execute(_AUDIT_ADD, {"at": write_instant(at), "who": who, "act": act, "subject": subject})

    def page(self, *, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, datetime, str, str, str]]:
        found = self._connection.execute(_AUDIT_PAGE, {"after": after, "limit": limit})
        return [(row.number, read_instant(row.at), row.who, row.act, row.subject) for row in found]


class SqlMemos:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        return self._connection.scalar(_MEMO, {"n": name})

    def put(self, name: str, value: str | None) -> None:
        self._connection.execute(_MEMO_REMOVE, {"n": name})
        if value is not None:
            self._connection.execute(_MEMO_ADD, {"name": name, "value": value})

    def names(self, prefix: str) -> Sequence[str]:
        return list(self._connection.scalars(_MEMO_NAMES, {"low": prefix, "high": prefix + "\U0010ffff"}))


def _holding(row: SqlRow[Any] | None) -> Holding | None:
    return Holding(**row._mapping) if row else None


def _row(found: SqlRow[Any]) -> Row:
    body = canonical.decode(found.body, dict)
    return Row(found.key, found.title, found.time, found.place, found.exercise, body)
