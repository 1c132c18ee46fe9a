"""What intelligence states: alerts. Here on vehicles."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.kernel.record import Field, Kind, Sensitivity
from mithaq.kernel.values import FreeText, Instant, Line, PlaceText

Reason = Literal[
    "stolen",
    "drug_trafficking",
    "arms_smuggling",
    "people_smuggling",
    "terrorism",
    "wanted_person",
    "missing_person",
    "inspection",
]
Plate = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[^\s].*[^\s]$|^[^\s]$")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]


class VehicleAlert(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A vehicle to look out for, and why. An alert is not a finding: what is found is for a person to judge."""

    plate: Annotated[Plate, Field("registration plate as it is written on the vehicle", Sensitivity.PERSONAL)]
    registered_in: Annotated[Country | None, Field("state of registration", Sensitivity.OPEN)] = None
    make: Annotated[Line | None, Field("make and model", Sensitivity.OPEN)] = None
    colour: Annotated[Line | None, Field("colour", Sensitivity.OPEN)] = None
    reason: Annotated[Reason, Field("why to look out for it", Sensitivity.RESTRICTED)]
    place: Annotated[PlaceText, Field("where it was last known", Sensitivity.RESTRICTED)]
    time: Annotated[Instant, Field("when it was there", Sensitivity.RESTRICTED)]
    source: Annotated[Line | None, Field("who or what told us", Sensitivity.SOURCE)] = None
    remarks: Annotated[FreeText | None, Field("anything else", Sensitivity.RESTRICTED, free_text=True)] = None


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
