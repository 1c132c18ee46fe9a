"""What is done with an alert that stands: review it, contest it, flag a misused identity, say that it was looked at."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.intelligence import drafts, rules
from mithaq.capabilities.intelligence.exchanged import SUPPLEMENT
from mithaq.capabilities.intelligence.forms import spelt_instant
from mithaq.capabilities.intelligence.guarding import THINGS, needs_second
from mithaq.capabilities.intelligence.reading import readable
from mithaq.capabilities.intelligence.records import Flags, sort_of
from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel import canonical, tally
from mithaq.kernel.clock import after, write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.duty import Duty, discharge, open_duty
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Marking, Record
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import FreeText, Instant, RecordId

Grounds = Annotated[
    str, Meta(min_length=10, max_length=1000, description="a reason that somebody else will understand")
]
CONTESTED_WITHIN = "P14D"
LOOKED_AT = ("sighting", "human_review", "contest")
"""Duties that end when somebody has looked at what they are about and says what they found."""


class Review(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a review of one of our own alerts came to: it stands until the next one, or it ends now.

    ``expires`` is until when what is kept stands: what has expired is kept only with a new one.
    """

    id: RecordId
    decision: Literal["keep", "end"]
    reason: Grounds
    expires: Instant | None = None


class Contest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That somebody holds an alert to be wrong. ``release_reason`` is what the origin of a partner's alert may read.

    ``flags`` are what a screening found about whom it tells of, with ``screened`` and no flags nothing: of a person
    nothing goes to the origin without one of them.
    """

    id: RecordId
    reason: Grounds
    release_reason: FreeText | None = None
    flags: Flags | None = None
    screened: bool = False


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
    changes = _ending(desk, given) if given.decision == "end" else _keeping(desk, record, given)
    _note(desk, "intelligence.review", given.id, f"{given.decision}: {given.reason}")
    return desk.state(drafts.next_version(desk, record, changes), reference=desk.held(given.id).reference)


def _ending(desk: Desk, given: Review) -> dict[str, str]:
    if given.expires is not None:
        raise Invalid("expires", "what ends now does not expire later", where="$.expires")
    return {"expires": write_instant(desk.at)}


def _keeping(desk: Desk, record: Record, given: Review) -> dict[str, str]:
    sort, category, expires = sort_of(record.kind), record.body.get("category"), record.body.get("expires")
    changes = {"review_by": write_instant(rules.review_by(sort, category, desk.at))}
    if given.expires is not None:
        changes["expires"] = spelt_instant(given.expires, "$.expires")
        rules.check_clocks(sort, {"expires": changes["expires"], "category": category}, desk.at)
    elif rules.state_of(made=write_instant(record.made), expires=expires, recalled=False, at=desk.at) != "active":
        message = "it does not stand any more: it is kept only with a new time"
        raise Invalid("expires", message, where="$.expires", hint="say until when it is to stand")
    return changes


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
    """Say that it was looked at, and what was found: the duties to look at it end that are owed by whoever says so."""
    if not readable(desk, desk.held(given.id)):
        raise NotFound("record", f"no record {given.id}")
    owed = [each for what in LOOKED_AT if (each := _owed(desk, f"{what}/{given.id}")) is not None]
    if not owed:
        raise NotFound("duty", f"nobody is to look at {given.id}", hint="see what is owed: duty.list")
    ours = [each for each in owed if {each.owed_by, each.escalates_to} & set(desk.actor.roles)]
    if not ours:
        by = " or ".join(dict.fromkeys(role for each in owed for role in (each.owed_by, each.escalates_to)))
        raise NotAllowed("role", f"{given.id} is looked at by a {by}", hint="ask one of them")
    ended = tuple(each.id for each in ours if discharge(desk.tx, each.id, "acknowledged", desk.at))
    for each in (one for one in ours if one.what == "look_at_sighting"):
        holding, seconds = desk.held(given.id), (desk.at - each.since).total_seconds()
        tally.note(
            desk, "sighting_looked_at", seconds=seconds, partner=holding.origin, exercise=holding.exercise
        )  # fmt: skip
    _note(desk, "intelligence.acknowledge", given.id, given.finding)
    return Ended(ended)


def _tell_origin(desk: Desk, holding: Holding, topic: str, given: Contest) -> Stated:
    """State it as supplementary information to the origin of the alert, and to nobody else."""
    body: dict[str, Any] = {"about": holding.id, "topic": topic, "text": given.reason}
    if given.flags is not None or given.screened or sort_of(holding.kind) in THINGS:
        body["flags"] = list(given.flags or ())
    texts = {"text": given.release_reason} if given.release_reason else {}
    purpose = str(canonical.decode(holding.content, dict)["purpose"])
    made = desk.draft(
        SUPPLEMENT, body, purpose=purpose, marking=Marking(exercise=holding.exercise), release_texts=texts
    )  # fmt: skip
    return desk.state(made, only={holding.origin})


def _text_needs_second(desk: Desk, given: Contest) -> str:
    """Why telling the origin of an alert needs a second person; nothing if it does not."""
    holding = desk.tx.records.get(given.id)
    if not given.release_reason or holding is None or holding.origin == desk.node.party:
        return ""
    return needs_second(given.flags or (), None, [holding] if readable(desk, holding) else [])


def _owed(desk: Desk, id: str) -> Duty | None:
    """A duty that is still owed."""
    row = desk.tx.duties.get(id)
    return canonical.decode(row.content, Duty) if row is not None and row.state in ("open", "escalated") else None


def _to_settle(desk: Desk, id: str, version: int) -> Duty:
    due = after(desk.at, CONTESTED_WITHIN)
    return Duty(
        id=f"contest/{id}", what="settle_contested", about=f"{id}/{version}", since=desk.at, due=due,
        owed_by="legal_officer", escalates_to="supervisor", discharged_by=("intelligence_acknowledge",),
    )  # fmt: skip


def _alert(desk: Desk, id: str) -> Holding:
    holding = desk.held(id)
    if not readable(desk, holding):
        raise NotFound("record", f"no record {id}")
    if not sort_of(holding.kind):
        raise Invalid("kind", f"{id} is no alert", where="$.id")
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
        roles=("duty_officer", "analyst", "liaison_officer", "legal_officer", "supervisor"), second=_text_needs_second,
    ),
    Command(
        "intelligence.flag-misused-identity", "flag that an identity is used by somebody else", Contest, Stated,
        flag_misused_identity, roles=("analyst", "liaison_officer", "legal_officer", "supervisor"),
        second=_text_needs_second,
    ),
    Command(
        "intelligence.acknowledge", "say what was found by whoever looked at a record that came in", Finding, Ended,
        acknowledge, roles=OPERATIONAL,
    ),
)  # fmt: skip
