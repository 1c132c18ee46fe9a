"""Confirmed hits: a person at a partner compared, and confirmed that a record is about what was asked about.

From then on the law is asked about that record and that partner with ``hit.confirmed_by_human``; for every version, and
whether it is released, previewed or spoken. A clause that asks for a confirmed hit says more closely what may be told,
so it comes before those that do not ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mithaq.kernel.law.request import Cited
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.ports import Transaction

CONFIRMED = "hit.confirmed_by_human"


def note(tx: Transaction, record: str, partner: str, question: str) -> None:
    """A person of the partner has confirmed the hit that this question of theirs had on our record."""
    tx.memos.put(_memo(record, partner), question)


def is_confirmed(tx: Transaction, record: str, partner: str) -> bool:
    return tx.memos.get(_memo(record, partner)) is not None


def cited(book: Rulebook, sender: str, receiver: str, kind: str, at: datetime) -> Iterator[Cited | None]:
    """What to ask the law by, in this order: each clause that asks for a confirmed hit, then none in particular."""
    for law in book.agreements:
        if not law.binds(sender, receiver, at):
            continue
        for clause in law.clauses:
            asks = any(each.attribute == CONFIRMED for each in clause.when)
            if asks and clause.effect == "permit" and clause.covers(sender, receiver, "share", kind):
                yield Cited(law.ref, clause.id)
    yield None


def _memo(record: str, partner: str) -> str:
    return f"confirmed/{record}/{partner}"
