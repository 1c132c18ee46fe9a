"""What follows on an alert: sightings, supplementary information, requests and replies. Each is for one partner.

Each that may be about a person has ``flags``, as an alert on a person has: a sighting tells where somebody is, so it is
*protected until screened* too. About a thing the flags are known to be none.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from mithaq.capabilities.intelligence.parts import Photos
from mithaq.capabilities.intelligence.records import OPEN, PERSONAL, RESTRICTED, SOURCE, Flags
from mithaq.capabilities.intelligence.words import Likeness, Measure, Outcome, Topic, Urgency
from mithaq.kernel.record import Field, Kind
from mithaq.kernel.values import FreeText, Instant, Line, PartyId, PlaceText, RecordId


class Sighting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That what an alert is about was found, where, and what was done. The match was made by a person."""

    about: Annotated[RecordId, Field("the alert", RESTRICTED)]
    likeness: Annotated[Likeness, Field("whether it is the same", RESTRICTED)]
    place: Annotated[PlaceText, Field("where", RESTRICTED)]
    time: Annotated[Instant, Field("when", RESTRICTED)]
    measure: Annotated[Measure | None, Field("what was done; nothing if nothing was", RESTRICTED)] = None
    found: Annotated[FreeText | None, Field("what was found", RESTRICTED, free_text=True)] = None
    photos: Annotated[Photos, Field("pictures of it", PERSONAL)] = ()
    flags: Annotated[Flags | None, Field("what a screening found that protects the person", PERSONAL)] = None
    source: Annotated[Line | None, Field("who or what told us", SOURCE)] = None
    remarks: Annotated[FreeText | None, Field("anything else", RESTRICTED, free_text=True)] = None


class Supplement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Supplementary information about an alert."""

    about: Annotated[RecordId, Field("the alert", RESTRICTED)]
    topic: Annotated[Topic, Field("what it is about", RESTRICTED)]
    text: Annotated[FreeText | None, Field("what is to be known", RESTRICTED, free_text=True)] = None
    photos: Annotated[Photos, Field("pictures", PERSONAL)] = ()
    flags: Annotated[Flags | None, Field("what a screening found that protects the person", PERSONAL)] = None
    source: Annotated[Line | None, Field("who or what told us", SOURCE)] = None


class InformationRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question to one partner, in one case, until a time."""

    addressee: Annotated[PartyId, Field("who is asked", OPEN)]
    about: Annotated[RecordId | None, Field("the alert", RESTRICTED)] = None
    topic: Annotated[Topic, Field("what is asked about", RESTRICTED)]
    question: Annotated[FreeText, Field("what is asked", RESTRICTED, free_text=True)]
    urgency: Annotated[Urgency, Field("how urgent it is", OPEN)] = "routine"
    reply_by: Annotated[Instant | None, Field("until when a reply is of use", RESTRICTED)] = None
    flags: Annotated[Flags | None, Field("what a screening found that protects the person", PERSONAL)] = None


class Reply(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told in answer to a request."""

    request: Annotated[RecordId, Field("the request", RESTRICTED)]
    outcome: Annotated[Outcome, Field("whether it could be answered", RESTRICTED)]
    text: Annotated[FreeText | None, Field("the answer", RESTRICTED, free_text=True)] = None
    flags: Annotated[Flags | None, Field("what a screening found that protects the person", PERSONAL)] = None


SIGHTING = Kind(
    base="intelligence.sighting", version=1, body=Sighting, title="likeness", subject="about", place="place",
    time="time", retention="P1Y", attributes={"place": "place", "time": "time", "subject.flags": "flags"},
)  # fmt: skip
SUPPLEMENT = Kind(
    base="intelligence.supplement", version=1, body=Supplement, title="topic", subject="about", place=None, time=None,
    retention="P1Y", attributes={"subject.flags": "flags"},
)  # fmt: skip
REQUEST = Kind(
    base="intelligence.request", version=1, body=InformationRequest, title="topic", subject="topic", place=None,
    time="reply_by", retention="P1Y", attributes={"subject.flags": "flags"},
)  # fmt: skip
REPLY = Kind(
    base="intelligence.reply", version=1, body=Reply, title="outcome", subject="request", place=None, time=None,
    retention="P1Y", attributes={"subject.flags": "flags"},
)  # fmt: skip

FOLLOW_UPS: dict[str, Kind] = {"sighting": SIGHTING, "supplement": SUPPLEMENT, "request": REQUEST, "reply": REPLY}


def follow_up(kind: str) -> str:
    """The word for the sort of follow-up that a Kind is; empty if it is none."""
    base = kind.rpartition("/")[0]
    return next((sort for sort, each in FOLLOW_UPS.items() if each.base == base), "")
