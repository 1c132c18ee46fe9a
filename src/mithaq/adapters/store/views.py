"""The rows of views in SQL, and the words they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, delete, exists, insert, select, update

from mithaq.adapters.store import schema
from mithaq.adapters.store.prepared import Prepared
from mithaq.kernel import canonical
from mithaq.kernel.shelves import Row

_V, _C, _T = schema.rows, schema.cursors, schema.terms
RARE = 500  # rows that one word finds: up to here they are fetched and put in order, beyond it the order is walked
_BEYOND = "\U0010ffff"

_CURSOR = select(_C.c.version, _C.c.position).where(_C.c.view == bindparam("v"))
_VIEWS = select(_C.c.view)
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
_TERMS_CLEAR = delete(_T).where(_T.c.view == bindparam("v"))
_TERMS_REMOVE = delete(_T).where(_T.c.view == bindparam("v"), _T.c.key == bindparam("k"))
_TERM_ADD = insert(_T)
_NEWEST = (
    select(_V)
    .where(_V.c.view == bindparam("v"), _V.c.exercise == bindparam("exercise"), _V.c.position < bindparam("before"))
    .order_by(_V.c.position.desc(), _V.c.key)
    .limit(bindparam("limit"))
)
_FOUND = (
    select(_T.c.key)
    .where(
        _T.c.view == bindparam("v"),
        _T.c.exercise == bindparam("exercise"),
        _T.c.term >= bindparam("low"),
        _T.c.term < bindparam("high"),
    )
    .limit(bindparam("limit"))
)

_HAS = (
    select(_T.c.key)
    .where(
        _T.c.view == bindparam("v"),
        _T.c.key == bindparam("k"),
        _T.c.exercise == bindparam("exercise"),
        _T.c.term >= bindparam("low"),
        _T.c.term < bindparam("high"),
    )
    .limit(1)
)


class SqlViews:
    def __init__(self, run: Prepared) -> None:
        self._run = run

    def cursor(self, view: str) -> tuple[int, int]:
        row = self._run.first(_CURSOR, {"v": view})
        return (row[0], row[1]) if row else (0, 0)

    def move(self, view: str, version: int, position: int) -> None:
        if self._run.run(_CURSOR_MOVE, {"v": view, "to_version": version, "to": position}) == 0:
            self._run.run(_CURSOR_ADD, {"view": view, "version": version, "position": position})

    def clear(self, view: str) -> None:
        self._run.run(_ROWS_CLEAR, {"v": view})
        self._run.run(_TERMS_CLEAR, {"v": view})

    def put(self, view: str, row: Row) -> None:
        self.remove(view, row.key)
        values = {name: getattr(row, name) for name in Row.__struct_fields__ if name != "terms"}
        self._run.run(_ROW_ADD, values | {"view": view, "body": canonical.encode(row.body)})
        if row.terms:
            common = {"view": view, "exercise": row.exercise, "key": row.key}
            self._run.many(_TERM_ADD, [common | {"term": term} for term in dict.fromkeys(row.terms)])

    def remove(self, view: str, key: str) -> None:
        self._run.run(_ROW_REMOVE, {"v": view, "k": key})
        self._run.run(_TERMS_REMOVE, {"v": view, "k": key})

    def forget(self, key: str) -> None:
        for (view,) in self._run.all(_VIEWS, {}):
            self.remove(view, key)

    def get(self, view: str, key: str) -> Row | None:
        found = self._run.first(_ROW, {"v": view, "k": key})
        return _row(found) if found else None

    def page(self, view: str, *, exercise: bool, after: str = "", limit: int = 100) -> Sequence[Row]:
        given = {"v": view, "exercise": exercise, "after": after, "limit": limit}
        return [_row(found) for found in self._run.all(_ROWS, given)]

    def newest(
        self, view: str, *, exercise: bool, terms: Sequence[str] = (), before: int = 0, limit: int = 100
    ) -> Sequence[Row]:
        before = before or 2**62
        given: dict[str, Any] = {"v": view, "exercise": exercise, "before": before, "limit": limit}
        if not terms:
            return [_row(found) for found in self._run.all(_NEWEST, given)]
        ranges = [_range(term) for term in terms]
        keys = self._rarest(view, exercise, ranges)
        if keys is None:
            for i, (low, high) in enumerate(ranges):
                given |= {f"low{i}": low, f"high{i}": high}
            return [_row(found) for found in self._run.all(_walk(len(ranges)), given)]
        found = [row for key in keys if (row := self.get(view, key)) is not None and row.position < before]
        return sorted(found, key=lambda row: (-row.position, row.key))[:limit]

    def _rarest(self, view: str, exercise: bool, ranges: Sequence[tuple[str, str]]) -> set[str] | None:
        """The keys that have a term in each range, if one of them is rare; None if all are common."""
        given = {"v": view, "exercise": exercise, "limit": RARE + 1}
        found: list[set[str]] = []
        for low, high in ranges:
            rows = self._run.all(_FOUND, given | {"low": low, "high": high})
            if len(rows) <= RARE:  # all of them: one row may be found by several terms of the range
                found.append({row[0] for row in rows})
        if not found:
            return None
        common = set.intersection(*found)
        rest = ranges if len(found) < len(ranges) else ()
        return {key for key in common if all(self._has(view, exercise, key, *each) for each in rest)}

    def _has(self, view: str, exercise: bool, key: str, low: str, high: str) -> bool:
        given = {"v": view, "exercise": exercise, "k": key, "low": low, "high": high}
        return self._run.first(_HAS, given) is not None


@cache
def _walk(ranges: int) -> Select[Any]:
    """Rows from the newest on that have a term in each of so many ranges."""
    conditions = [
        exists().where(
            _T.c.view == _V.c.view, _T.c.key == _V.c.key, _T.c.exercise == _V.c.exercise,
            _T.c.term >= bindparam(f"low{i}"), _T.c.term < bindparam(f"high{i}"),
        )
        for i in range(ranges)
    ]  # fmt: skip
    return _NEWEST.where(*conditions)


def _range(term: str) -> tuple[str, str]:
    """From and before which terms lie that are this one, or that begin with it where it ends in a star."""
    if term.endswith("*"):
        return term[:-1], term[:-1] + _BEYOND
    return term, term + "\0"


def _row(found: tuple[Any, ...]) -> Row:
    _, key, title, time, place, exercise, body, position = found
    return Row(key, title, time, place, bool(exercise), msgspec.json.decode(body), position=position)
