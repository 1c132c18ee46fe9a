"""What may be done: raise an alert on a vehicle, correct it, and take in many at once."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mithaq.capabilities.intelligence.records import VEHICLE_ALERT, Country, Plate, Reason, VehicleAlert
from mithaq.errors import MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Marking, Record
from mithaq.kernel.values import Code, FreeText, Instant, Line, PlaceText, RecordId

MAX_ROWS = 500


class AlertVehicle(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An alert as an officer gives it. ``release_remarks`` is the text of the remarks that partners may read.

    A ``flash`` alert goes before everything that waits: for a danger that is now.

    ``reference`` is the officer's own file reference: it stays at home, and the same reference means the same alert.
    """

    plate: Plate
    reason: Reason
    place: PlaceText
    time: Instant
    purpose: Code
    registered_in: Country | None = None
    make: Line | None = None
    colour: Line | None = None
    source: Line | None = None
    remarks: FreeText | None = None
    release_remarks: FreeText | None = None
    caveats: tuple[Code, ...] = ()
    reference: Line | None = None
    exercise: bool = False
    flash: bool = False


class CorrectVehicle(AlertVehicle, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole alert as it should now read. It becomes the next version; the earlier ones stay as they were."""

    id: RecordId


class AlertVehicles(Struct, frozen=True, forbid_unknown_fields=True):
    """Many alerts, kept together or not at all, except for rows that cannot be."""

    rows: Annotated[tuple[AlertVehicle, ...], Meta(min_length=1, max_length=MAX_ROWS)]


class Taken(Struct, frozen=True, omit_defaults=True):
    """What became of one row: stated, or the problem that kept it out."""

    stated: Stated | None = None
    problem: str = ""


def alert_vehicle(desk: Desk, given: AlertVehicle) -> Stated:
    """Raise an alert, or correct the one with the same reference; the same content again changes nothing."""
    known = _known(desk, given)
    if known is not None and _same(desk, known, given):
        return Stated(known.id, known.version, unchanged=True)
    return desk.state(_draft(desk, given, known), reference=given.reference or "", flash=given.flash)


def correct_vehicle(desk: Desk, given: CorrectVehicle) -> Stated:
    """State the next version of an alert."""
    known = desk.own(given.id)
    reference = given.reference or desk.held(given.id).reference
    return desk.state(_draft(desk, given, known), reference=reference, flash=given.flash)


def alert_vehicles(desk: Desk, given: AlertVehicles) -> tuple[Taken, ...]:
    """Raise each row; a row that breaks a rule is left out and says why. Checked before anything of it is kept."""
    return tuple(_take(desk, row) for row in given.rows)


def _take(desk: Desk, row: AlertVehicle) -> Taken:
    try:
        return Taken(stated=alert_vehicle(desk, row))
    except MithaqError as problem:
        return Taken(problem=str(problem))


def _draft(desk: Desk, given: AlertVehicle, known: Record | None) -> Record:
    remarks = {"remarks": given.release_remarks} if given.release_remarks else {}
    return desk.draft(
        VEHICLE_ALERT,
        _body(given),
        purpose=given.purpose,
        marking=Marking(exercise=given.exercise, caveats=tuple(sorted(set(given.caveats)))),
        release_texts=remarks,
        follows=known,
    )


def _body(given: AlertVehicle) -> dict[str, Any]:
    plain = msgspec.to_builtins(given)
    return {name: plain[name] for name in VehicleAlert.__struct_fields__}


def _known(desk: Desk, given: AlertVehicle) -> Record | None:
    if not given.reference:
        return None
    holding = desk.tx.records.by_reference(VEHICLE_ALERT.base, given.reference, given.exercise)
    return canonical.decode(holding.content, Record) if holding else None


def _same(desk: Desk, known: Record, given: AlertVehicle) -> bool:
    new = _draft(desk, given, None)
    return (known.body, known.purpose, known.marking, known.release_texts) == (
        new.body, new.purpose, new.marking, new.release_texts,
    )  # fmt: skip


COMMANDS = (
    Command(
        "intelligence.alert-vehicle",
        "raise an alert on a vehicle",
        AlertVehicle,
        Stated,
        alert_vehicle,
        roles=OPERATIONAL,
    ),
    Command(
        "intelligence.correct-vehicle",
        "correct an alert by a new version",
        CorrectVehicle,
        Stated,
        correct_vehicle,
        roles=OPERATIONAL,
    ),
    Command(
        "intelligence.alert-vehicles",
        "raise many alerts",
        AlertVehicles,
        tuple[Taken, ...],
        alert_vehicles,
        roles=OPERATIONAL,
    ),
)
