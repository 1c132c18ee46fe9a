"""What is seen: a row for each consignment, our own and our partners', with what an inspection of it came to."""

from __future__ import annotations

from mithaq.kernel.desk import Desk
from mithaq.kernel.plug import Question
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reaction import holding_of
from mithaq.kernel.reading import Seen
from mithaq.kernel.shelves import Entry, Row
from mithaq.kernel.values import RecordId
from mithaq.kernel.view import View
from msgspec import Struct
from msgspec.structs import replace

from animal_health.commands import ROLES
from animal_health.notice import Notice, notice, readable, seen
from animal_health.records import CONSIGNMENT, INSPECTION

VIEW = "animal-health.consignments"
MOST = 500


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of consignments, after a key. Those of exercises are a list of their own."""

    exercise: bool = False
    after: str = ""
    limit: int = 50


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One consignment by its id."""

    id: RecordId


def fold(entry: Entry, tx: Transaction) -> Row | None:
    """The row that a notice begins, or to which an inspection adds what it came to."""
    holding = holding_of(entry, tx)
    if holding is None or holding.kind not in (CONSIGNMENT.name, INSPECTION.name):
        return None
    told, _ = seen(holding)
    if holding.kind == CONSIGNMENT.name:
        old = tx.views.get(VIEW, told.id)
        return Row(
            key=told.id, title=_text(told, "certificate"), time=_text(told, "time"), place=_text(told, "place"),
            exercise=told.exercise, body=old.body if old else {},
        )  # fmt: skip
    row = tx.views.get(VIEW, _text(told, "consignment"))
    if row is None or row.exercise != told.exercise:
        return None
    return replace(row, body={"result": _text(told, "result") or "inspected", "inspected_by": told.origin})


def _text(told: Seen, name: str) -> str:
    """A field as text; nothing where a partner gave something else in its place."""
    value = told.fields.get(name)
    return value if isinstance(value, str) else ""


def consignments(desk: Desk, listing: Listing) -> tuple[Notice, ...]:
    """Consignments by id: as many as asked for of those that whoever asks may read, unless there are no more."""
    limit, after = max(1, min(listing.limit, MOST)), listing.after
    found: list[Notice] = []
    while len(found) < limit and (
        page := desk.tx.views.page(VIEW, exercise=listing.exercise, after=after, limit=limit)
    ):
        told = (readable(desk, desk.held(row.key), row.body) for row in page)
        found += [each for each in told if each is not None]
        after = page[-1].key
    return tuple(found[:limit])


def consignment(desk: Desk, one: One) -> Notice:
    """One consignment, with what an inspection of it came to."""
    row = desk.tx.views.get(VIEW, one.id)
    return notice(desk, one.id, row.body if row else {})


VIEWS = (View(VIEW, 2, fold),)
QUESTIONS = (
    Question(
        "animal-health.consignments", "consignments, our own and notified to us", Listing, tuple[Notice, ...],
        consignments, roles=ROLES,
    ),
    Question("animal-health.consignment", "one consignment", One, Notice, consignment, roles=ROLES),
)  # fmt: skip
