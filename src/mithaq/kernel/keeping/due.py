"""What is to be looked at when an instant has passed: ids by the instant, each thing once, moved when its time changes.

Papers hold them: one that says until when, and one in the order of time. So what is due is found without a search, and
nothing is due earlier than it was last said to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.ports import Transaction

PAGE = 200


def set_due(tx: Transaction, sort: str, id: str, until: datetime | None) -> None:
    """Have it looked at then, and not at the time that was said before; never, with None."""
    before = tx.papers.get(sort, id)
    if before is not None:
        tx.papers.remove(f"{sort}_order", f"{before.decode()}|{id}")
        tx.papers.remove(sort, id)
    if until is not None:
        at = write_instant(until)
        tx.papers.put(sort, id, at.encode())
        tx.papers.put(f"{sort}_order", f"{at}|{id}", b"")


def due_of(tx: Transaction, sort: str, id: str) -> datetime | None:
    """When it is to be looked at."""
    found = tx.papers.get(sort, id)
    return read_instant(found.decode()) if found is not None else None


def is_due(tx: Transaction, sort: str, at: datetime) -> bool:
    """Whether anything is to be looked at by now."""
    first = tx.papers.page(f"{sort}_order", limit=1)
    return bool(first) and first[0][0].partition("|")[0] <= write_instant(at)


def all_due(tx: Transaction, sort: str, at: datetime, *, limit: int = PAGE) -> Iterator[str]:
    """What is to be looked at by now, the oldest first; at most so many."""
    upto = write_instant(at)
    for id, _ in tx.papers.page(f"{sort}_order", limit=limit):
        when, _, name = id.partition("|")
        if when > upto:
            return
        yield name
