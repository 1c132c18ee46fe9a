"""The shelves of statements and duties in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, select

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.errors import Clash
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.shelves import Clocked, Filed

_S, _D = schema.statements, schema.duties

_ADD = insert(_S)
_ONE = select(_S).where(_S.c.matter == bindparam("m"), _S.c.party == bindparam("p"), _S.c.number == bindparam("n"))
_OF = select(_S).where(_S.c.matter == bindparam("m")).order_by(_S.c.party, _S.c.number)
_MATTERS = select(_S.c.matter).group_by(_S.c.matter).order_by(func.min(_S.c.position))
_MATTERS_OF = _MATTERS.where(_S.c.kind == bindparam("k"))
_MARK = select(_S.c.position, _S.c.digest).order_by(_S.c.position.desc()).limit(1)
_MARK_OF = _MARK.where(_S.c.kind == bindparam("k"))
_DUTY_REMOVE = delete(_D).where(_D.c.id == bindparam("i"))
_DUTY_ADD = insert(_D)
_DUTY = select(_D).where(_D.c.id == bindparam("i"))
_DUE = (
    select(_D)
    .where(_D.c.state == literal_column("'open'"), _D.c.due <= bindparam("upto"))
    .order_by(_D.c.due, _D.c.id)
    .limit(bindparam("limit"))
)
_DUTIES = select(_D).where(_D.c.id > bindparam("after")).order_by(_D.c.id).limit(bindparam("limit"))


class SqlStatements:
    """Few and weighty: written at once, not gathered."""

    def __init__(self, run: Prepared, pending: Pending) -> None:
        self._run = run
        self._pending = pending
        self._marks: dict[str, tuple[int, str]] = {}  # one transaction sees one state: asked once, until it adds

    def add(self, filed: Filed) -> None:
        self._pending.may_write()
        if self.get(filed.matter, filed.party, filed.number) is not None:
            raise Clash("taken", f"{filed.matter}/{filed.party}/{filed.number} is already in statements")
        row: dict[str, Any] = {name: getattr(filed, name) for name in Filed.__struct_fields__}
        self._run.run(_ADD, row | {"at": write_instant(filed.at), "position": self.mark()[0] + 1})
        self._marks.clear()

    def get(self, matter: str, party: str, number: int) -> Filed | None:
        row = self._run.first(_ONE, {"m": matter, "p": party, "n": number})
        return _filed(row) if row else None

    def of(self, matter: str) -> Sequence[Filed]:
        return [_filed(row) for row in self._run.all(_OF, {"m": matter})]

    def matters(self, kind: str = "") -> Sequence[str]:
        statement = _MATTERS_OF if kind else _MATTERS
        return [row[0] for row in self._run.all(statement, {"k": kind})]

    def mark(self, kind: str = "") -> tuple[int, str]:
        found = self._marks.get(kind)
        if found is None:
            row = self._run.first(_MARK_OF, {"k": kind}) if kind else self._run.first(_MARK, {})
            found = self._marks[kind] = (row[0], row[1]) if row else (0, "")
        return found


class SqlDuties:
    def __init__(self, run: Prepared, pending: Pending) -> None:
        self._run = run
        self._pending = pending

    def put(self, duty: Clocked) -> None:
        self._pending.may_write()
        self._run.run(_DUTY_REMOVE, {"i": duty.id})
        row = {"id": duty.id, "due": write_instant(duty.due), "state": duty.state, "content": duty.content}
        self._run.run(_DUTY_ADD, row)

    def get(self, id: str) -> Clocked | None:
        row = self._run.first(_DUTY, {"i": id})
        return _duty(row) if row else None

    def due(self, upto: datetime, *, limit: int = 100) -> Sequence[Clocked]:
        return [_duty(row) for row in self._run.all(_DUE, {"upto": write_instant(upto), "limit": limit})]

    def page(self, *, after: str = "", limit: int = 100) -> Sequence[Clocked]:
        return [_duty(row) for row in self._run.all(_DUTIES, {"after": after, "limit": limit})]


def _filed(row: tuple[Any, ...]) -> Filed:
    matter, party, number, kind, says, digest, envelope, at, position = row
    return Filed(matter, party, number, kind, says, digest, envelope, read_instant(at), position)


def _duty(row: tuple[Any, ...]) -> Clocked:
    id, due, state, content = row
    return Clocked(id, read_instant(due), state, content)
