"""Quotas: how many questions a clause lets one nation put to another on one day. Both nodes count, each by its clock.

The count is kept in the transaction in which a question is numbered, or accepted. There is one writer, so two at once
cannot pass it; and it is durable, so no restart forgets it. What would have been found plays no part: a question too
many is refused before anything is looked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mithaq.kernel.law.decision import Basis, Ruling
from mithaq.kernel.ports import Transaction

SORT = "quota"
KEPT = timedelta(days=3)  # a day's count, so that a clock that is set back a little finds it again


def limit(ruling: Ruling) -> int | None:
    """How many a day the ruling allows; None where no clause counts them."""
    found = [each.value for each in ruling.obligations if each.what == "quota"]
    return int(found[0]) if found and isinstance(found[0], int) else None


def used(tx: Transaction, link: str, law: str, clause: str, at: datetime) -> int:
    """How many went over this link on this day by this clause."""
    found = tx.papers.get(SORT, _name(link, law, clause, at))
    return int(found) if found is not None else 0


def is_used_up(tx: Transaction, link: str, ruling: Ruling, at: datetime) -> bool:
    """Whether no more may go today."""
    most = limit(ruling)
    return most is not None and ruling.basis is not None and _used(tx, link, ruling.basis, at) >= most


def take(tx: Transaction, link: str, ruling: Ruling, at: datetime) -> bool:
    """Count one more, in this transaction; False, and nothing is counted, where the day's number is used up."""
    if limit(ruling) is None or ruling.basis is None:
        return True
    if is_used_up(tx, link, ruling, at):
        return False
    basis = ruling.basis
    count = str(_used(tx, link, basis, at) + 1).encode()
    tx.papers.put(SORT, _name(link, basis.law, basis.clause, at), count, expires=at + KEPT)
    return True


def _used(tx: Transaction, link: str, basis: Basis, at: datetime) -> int:
    return used(tx, link, basis.law, basis.clause, at)


def _name(link: str, law: str, clause: str, at: datetime) -> str:
    return f"{at:%Y-%m-%d}/{link}/{law}/{clause}"
