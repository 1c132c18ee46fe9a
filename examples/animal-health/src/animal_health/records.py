"""What is stated: a consignment of animals on its way to a crossing, and what an inspection of it came to.

The certificate is the international veterinary certificate that travels with the animals; its number, not a person's
name, is what both sides know a consignment by.
"""

from __future__ import annotations

from typing import Annotated, Literal

from mithaq.kernel.record import Field, Kind, Sensitivity
from mithaq.kernel.values import FreeText, Instant, Line, PlaceText, RecordId
from msgspec import Meta, Struct

Species = Literal["camels", "cattle", "goats", "horses", "poultry", "sheep", "other"]
Measure = Literal["none", "document_check", "inspection", "quarantine", "return"]
Result = Literal["cleared", "quarantined", "returned", "destroyed"]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class Consignment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Animals that travel together under one certificate."""

    species: Annotated[Species, Field("species", Sensitivity.OPEN)]
    count: Annotated[Count, Field("how many animals", Sensitivity.OPEN)]
    holding: Annotated[Line, Field("the holding they come from", Sensitivity.RESTRICTED)]
    certificate: Annotated[Line, Field("number of the veterinary certificate", Sensitivity.OPEN)]
    plate: Annotated[Line | None, Field("registration plate of the vehicle", Sensitivity.PERSONAL)] = None
    place: Annotated[PlaceText, Field("the crossing", Sensitivity.OPEN)]
    time: Annotated[Instant, Field("when they are expected there", Sensitivity.OPEN)]
    measure: Annotated[Measure, Field("what the other side is asked to do", Sensitivity.RESTRICTED)] = "none"
    findings: Annotated[FreeText | None, Field("what was seen so far", Sensitivity.RESTRICTED, free_text=True)] = None


class Inspection(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What became of a consignment at a crossing. Its origin is the nation that inspected."""

    consignment: Annotated[RecordId, Field("the notice it answers", Sensitivity.OPEN)]
    certificate: Annotated[Line, Field("number of the veterinary certificate", Sensitivity.OPEN)]
    result: Annotated[Result, Field("what was decided", Sensitivity.RESTRICTED)]
    place: Annotated[PlaceText, Field("the crossing", Sensitivity.OPEN)]
    time: Annotated[Instant, Field("when it was inspected", Sensitivity.OPEN)]
    findings: Annotated[FreeText | None, Field("what was found", Sensitivity.RESTRICTED, free_text=True)] = None


CONSIGNMENT = Kind(
    base="animal-health.consignment",
    version=1,
    body=Consignment,
    title="certificate",
    subject="certificate",
    place="place",
    time="time",
    retention="P1Y",
    attributes={"place": "place", "time": "time"},
)
INSPECTION = Kind(
    base="animal-health.inspection",
    version=1,
    body=Inspection,
    title="certificate",
    subject="certificate",
    place="place",
    time="time",
    retention="P1Y",
    attributes={"place": "place", "time": "time"},
)
