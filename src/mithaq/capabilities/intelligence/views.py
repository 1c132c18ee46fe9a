"""What is seen: one row for each alert, our own and our partners', at its newest version, with its provenance."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mithaq.capabilities.intelligence.records import VEHICLE_ALERT
from mithaq.kernel import canonical
from mithaq.kernel.clock import period, write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Question
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Entry, Holding, Row
from mithaq.kernel.values import RecordId
from mithaq.kernel.view import View

VIEW = "intelligence.alerts"


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of alerts, after a key. Exercise alerts are a list of their own."""

    exercise: bool = False
    after: str = ""
    limit: int = 50


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One alert by its id."""

    id: RecordId


def fold(entry: Entry, tx: Transaction) -> Row | None:
    """The row of the alert that this entry brought, if it is one and is the newest version."""
    holding = _holding(entry, tx)
    if holding is None or holding.kind != VEHICLE_ALERT.name:
        return None
    old = tx.views.get(VIEW, holding.id)
    if old is not None and old.body["version"] >= holding.version:
        return None
    return _own(holding) if not holding.link else _received(holding, entry)


def alerts(desk: Desk, listing: Listing) -> tuple[Row, ...]:
    """Alerts by key."""
    limit = max(1, min(listing.limit, 500))
    return tuple(desk.tx.views.page(VIEW, exercise=listing.exercise, after=listing.after, limit=limit))


def show(desk: Desk, one: One) -> Row:
    """One alert with its provenance and handling."""
    desk.held(one.id)
    row = desk.tx.views.get(VIEW, one.id)
    assert row is not None  # noqa: S101 - held, and the views are caught up before a question is asked
    return row


def _holding(entry: Entry, tx: Transaction) -> Holding | None:
    named = entry.subject
    if entry.what == "received":
        link, _, seq = entry.subject.rpartition("/")
        message = tx.links.get(link, int(seq))
        named = message.subject if message else ""
    elif entry.what != "record":
        return None
    id, _, version = named.rpartition("/")
    return tx.records.get(id, int(version)) if id else None


def _own(holding: Holding) -> Row:
    record = canonical.decode(holding.content, Record)
    body = {"version": record.version, "origin": record.origin, "purpose": record.purpose, "fields": record.body}
    return _row(record.id, record.body, holding.exercise, body | {"reference": holding.reference})


def _received(holding: Holding, entry: Entry) -> Row:
    release = canonical.fit(canonical.decode(holding.content, dict), Release)
    retain = release.handling.get("retain")
    body = {
        "version": release.version,
        "origin": release.origin,
        "purpose": release.purpose,
        "fields": release.fields,
        "levels": release.levels,
        "basis": {"law": release.basis.law, "clause": release.basis.clause},
        "handling": canonical.plain(release.handling),
        "delete_by": write_instant(entry.at + period(retain)) if isinstance(retain, str) else "",
        "message": f"{holding.link}/{holding.seq}",
    }
    return _row(release.record, release.fields, holding.exercise, body)


def _row(id: str, fields: dict[str, Any], exercise: bool, body: dict[str, Any]) -> Row:
    return Row(id, fields.get("plate", ""), fields.get("time", ""), fields.get("place", ""), exercise, body)


VIEWS = (View(VIEW, 1, fold),)
QUESTIONS = (
    Question(
        "intelligence.alerts", "alerts, our own and received", Listing, tuple[Row, ...], alerts, roles=OPERATIONAL
    ),
    Question("intelligence.alert", "one alert with its provenance", One, Row, show, roles=OPERATIONAL),
)
