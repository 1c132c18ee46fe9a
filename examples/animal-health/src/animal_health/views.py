"""What is seen: a row for each consignment, our own and our partners', with what an inspection of it came to."""

from __future__ import annotations

from mithaq.kernel.desk import Desk
from mithaq.kernel.plug import Question
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reaction import holding_of
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
            key=told.id, title=told.fields.get("certificate", ""), time=told.fields.get("time", ""),
            place=told.fields.get("place", ""), exercise=told.exercise, body=old.body if old else {},
        )  # fmt: skip
    row = tx.views.get(VIEW, told.fields.get("consignment", ""))
    if row is None or row.exercise != told.exercise:
        return None
    return replace(row, body={"result": told.fields.get("result", "inspected"), "inspected_by": told.origin})


def consignments(desk: Desk, listing: Listing) -> tuple[Notice, ...]:
    """Consignments by id: those that whoever asks may read."""
    limit = max(1, min(listing.limit, MOST))
    rows = desk.tx.views.page(VIEW, exercise=listing.exercise, after=listing.after, limit=limit)
    found = (readable(desk, desk.held(row.key), row.body) for row in rows)
    return tuple(each for each in found if each is not None)


def consignment(desk: Desk, one: One) -> Notice:
    """One consignment, with what an inspection of it came to."""
    row = desk.tx.views.get(VIEW, one.id)
    return notice(desk, one.id, row.body if row else {})


VIEWS = (View(VIEW, 1, fold),)
QUESTIONS = (
    Question(
        "animal-health.consignments", "consignments, our own and notified to us", Listing, tuple[Notice, ...],
        consignments, roles=ROLES,
    ),
    Question("animal-health.consignment", "one consignment", One, Notice, consignment, roles=ROLES),
)  # fmt: skip
