"""What is done with an alert that stands: review it, contest it, flag a misused identity, say that it was looked at."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.intelligence import drafts, rules
from mithaq.capabilities.intelligence.exchanged import SUPPLEMENT
from mithaq.capabilities.intelligence.following import THINGS
from mithaq.capabilities.intelligence.reading import readable
from mithaq.capabilities.intelligence.records import sort_of
from mithaq.errors import Clash, Invalid, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import after, write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.duty import Duty, discharge, open_duty
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Marking
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import FreeText, RecordId

Grounds = Annotated[
    str, Meta(min_length=10, max_length=1000, description="a reason that somebody else will understand")
]
CONTESTED_WITHIN = "P14D"
LOOKED_AT = ("sighting", "human_review")
"""Duties that end when somebody has looked at what they are about and says what they found."""


class Review(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a review of one of our own alerts came to: it stands until the next one, or it ends now."""

    id: RecordId
    decision: Literal["keep", "end"]
    reason: Grounds


class Contest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That somebody holds an alert to be wrong. ``release_reason`` is what the origin of a partner's alert may read."""

    id: RecordId
    reason: Grounds
    release_reason: FreeText | None = None


class Finding(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody found who looked at a sighting, an alert that came in, or a contested one."""

    id: RecordId
    finding: Grounds


class Ended(Struct, frozen=True):
    """The duties that this ended."""

    duties: tuple[str, ...]


def review(desk: Desk, given: Review) -> Stated:
    """State the next version of an alert: with a new review, or ending now."""
    record = drafts.own_alert(desk, given.id)
    if given.decision == "end":
        changes = {"expires": write_instant(desk.at)}
    else:
        due = rules.review_by(sort_of(record.kind), record.body.get("category"), desk.at)
        changes = {"review_by": write_instant(due)}
    _note(desk, "intelligence.review", given.id, f"{given.decision}: {given.reason}")
    return desk.state(drafts.next_version(desk, record, changes), reference=desk.held(given.id).reference)


def contest(desk: Desk, given: Contest) -> Stated:
    """Mark our own alert as contested, for a legal officer to settle; of a partner's, tell its origin."""
    holding = _alert(desk, given.id)
    _note(desk, "intelligence.contest", given.id, given.reason)
    if holding.origin != desk.node.party:
        return _tell_origin(desk, holding, "contest", given)
    record = desk.own(given.id)
    if "contested" in record.marking.caveats:
        raise Clash("contested", f"{given.id} is contested already", hint="it waits for a legal officer")
    made = drafts.next_version(desk, record, {}, caveats=(*record.marking.caveats, "contested"))
    open_duty(desk.tx, _to_settle(desk, made.id, made.version))
    return desk.state(made, reference=holding.reference)


def flag_misused_identity(desk: Desk, given: Contest) -> Stated:
    """Flag that the identity in an alert on a person is used by somebody else: its owner must not suffer from it."""
    holding = _alert(desk, given.id)
    if sort_of(holding.kind) != "person":
        raise Invalid("kind", f"{given.id} is no alert on a person", where="$.id")
    _note(desk, "intelligence.flag-misused-identity", given.id, given.reason)
    if holding.origin != desk.node.party:
        return _tell_origin(desk, holding, "misused_identity", given)
    record = desk.own(given.id)
    flags = sorted({*record.body.get("flags", ()), "misused_identity"})
    return desk.state(drafts.next_version(desk, record, {"flags": flags}), reference=holding.reference)


def acknowledge(desk: Desk, given: Finding) -> Ended:
    """Say that it was looked at, and what was found: the duties to look at it end."""
    if not readable(desk, desk.held(given.id)):
        raise NotFound("record", f"no record {given.id}")
    settles = {"legal_officer", "supervisor"} & set(desk.actor.roles)
    ids = [f"{what}/{given.id}" for what in LOOKED_AT] + ([f"contest/{given.id}"] if settles else [])
    ended = tuple(id for id in ids if discharge(desk.tx, id, "acknowledged", desk.at))
    if not ended:
        raise NotFound("duty", f"nobody is to look at {given.id}", hint="see what is owed: duty.list")
    _note(desk, "intelligence.acknowledge", given.id, given.finding)
    return Ended(ended)


def _tell_origin(desk: Desk, holding: Holding, topic: str, given: Contest) -> Stated:
    """State it as supplementary information to the origin of the alert, and to nobody else."""
    body: dict[str, Any] = {"about": holding.id, "topic": topic, "text": given.reason}
    if sort_of(holding.kind) in THINGS or topic == "misused_identity":
        body["flags"] = []
    texts = {"text": given.release_reason} if given.release_reason else {}
    purpose = str(canonical.decode(holding.content, dict)["purpose"])
    made = desk.draft(
        SUPPLEMENT, body, purpose=purpose, marking=Marking(exercise=holding.exercise), release_texts=texts
    )  # fmt: skip
    return desk.state(made, only={holding.origin})


def _to_settle(desk: Desk, id: str, version: int) -> Duty:
    due = after(desk.at, CONTESTED_WITHIN)
    return Duty(
        id=f"contest/{id}", what="settle_contested", about=f"{id}/{version}", since=desk.at, due=due,
        owed_by="legal_officer", escalates_to="supervisor", discharged_by=("intelligence_acknowledge",),
    )  # fmt: skip


def _alert(desk: Desk, id: str) -> Holding:
    holding = desk.held(id)
    if not sort_of(holding.kind) or not readable(desk, holding):
        raise NotFound("record", f"no alert {id}")
    return holding


def _note(desk: Desk, act: str, id: str, reason: str) -> None:
    desk.tx.audit.add(at=desk.at, who=desk.who, act=f"{act} because", subject=id, reason=reason)


COMMANDS = (
    Command(
        "intelligence.review", "review one of our own alerts: keep it, or end it", Review, Stated, review,
        roles=("analyst", "legal_officer", "supervisor"),
    ),
    Command(
        "intelligence.contest", "say that an alert is held to be wrong", Contest, Stated, contest,
        roles=("duty_officer", "analyst", "liaison_officer", "legal_officer", "supervisor"),
    ),
    Command(
        "intelligence.flag-misused-identity", "flag that an identity is used by somebody else", Contest, Stated,
        flag_misused_identity, roles=("analyst", "liaison_officer", "legal_officer", "supervisor"),
    ),
    Command(
        "intelligence.acknowledge", "say what was found by whoever looked at a record that came in", Finding, Ended,
        acknowledge, roles=OPERATIONAL,
    ),
)  # fmt: skip
