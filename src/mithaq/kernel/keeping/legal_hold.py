"""Legal holds: a complaint or a court keeps a record from being deleted, and nobody works with it meanwhile.

While its time is not over a hold changes nothing. When it is over, or the record is recalled, it is *restricted* in
place of being deleted: no search finds it, and only those who settle complaints may read it. Its origin is told then,
and not before: that somebody complained is not its business until it is owed a deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from mithaq.kernel.matter.holding import HeldFor
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant, Line, RecordId

HELD = "legal_hold"
RESTRICTED = "restricted/"
SETTLES = frozenset({"legal_officer", "oversight"})
"""Who may read a record that is restricted."""


class LegalHold(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a record is not deleted, since when, by whose order. ``reference`` stays at home."""

    record: RecordId
    why: HeldFor
    reference: Line
    since: Instant
    who: str


def hold(tx: Transaction, new: LegalHold) -> None:
    tx.papers.put(HELD, new.record, msgspec.json.encode(new))


def held(tx: Transaction, record: str) -> LegalHold | None:
    """The hold on a record, if there is one."""
    found = tx.papers.get(HELD, record)
    return msgspec.json.decode(found, type=LegalHold) if found is not None else None


def holds(tx: Transaction) -> list[LegalHold]:
    """Every hold there is, by record."""
    found: list[LegalHold] = []
    after = ""
    while page := tx.papers.page(HELD, after=after):
        found += [msgspec.json.decode(content, type=LegalHold) for _, content in page]
        after = page[-1][0]
    return found


def free(tx: Transaction, record: str) -> bool:
    """End the hold; whether it had kept the record from being deleted."""
    tx.papers.remove(HELD, record)
    stopped = is_restricted(tx, record)
    tx.memos.put(RESTRICTED + record, None)
    return stopped


def restrict(tx: Transaction, record: str, why: str, at: datetime) -> bool:
    """Let nobody work with it any more; whether that is new. ``why``: what its deletion was due for."""
    if is_restricted(tx, record):
        return False
    tx.memos.put(RESTRICTED + record, why)
    tx.views.forget(record)
    holding = tx.records.get(record)
    exercise = holding.exercise if holding is not None else False
    tx.journal.add("restricted", record, at=at, exercise=exercise)
    return True


def is_restricted(tx: Transaction, record: str) -> bool:
    return tx.memos.get(RESTRICTED + record) is not None


def why_restricted(tx: Transaction, record: str) -> str:
    """What its deletion was due for: recalled, expired or ordered."""
    return tx.memos.get(RESTRICTED + record) or ""


def hides(tx: Transaction, record: str, roles: Iterable[str]) -> bool:
    """Whether whoever has these roles may not read it now."""
    return is_restricted(tx, record) and not SETTLES & set(roles)
