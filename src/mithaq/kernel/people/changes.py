"""Changes of people, shown to oversight: each is a line to look at, and one duty stands until all were looked at.

The administrator can neither hold such a line back nor take it away: only oversight takes it off the list, by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from mithaq.kernel.duty import Duty, discharge, duties, open_duty
from mithaq.kernel.people.paper import every, keep
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Count, Instant

SORT = "change"
LAST = "people/changes"
LOOKED_AT_WITHIN = timedelta(days=7)


class Change(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One change: which act, about whom, by whom, and who agreed where one had to."""

    number: Count
    act: str
    subject: str
    who: str
    second: str = ""
    detail: str = ""
    at: Instant


def note(
    tx: Transaction, act: str, subject: str, at: datetime, *, who: str, second: str = "", detail: str = ""
) -> None:
    """Put a change before oversight."""
    number = int(tx.memos.get(LAST) or 0) + 1
    tx.memos.put(LAST, str(number))
    change = Change(number=number, act=act, subject=subject, who=who, second=second, detail=detail, at=at)
    if next(unseen(tx), None) is None:
        _owe(tx, change)
    keep(tx, SORT, f"{number:012d}", change)


def unseen(tx: Transaction) -> Iterator[Change]:
    """What oversight has not looked at, the oldest first."""
    return (change for _, change in every(tx, SORT, Change))


def looked_at(tx: Transaction, upto: int, by: str, at: datetime) -> int:
    """Oversight has looked at every change up to a number; how many that were. A duty stands for the rest."""
    seen = [change for change in unseen(tx) if change.number <= upto]
    for change in seen:
        tx.papers.remove(SORT, f"{change.number:012d}")
    for duty in duties(tx) if seen else ():
        if duty.id.startswith("people/"):
            discharge(tx, duty.id, f"people.review by {by}", at)
    if seen and (left := next(unseen(tx), None)) is not None:
        _owe(tx, left)
    return len(seen)


def _owe(tx: Transaction, first: Change) -> None:
    made = Duty(
        id=f"people/{first.number}",
        what="look_at_people",
        about=f"changes of people from number {first.number} on",
        since=first.at,
        due=first.at + LOOKED_AT_WITHIN,
        owed_by="oversight",
        escalates_to="oversight",  # there is nobody above it in a node: it shows as late
        discharged_by=("people_review",),
    )
    open_duty(tx, made)
