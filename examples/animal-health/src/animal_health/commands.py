"""What may be done: notify a consignment, and say what an inspection of one came to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from mithaq.errors import Clash, Invalid, MithaqError
from mithaq.kernel.clock import is_instant, write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.duty import discharge
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Marking, Record
from mithaq.kernel.values import FreeText, Instant, Line, PlaceText, RecordId
from msgspec import Meta, Struct

from animal_health.notice import notice
from animal_health.records import CONSIGNMENT, INSPECTION, Consignment, Count, Inspection, Measure, Result, Species
from animal_health.rules import duty_id

PURPOSE = "border_control"
MOST = 500
ROLES = ("customs_officer", "duty_officer", "supervisor")


class Notify(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A consignment as an officer gives it. ``release_findings`` is what partners may read of the findings.

    ``reference`` is the officer's own file reference: it stays at home.
    """

    species: Species
    count: Count
    holding: Line
    certificate: Line
    place: PlaceText
    time: Instant
    plate: Line | None = None
    measure: Measure = "none"
    findings: FreeText | None = None
    release_findings: FreeText | None = None
    reference: Line | None = None
    exercise: bool = False


class Inspect(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an inspection of consignment ``id`` came to. To destroy animals takes two people."""

    id: RecordId
    result: Result
    place: PlaceText
    time: Instant
    findings: FreeText | None = None
    release_findings: FreeText | None = None


class NotifyMany(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Many consignments. A row that cannot be is left out and says why; with ``dry_run`` nothing is kept at all."""

    rows: Annotated[tuple[Notify, ...], Meta(min_length=1, max_length=MOST)]
    dry_run: bool = False


class Taken(Struct, frozen=True, omit_defaults=True):
    """What became of one row: stated, or the problem that kept it out."""

    stated: Stated | None = None
    problem: str = ""


def notify(desk: Desk, given: Notify) -> Stated:
    """State a consignment; partners are told as far as agreement and law let them be."""
    return desk.state(_draft(desk, given), reference=given.reference or "")


def notify_many(desk: Desk, given: NotifyMany) -> tuple[Taken, ...]:
    """State each row, or say what would become of it."""
    return tuple(_take(desk, row, dry_run=given.dry_run) for row in given.rows)


def inspect(desk: Desk, given: Inspect) -> Stated:
    """State the result, and with it discharge the inspection that was owed. A consignment is inspected once."""
    found = notice(desk, given.id)
    if not discharge(desk.tx, duty_id(given.id), f"inspected by {desk.who}", desk.at):
        raise Clash("inspected", "no inspection of it is owed here", where=given.id, hint="look at the consignment")
    body = _body(given, Inspection) | {
        "consignment": given.id,
        "certificate": found.fields.get("certificate", "withheld"),
    }
    marking = Marking(exercise=found.exercise)
    record = desk.draft(INSPECTION, body, purpose=PURPOSE, marking=marking, release_texts=_texts(given))
    return desk.state(record)


def needs_second(_: Desk, given: Inspect) -> str:
    """Why a second person must agree, if one must."""
    return "animals are destroyed" if given.result == "destroyed" else ""


def _draft(desk: Desk, given: Notify) -> Record:
    marking = Marking(exercise=given.exercise)
    body = _body(given, Consignment)
    return desk.draft(CONSIGNMENT, body, purpose=PURPOSE, marking=marking, release_texts=_texts(given))


def _take(desk: Desk, row: Notify, *, dry_run: bool) -> Taken:
    try:
        return Taken(stated=_would(desk, row) if dry_run else notify(desk, row))
    except MithaqError as problem:
        return Taken(problem=str(problem))


def _would(desk: Desk, row: Notify) -> Stated:
    """What would become of it: drafted and considered for every partner, and let go."""
    record = _draft(desk, row)
    considered = {partner: desk.consider(record, partner) for partner in desk.node.partners}
    withheld = {
        partner: tuple(f"{each.law} {each.clause}" for each in decision.forbids)
        for partner, (decision, copy) in considered.items()
        if copy is None
    }
    return Stated(record.id, 1, tuple(partner for partner in considered if partner not in withheld), withheld)


def _texts(given: Notify | Inspect) -> dict[str, str]:
    return {"findings": given.release_findings} if given.release_findings else {}


def _body(given: Struct, into: type[Struct]) -> dict[str, Any]:
    plain = msgspec.to_builtins(given, builtin_types=(datetime,))
    return {name: _spelt(plain[name], f"$.{name}") for name in into.__struct_fields__ if name in plain}


def _spelt(value: Any, where: str) -> Any:
    """An instant in the one spelling that is signed: UTC, whole seconds. Anything else as it is."""
    if not isinstance(value, datetime):
        return value
    try:
        text = "" if value.microsecond else write_instant(value)
    except OverflowError:
        text = ""
    if not is_instant(text):
        raise Invalid("instant", f"{value.isoformat()} cannot be written as an instant", where=where)
    return text


COMMANDS = (
    Command("animal-health.notify", "notify a consignment of animals", Notify, Stated, notify, roles=ROLES),
    Command(
        "animal-health.notify-many", "notify many consignments", NotifyMany, tuple[Taken, ...], notify_many, roles=ROLES
    ),
    Command(
        "animal-health.inspect", "say what an inspection came to", Inspect, Stated, inspect, roles=ROLES,
        second=needs_second,
    ),
)  # fmt: skip
