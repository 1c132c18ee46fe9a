"""What a node keeps of its own running in SQL: papers, blobs and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, literal_column, select

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.adapters.store.vault import SealedShelf, blob_owner
from mithaq.kernel.audit import chained
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.shelves import Audited

_P, _B, _A = schema.papers, schema.blobs, schema.audit

_PAPER_ADD = insert(_P)
_PAPER = select(_P.c.content).where(_P.c.sort == bindparam("s"), _P.c.id == bindparam("i"))
_PAPER_REMOVE = delete(_P).where(_P.c.sort == bindparam("s"), _P.c.id == bindparam("i"))
_PAPERS = (
    select(_P.c.id, _P.c.content)
    .where(_P.c.sort == bindparam("s"), _P.c.id > bindparam("after"))
    .order_by(_P.c.id)
    .limit(bindparam("limit"))
)
_EXPIRE = delete(_P).where(_P.c.expires != literal_column("''"), _P.c.expires <= bindparam("upto"))

_BLOB_ADD = insert(_B)
_BLOB = select(_B.c.data).where(_B.c.hash == bindparam("h"))
_BLOB_THERE = select(_B.c.hash).where(_B.c.hash == bindparam("h"))
_BLOB_REMOVE = delete(_B).where(_B.c.hash == bindparam("h"))

_AUDIT_LAST = select(_A.c.number, _A.c.chain).order_by(_A.c.number.desc()).limit(1)
_AUDIT_PAGE = select(_A).where(_A.c.number > bindparam("after")).order_by(_A.c.number).limit(bindparam("limit"))
_AUDIT_PAGES: dict[tuple[bool, bool], Select[Any]] = {
    (False, False): _AUDIT_PAGE,
    (True, False): _AUDIT_PAGE.where(_A.c.who == bindparam("w")),
    (False, True): _AUDIT_PAGE.where(_A.c.subject == bindparam("s")),
    (True, True): _AUDIT_PAGE.where(_A.c.who == bindparam("w"), _A.c.subject == bindparam("s")),
}


class SqlPapers:
    def __init__(self, run: Prepared, pending: Pending) -> None:
        self._run = run
        self._pending = pending

    def put(self, sort: str, id: str, content: bytes, *, expires: datetime | None = None) -> None:
        self.remove(sort, id)
        until = write_instant(expires) if expires else ""
        self._run.run(_PAPER_ADD, {"sort": sort, "id": id, "expires": until, "content": content})

    def get(self, sort: str, id: str) -> bytes | None:
        return self._run.blob(_PAPER, {"s": sort, "i": id})

    def remove(self, sort: str, id: str) -> None:
        self._pending.may_write()
        self._run.run(_PAPER_REMOVE, {"s": sort, "i": id})

    def page(self, sort: str, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, bytes]]:
        return [(id, content) for id, content in self._run.all(_PAPERS, {"s": sort, "after": after, "limit": limit})]

    def expire(self, upto: datetime) -> int:
        self._pending.may_write()
        return self._run.run(_EXPIRE, {"upto": write_instant(upto)})


class SqlBlobs:
    def __init__(self, run: Prepared, pending: Pending, sealed: SealedShelf) -> None:
        self._run = run
        self._pending = pending
        self._sealed = sealed

    def put(self, hash: bytes, data: bytes) -> None:
        self._pending.may_write()
        if not self.has(hash):
            owner = blob_owner(hash)
            self._run.run(_BLOB_ADD, {"hash": hash, "data": self._sealed.seal(owner, owner, data)})

    def get(self, hash: bytes) -> bytes | None:
        sealed = self._run.blob(_BLOB, {"h": hash})
        return None if sealed is None else self._sealed.open(blob_owner(hash), blob_owner(hash), sealed)

    def has(self, hash: bytes) -> bool:
        return self._run.first(_BLOB_THERE, {"h": hash}) is not None

    def remove(self, hash: bytes) -> None:
        self._pending.may_write()
        self._run.run(_BLOB_REMOVE, {"h": hash})
        self._sealed.destroy(blob_owner(hash))


class SqlAudit:
    """Each line is chained to the one before, so that none can be taken out or changed unseen."""

    def __init__(self, run: Prepared, pending: Pending) -> None:
        self._run = run
        self._pending = pending
        self._last: tuple[int, bytes] | None = None

    def add(self, *, at: datetime, who: str, act: str, subject: str, reason: str = "") -> None:
        number, before = self._last or self._run.first(_AUDIT_LAST, {}) or (0, b"")
        made = Audited(number + 1, at, who, act, subject, reason, b"")
        chain = chained(before, made)
        row = {"at": write_instant(at), "who": who, "act": act, "subject": subject, "reason": reason, "chain": chain}
        self._pending.add(_A, (number + 1,), {"number": number + 1, **row})
        self._last = number + 1, chain

    def page(self, *, after: int = 0, limit: int = 1000, who: str = "", subject: str = "") -> Sequence[Audited]:
        self._pending.write(_A)
        given = {"after": after, "limit": limit} | ({"w": who} if who else {}) | ({"s": subject} if subject else {})
        found = self._run.all(_AUDIT_PAGES[bool(who), bool(subject)], given)
        return [Audited(number, read_instant(at), *rest) for number, at, *rest in found]
