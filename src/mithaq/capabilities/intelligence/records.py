"""What intelligence states: alerts on vehicles, persons, documents, vessels, goods and organisations.

An alert is not a finding: it says what to look out for, why and what is asked, and what is found is for a person to
judge. There is no field for religion, ethnicity or political opinion, and no word for what side somebody is on.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.intelligence.parts import Identifiers, Links, OtherNames, Photos
from mithaq.capabilities.intelligence.words import (
    Accuracy,
    BirthDate,
    Category,
    Country,
    Flag,
    Measure,
    Reason,
    Reliability,
    Script,
    SubjectCategory,
    VesselType,
    WideReason,
)
from mithaq.kernel.record import Field, Kind, Sensitivity
from mithaq.kernel.values import FreeText, Instant, Line, PlaceText

OPEN, RESTRICTED = Sensitivity.OPEN, Sensitivity.RESTRICTED
PERSONAL, SOURCE = Sensitivity.PERSONAL, Sensitivity.SOURCE

Plate = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[^\s].*[^\s](?!\n)$|^[^\s](?!\n)$")]
Grounds = Annotated[str, Meta(min_length=10, max_length=1000)]
Flags = Annotated[tuple[Flag, ...], Meta(max_length=10)]
Years = Annotated[int, Meta(ge=0, le=99)]


class VehicleAlert(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A vehicle to look out for, and why: version 1, as nations have adopted it. It is not changed any more."""

    plate: Annotated[Plate, Field("registration plate as it is written on the vehicle", PERSONAL)]
    registered_in: Annotated[Country | None, Field("state of registration", OPEN)] = None
    make: Annotated[Line | None, Field("make and model", OPEN)] = None
    colour: Annotated[Line | None, Field("colour", OPEN)] = None
    reason: Annotated[Reason, Field("why to look out for it", RESTRICTED)]
    place: Annotated[PlaceText, Field("where it was last known", RESTRICTED)]
    time: Annotated[Instant, Field("when it was there", RESTRICTED)]
    source: Annotated[Line | None, Field("who or what told us", SOURCE)] = None
    remarks: Annotated[FreeText | None, Field("anything else", RESTRICTED, free_text=True)] = None


