"""Cases: a view of everything that oversight states or is told, found by what it is about, and by what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mithaq.capabilities.oversight.records import sort_of
from mithaq.errors import NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reaction import holding_of
from mithaq.kernel.shelves import Entry, Holding, Row
from mithaq.kernel.view import View

CASES, COUNTS, ENDS = "oversight.cases", "oversight.counts", "oversight.ends"
PAGE = 200


def fields_of(holding: Holding) -> dict[str, Any]:
    """The body of our own record, or the fields of a partner's release; nothing where it was erased."""
    if not holding.content:
        return {}
    plain: dict[str, Any] = canonical.decode(holding.content, dict)
    fields: dict[str, Any] = plain["fields" if holding.link else "body"]
    return fields


def fold_case(entry: Entry, tx: Transaction) -> Row | None:
    """The row of a record of oversight, our own or a partner's: which it is and what it is about, and nothing of it."""
    holding = holding_of(entry, tx, sort_of)
    sort = sort_of(holding.kind) if holding is not None else ""
    if holding is None or not sort or not holding.content:
        return None
    fields = fields_of(holding)
    side = "received" if holding.link else "own"
    old = tx.views.get(CASES, holding.id)
    first = old.body["first"] if old is not None else write_instant(entry.at)
    body = {"sort": sort, "side": side, "origin": holding.origin, "version": holding.version, "first": first}
    named = [f"={name}:{fields[name]}" for name in ("about", "of") if isinstance(fields.get(name), str)]
    terms = (f"=sort:{sort}", f"=side:{side}", f"=both:{sort}:{side}", *named)
    return Row(holding.id, sort, first, exercise=holding.exercise, body=body, terms=terms)


def fold_count(entry: Entry, tx: Transaction) -> Row | None:
    """How often something happened at home on a day, by partner."""
    if entry.what not in ("released", "withheld", "received", "refused", "recalled"):
        return None
    key = f"{entry.at:%Y-%m-%d}|{entry.what}|{entry.party}|{'x' if entry.exercise else ''}"
    old = tx.views.get(COUNTS, key)
    count = 1 + (old.body["count"] if old is not None else 0)
    return Row(key, entry.what, exercise=entry.exercise, body={"count": count})


def fold_end(entry: Entry, tx: Transaction) -> Row | None:
    """When a record was taken back, and by whom."""
    if entry.what != "recalled":
        return None
    body = {"party": entry.party}
    return Row(f"recalled/{entry.subject}", "recalled", write_instant(entry.at), exercise=entry.exercise, body=body)


def cases(desk: Desk, *terms: str, exercise: bool = False, before: int = 0) -> Iterator[Holding]:
    """The newest version of each record that has these terms, the last changed first."""
    while page := desk.tx.views.newest(CASES, exercise=exercise, terms=terms, before=before, limit=PAGE):
        for row in page:
            holding = desk.tx.records.get(row.key)
            if holding is not None:
                yield holding
        if len(page) < PAGE:
            return
        before = page[-1].position


def both(desk: Desk, *terms: str) -> Iterator[Holding]:
    """The same, of what is real and of exercises."""
    for exercise in (False, True):
        yield from cases(desk, *terms, exercise=exercise)


def case(desk: Desk, id: str, sort: str, *, side: str = "") -> Holding:
    """A record of this sort, our own or received where that is said. NotFound, in the same words, for all else."""
    holding = desk.tx.records.get(id)
    found = holding is not None and sort_of(holding.kind) == sort
    if holding is None or not found or (side and side != ("received" if holding.link else "own")):
        raise NotFound("record", f"no {sort.replace('_', ' ')} {id}", hint="see oversight.complaints")
    return holding


VIEWS = (View(CASES, 1, fold_case), View(COUNTS, 1, fold_count), View(ENDS, 1, fold_end))
