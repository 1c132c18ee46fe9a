"""The shelves in SQL: records, journal, decisions and memos. The others have files of their own."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict, replace
from sqlalchemy import bindparam, delete, func, insert, literal_column, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.adapters.store.vault import SealedShelf, record_place
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.shelves import Entry, Holding

AFTER_SLASH = "0"  # the next character: what begins with "x/" lies from "x/" and before "x0"
_R, _J, _D, _N, _M = schema.records, schema.journal, schema.decisions, schema.memos, schema.messages

_RECORD_NEWEST = select(_R).where(_R.c.id == bindparam("id")).order_by(_R.c.version.desc()).limit(1)
_RECORD_VERSION = select(_R).where(_R.c.id == bindparam("id"), _R.c.version == bindparam("version"))
_RECORD_VERSIONS = select(_R.c.version).where(_R.c.id == bindparam("id")).order_by(_R.c.version)
_RECORD_KIND = select(_R.c.kind).where(_R.c.id == bindparam("id"), _R.c.version == bindparam("version"))
_RECORD_REFERENCE = (
    select(_R)
    .where(
        _R.c.reference == bindparam("reference"),
        _R.c.reference != literal_column("''"),  # spelt out, so that the partial index is used
        _R.c.kind >= bindparam("low"),
        _R.c.kind < bindparam("high"),
        _R.c.exercise == bindparam("exercise"),
        _R.c.link == "",
    )
    .order_by(_R.c.version.desc(), _R.c.position.desc())
    .limit(1)
)
_RECORD_PAGE = select(_R).where(_R.c.position > bindparam("after")).order_by(_R.c.position).limit(bindparam("limit"))
_RECORD_ERASE = (
    update(_R).where(_R.c.id == bindparam("i")).values(content=bindparam("empty"), reference=bindparam("none"))
)
_CARRIED_ERASE = (
    update(_M)
    .where(_M.c.subject >= bindparam("low"), _M.c.subject < bindparam("high"))
    .values(content=null(), salt=bindparam("none"))
)
_JOURNAL_PAGE = select(_J).where(_J.c.position > bindparam("after")).order_by(_J.c.position).limit(bindparam("limit"))
_JOURNAL_LAST = select(func.max(_J.c.position))
_DECISION_ADD = upsert(_D)  # of both dialects: they write it alike
_DECISION_PUT = _DECISION_ADD.on_conflict_do_update(
    index_elements=[_D.c.subject, _D.c.party], set_={"content": _DECISION_ADD.excluded.content}
)
_DECISION = select(_D.c.content).where(_D.c.subject == bindparam("s"), _D.c.party == bindparam("p"))
_DECISIONS = select(_D.c.party, _D.c.content).where(_D.c.subject == bindparam("s")).order_by(_D.c.party)
_MEMO = select(_N.c.value).where(_N.c.name == bindparam("n"))
_MEMO_ADD = insert(_N)
_MEMO_REMOVE = delete(_N).where(_N.c.name == bindparam("n"))
_MEMO_NAMES = select(_N.c.name).where(_N.c.name >= bindparam("low"), _N.c.name < bindparam("high")).order_by(_N.c.name)


class SqlRecords:
    def __init__(self, run: Prepared, pending: Pending, sealed: SealedShelf) -> None:
        self._run = run
        self._pending = pending
        self._sealed = sealed
        self._added: set[str] = set()

    def add(self, holding: Holding) -> None:
        self._added.add(holding.id)
        content = self._sealed.seal(holding.id, record_place(holding.id, holding.version), holding.content)
        self._pending.add(_R, (holding.id, holding.version), asdict(holding) | {"content": content})

    def get(self, id: str, version: int | None = None) -> Holding | None:
        waiting = self._pending.of(_R)
        if version is not None:
            found = waiting.get((id, version))
            row = None if found else self._run.first(_RECORD_VERSION, {"id": id, "version": version})
            return self._opened(Holding(**found)) if found else self._holding(row)
        if id in self._added:
            self._pending.write(_R)
        return self._holding(self._run.first(_RECORD_NEWEST, {"id": id}))

    def versions(self, id: str) -> Sequence[int]:
        self._pending.write(_R)
        return [row[0] for row in self._run.all(_RECORD_VERSIONS, {"id": id})]

    def kind(self, id: str, version: int) -> str | None:
        waiting = self._pending.of(_R).get((id, version))
        return waiting["kind"] if waiting else self._run.text(_RECORD_KIND, {"id": id, "version": version})

    def by_reference(self, kind_base: str, reference: str, exercise: bool) -> Holding | None:
        self._pending.write(_R)
        given = {"reference": reference, "exercise": exercise}
        given |= {"low": f"{kind_base}/", "high": f"{kind_base}{AFTER_SLASH}"}
        return self._holding(self._run.first(_RECORD_REFERENCE, given))

    def page(self, *, after: int = 0, limit: int = 100) -> Sequence[Holding]:
        self._pending.write(_R)
        found = self._run.all(_RECORD_PAGE, {"after": after, "limit": limit})
        return [self._opened(_held(row)) for row in found]

    def erase(self, id: str) -> None:
        self._pending.flush()
        self._run.run(_RECORD_ERASE, {"i": id, "empty": b"", "none": ""})
        self._run.run(_CARRIED_ERASE, {"low": f"{id}/", "high": f"{id}0", "none": b""})
        self._sealed.destroy(id)

    def _holding(self, row: tuple[Any, ...] | None) -> Holding | None:
        return self._opened(_held(row)) if row else None

    def _opened(self, holding: Holding) -> Holding:
        """With its content in the clear; with none where it was erased, here or since this copy was made."""
        if not holding.content:
            return holding
        content = self._sealed.open(holding.id, record_place(holding.id, holding.version), holding.content)
        return replace(holding, content=content or b"")


class SqlJournal:
    def __init__(self, run: Prepared, pending: Pending) -> None:
        self._run = run
        self._pending = pending
        self._last: int | None = None

    def add(self, what: str, subject: str, *, at: datetime, party: str = "", exercise: bool = False) -> int:
        position = self._last = self.last() + 1  # there is one writer: nobody else takes it
        row = {"position": position, "at": write_instant(at), "what": what, "subject": subject}
        self._pending.add(_J, (position,), row | {"party": party, "exercise": exercise})
        return position

    def page(self, *, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        self._pending.write(_J)
        found = self._run.all(_JOURNAL_PAGE, {"after": after, "limit": limit})
        return [
            Entry(position, read_instant(at), what, subject, party, bool(exercise))
            for position, at, what, subject, party, exercise in found
        ]

    def last(self) -> int:
        if self._last is None:
            return self._run.number(_JOURNAL_LAST, {})
        return self._last


class SqlDecisions:
    def __init__(self, run: Prepared, pending: Pending) -> None:
        self._run = run
        self._pending = pending

    def put(self, subject: str, party: str, content: bytes) -> None:
        self._pending.finally_do("decisions", self._write)
        row = {"subject": subject, "party": party, "content": _pack(content)}
        self._pending.put(_D, (subject, party), row)

    def get(self, subject: str, party: str) -> bytes | None:
        self._write()
        found = self._run.blob(_DECISION, {"s": subject, "p": party})
        return None if found is None else _unpack(found)

    def of(self, subject: str) -> Sequence[tuple[str, bytes]]:
        self._write()
        return [(party, _unpack(content)) for party, content in self._run.all(_DECISIONS, {"s": subject})]

    def _write(self) -> None:
        self._pending.write(_D, _DECISION_PUT)


def _pack(content: bytes) -> bytes:
    """There is a decision for each record and partner, mostly of the same words: a quarter of the room is enough."""
    return zlib.compress(content, 1)


def _unpack(stored: bytes) -> bytes:
    """As it was given. An earlier Mithaq kept the JSON as it is, which begins as nothing that is packed does."""
    return stored if stored.startswith(b"{") else zlib.decompress(stored)


class SqlMemos:
    def __init__(self, run: Prepared) -> None:
        self._run = run

    def get(self, name: str) -> str | None:
        return self._run.text(_MEMO, {"n": name})

    def put(self, name: str, value: str | None) -> None:
        self._run.run(_MEMO_REMOVE, {"n": name})
        if value is not None:
            self._run.run(_MEMO_ADD, {"name": name, "value": kept(value)})

    def names(self, prefix: str) -> Sequence[str]:
        given = {"low": prefix, "high": prefix + "\U0010ffff"}
        return [row[0] for row in self._run.all(_MEMO_NAMES, given)]


def kept(value: Any) -> Any:
    """Text as every database can keep it. Character 0, which PostgreSQL has not, comes from partners' odd values only:
    they are kept as exact bytes elsewhere, and what is shown of them must not stop a view.
    """
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def _held(row: tuple[Any, ...]) -> Holding:
    id, version, kind, origin, exercise, *rest = row
    return Holding(id, version, kind, origin, bool(exercise), *rest)