class Alert(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every alert says, whatever it is about."""

    reason: Annotated[WideReason, Field("why to look out for it", RESTRICTED)]
    category: Annotated[Category | None, Field("what sort of alert it is", RESTRICTED)] = None
    measure: Annotated[Measure | None, Field("what is asked of whoever finds it", RESTRICTED)] = None
    grounds: Annotated[Grounds | None, Field("why the measure is needed", RESTRICTED, free_text=True)] = None
    reliability: Annotated[Reliability | None, Field("of the source, A to X", RESTRICTED)] = None
    accuracy: Annotated[Accuracy | None, Field("of the information, 1 to 4", RESTRICTED)] = None
    place: Annotated[PlaceText | None, Field("where it was last known", RESTRICTED)] = None
    time: Annotated[Instant | None, Field("when it was there", RESTRICTED)] = None
    description: Annotated[FreeText | None, Field("how it looks", RESTRICTED, free_text=True)] = None
    identifiers: Annotated[Identifiers, Field("numbers by which it is known", PERSONAL)] = ()
    links: Annotated[Links, Field("other records that it has to do with", RESTRICTED, refers=True)] = ()
    photos: Annotated[Photos, Field("pictures of it", PERSONAL)] = ()
    review_by: Annotated[Instant | None, Field("when it is to be looked at anew at the latest", RESTRICTED)] = None
    expires: Annotated[Instant | None, Field("when it ends by itself", RESTRICTED)] = None
    source: Annotated[Line | None, Field("who or what told us", SOURCE)] = None
    remarks: Annotated[FreeText | None, Field("anything else", RESTRICTED, free_text=True)] = None


class VehicleAlert2(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A vehicle to look out for, and why."""

    plate: Annotated[Plate, Field("registration plate as it is written on the vehicle", PERSONAL)]
    registered_in: Annotated[Country | None, Field("state of registration", OPEN)] = None
    make: Annotated[Line | None, Field("make and model", OPEN)] = None
    colour: Annotated[Line | None, Field("colour", OPEN)] = None
    reason: Annotated[Reason, Field("why to look out for it", RESTRICTED)]


class PersonAlert(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person to look out for, and why. *Protected until screened*: without ``flags`` nothing of it leaves."""

    name: Annotated[Line, Field("the name as it is written in the document, or as it is known", PERSONAL)]
    script: Annotated[Script | None, Field("the script of the name", PERSONAL)] = None
    other_names: Annotated[OtherNames, Field("other names and spellings", PERSONAL)] = ()
    born: Annotated[BirthDate | None, Field("date of birth, as far as it is known", PERSONAL)] = None
    nationality: Annotated[Country | None, Field("nationality", PERSONAL)] = None
    sex: Annotated[Literal["female", "male", "unspecified"] | None, Field("sex as documented", PERSONAL)] = None
    document: Annotated[Line | None, Field("number of the document that is known", PERSONAL)] = None
    subject: Annotated[SubjectCategory | None, Field("what the person is in this case", PERSONAL)] = None
    flags: Annotated[Flags | None, Field("what a screening found that protects the person", PERSONAL)] = None
    offence_max_years: Annotated[Years | None, Field("longest sentence for the offence, years", RESTRICTED)] = None


class DocumentAlert(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document to look out for: stolen, lost, forged. It does not name its holder: the number is looked for."""

    number: Annotated[Line, Field("number of the document", PERSONAL)]
    type: Annotated[
        Literal["passport", "identity_card", "visa", "residence_permit", "driving_licence", "vehicle_papers", "other"],
        Field("sort of document", OPEN),
    ]
    issuer: Annotated[Country | None, Field("state that issued it", OPEN)] = None
    issued: Annotated[BirthDate | None, Field("when it was issued, as far as it is known", RESTRICTED)] = None
    blank: Annotated[bool | None, Field("whether it was stolen before it was made out", RESTRICTED)] = None


class VesselAlert(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A ship or boat to look out for. IMO number, MMSI, call sign and hull number are identifiers."""

    name: Annotated[Line, Field("name as it is painted, or as it is known", OPEN)]
    other_names: Annotated[OtherNames, Field("former and other names", OPEN)] = ()
    flag: Annotated[Country | None, Field("state whose flag it flies", OPEN)] = None
    type: Annotated[VesselType | None, Field("sort of vessel", OPEN)] = None
    colour: Annotated[Line | None, Field("colour of hull and superstructure", OPEN)] = None
    length: Annotated[Annotated[int, Meta(ge=1, le=500)] | None, Field("length over all, metres", OPEN)] = None
    home_port: Annotated[Line | None, Field("home port", OPEN)] = None


class GoodsAlert(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Goods to look out for. Container, seal and waybill numbers are identifiers."""

    goods: Annotated[Line, Field("what they are", OPEN)]
    commodity: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{4}([0-9]{2}){0,3}(?!\n)$")] | None, Field("Harmonised System code", OPEN)
    ] = None
    quantity: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?(?!\n)$")] | None, Field("how much", OPEN)
    ] = None
    unit: Annotated[Literal["kg", "l", "piece", "package", "head"] | None, Field("of what", OPEN)] = None
    packing: Annotated[Line | None, Field("how they are packed or hidden", RESTRICTED)] = None
    origin_country: Annotated[Country | None, Field("where they come from", OPEN)] = None
    destination: Annotated[Country | None, Field("where they go", OPEN)] = None


class OrganisationAlert(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A company or other organisation to look out for. Registration and tax numbers are identifiers."""

    name: Annotated[Line, Field("name as registered, or as it is known", PERSONAL)]
    script: Annotated[Script | None, Field("the script of the name", OPEN)] = None
    other_names: Annotated[OtherNames, Field("trade names, former names, spellings", PERSONAL)] = ()
    registered_in: Annotated[Country | None, Field("state of registration", OPEN)] = None
    activity: Annotated[Line | None, Field("what it does", RESTRICTED)] = None


def _to_version_1(body: dict[str, Any]) -> dict[str, Any] | None:
    """A vehicle alert as version 1 has it; None where it lacks the place or time that version 1 must have."""
    kept = {name: body[name] for name in VehicleAlert.__struct_fields__ if body.get(name) is not None}
    return kept if "place" in kept and "time" in kept else None


COMMON = {"alert.reason": "reason", "alert.category": "category", "place": "place", "time": "time"}

VEHICLE_ALERT = Kind(
    base="intelligence.alert.vehicle",
    version=1,
    body=VehicleAlert,
    title="plate",
    subject="plate",
    place="place",
    time="time",
    retention="P1Y",
    attributes={
        "alert.reason": "reason",
        "place": "place",
        "time": "time",
        "vehicle.registered_in": "registered_in",
    },
)
VEHICLE_ALERT_2 = Kind(
    base="intelligence.alert.vehicle", version=2, body=VehicleAlert2, title="plate", subject="plate", place="place",
    time="time", retention="P3Y", attributes={**COMMON, "vehicle.registered_in": "registered_in"},
    before=VEHICLE_ALERT, down=_to_version_1,
)  # fmt: skip
PERSON_ALERT = Kind(
    base="intelligence.alert.person", version=1, body=PersonAlert, title="name", subject="name", place="place",
    time="time", retention="P1Y",
    attributes={
        **COMMON, "offence.max_years": "offence_max_years", "subject.category": "subject", "subject.flags": "flags",
        "subject.nationality": "nationality",
    },
)  # fmt: skip
DOCUMENT_ALERT = Kind(
    base="intelligence.alert.document", version=1, body=DocumentAlert, title="number", subject="number",
    place="place", time="time", retention="P3Y", attributes=COMMON,
)  # fmt: skip
VESSEL_ALERT = Kind(
    base="intelligence.alert.vessel", version=1, body=VesselAlert, title="name", subject="name", place="place",
    time="time", retention="P3Y", attributes=COMMON,
)  # fmt: skip
GOODS_ALERT = Kind(
    base="intelligence.alert.goods", version=1, body=GoodsAlert, title="goods", subject="goods", place="place",
    time="time", retention="P3Y", attributes=COMMON,
)  # fmt: skip
ORGANISATION_ALERT = Kind(
    base="intelligence.alert.organisation", version=1, body=OrganisationAlert, title="name", subject="name",
    place="place", time="time", retention="P1Y", attributes=COMMON,
)  # fmt: skip

ALERTS: dict[str, Kind] = {
    "vehicle": VEHICLE_ALERT_2,
    "person": PERSON_ALERT,
    "document": DOCUMENT_ALERT,
    "vessel": VESSEL_ALERT,
    "goods": GOODS_ALERT,
    "organisation": ORGANISATION_ALERT,
}
"""The newest version of the Kind of each sort of alert, by the word that commands, feeds and searches use for it."""

KINDS = (VEHICLE_ALERT, *ALERTS.values())


def sort_of(kind: str) -> str:
    """The word for the sort of alert that a Kind is, of whatever version; empty if it is none.

    >>> sort_of("intelligence.alert.vehicle/1"), sort_of("intelligence.sighting/1")
    ('vehicle', '')
    """
    base = kind.rpartition("/")[0]
    return next((sort for sort, each in ALERTS.items() if each.base == base), "")
