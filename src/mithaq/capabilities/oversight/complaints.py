"""Complaints: received, acknowledged, told to the origin of a partner's record, decided on, closed by a named person.

While a complaint about a record of ours runs, the record is marked as contested, which travels with it, and a legal
hold keeps it from being deleted where the node has one. What was decided is checked against what is held: nobody closes
a complaint with *corrected* where nothing was corrected.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.oversight import clocks, stating
from mithaq.capabilities.oversight.cases import case, fields_of
from mithaq.capabilities.oversight.records import (
    COMPLAINT,
    CORRECTION,
    REDRESS,
    Asks,
    Flags,
    Outcome,
    Remedy,
)
from mithaq.errors import Clash, Invalid
from mithaq.kernel import tally
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.duty import discharge
from mithaq.kernel.keeping import desk as keeping
from mithaq.kernel.keeping import legal_hold
from mithaq.kernel.keeping.erase import erased
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.plug import Command
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import FreeText, Instant, Line, RecordId

Reasons = Annotated[str, Meta(min_length=10, max_length=5000, description="reasons that a reviewer will understand")]
RECEIVES = ("legal_officer", "oversight")


class Complain(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A complaint as it is received. Without ``about`` it asks whether anything is held of the person at all.

    ``known``: the person was told of the record before, by right (a refusal with reasons): a letter may then say more.
    """

    person: Line
    asks: Asks
    grounds: FreeText
    contact: Line | None = None
    represented: Line | None = None
    about: RecordId | None = None
    received: Instant | None = None
    language: Literal["ar", "en", "fr"] = "ar"
    known: bool = False
    exercise: bool = False


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """One complaint."""

    id: RecordId


class Forward(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A complaint about a partner's record, for its origin. ``release_grounds`` is all that it reads of the grounds.

    ``flags`` are what a screening found, with ``screened`` and no flags nothing: without one of them nothing goes.
    """

    id: RecordId
    release_grounds: FreeText | None = None
    flags: Flags | None = None
    screened: bool = False


class Decide(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What we decide on a partner's complaint about a record of ours. ``release_reasons`` is what the partner reads."""

    id: RecordId
    outcome: Outcome
    reasons: Reasons
    release_reasons: FreeText | None = None
    remedy: Remedy = "none"
    may_tell: bool = False
    flags: Flags | None = None
    screened: bool = False


class Close(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The end of a complaint that was made here: what was found and done, with reasons that stay at home.

    ``tell``: the letter says the outcome. Else it says the same words whatever was found.
    """

    id: RecordId
    outcome: Outcome
    reasons: Reasons
    remedy: Remedy = "none"
    tell: bool = False


class Acknowledged(Struct, frozen=True):
    """That a complaint was acknowledged, and until when it is answered."""

    id: str
    answer_by: Instant


class Closed(Struct, frozen=True):
    """The record that closes a complaint, and the correction that holders are told of, if there is one."""

    redress: Stated
    correction: Stated | None = None


def complain(desk: Desk, given: Complain) -> Stated:
    """Keep a complaint. Nothing of it leaves by this."""
    received = given.received or desk.at
    if received > desk.at:
        raise Invalid("received", "it was received before now", where="$.received")
    about = desk.tx.records.get(given.about) if given.about is not None else None
    if about is not None and about.exercise != given.exercise:
        raise Invalid("exercise", "what is real and an exercise are not mixed", where="$.exercise")
    body = {
        "person": given.person, "contact": given.contact, "represented": given.represented, "about": given.about,
        "asks": given.asks, "grounds": given.grounds, "received": write_instant(received), "language": given.language,
        "known": given.known,
    }  # fmt: skip
    stated = stating.state(desk, COMPLAINT, body, exercise=given.exercise)
    clocks.received(desk, stated.id, received)
    if given.about is not None:
        clocks.note_about(desk, given.about, stated.id)
    if about is not None and about.content and about.origin == desk.node.party:
        stating.mark(desk, about.id, contested=True)
    if about is not None and about.content and legal_hold.held(desk.tx, about.id) is None:
        keeping.hold(desk, keeping.ToHold(about.id, "complaint", stated.id))
    tally.note(desk, f"complaint_{given.asks}", exercise=given.exercise, partner=_partner(desk, given.about))
    return stated


def acknowledge(desk: Desk, given: Which) -> Acknowledged:
    """Say that the person was told that the complaint is here (oversight.letter has the words)."""
    complaint = case(desk, given.id, "complaint", side="own")
    if not discharge(desk.tx, f"acknowledge_complaint/{complaint.id}", f"by {desk.who}", desk.at):
        raise Clash("acknowledged", f"{given.id} was acknowledged before, or is not due yet")
    answer = clocks.duty(desk, "answer_complaint", complaint.id)
    return Acknowledged(complaint.id, answer.due if answer is not None else desk.at)


def forward(desk: Desk, given: Forward) -> Stated:
    """Tell the origin of a partner's record, and it alone, that the record is contested."""
    complaint = case(desk, given.id, "complaint", side="own")
    fields = fields_of(complaint)
    about = str(fields.get("about", ""))
    origin = about.partition("-")[0]
    if origin not in desk.node.partners or desk.tx.records.get(about) is None:
        raise Invalid("about", "it is about no record of a partner that is held here", where="$.id")
    _check_open(desk, complaint)
    record = stating.record_of(desk, complaint.id)
    body = {**fields, "flags": stating.flags(given.flags, given.screened)}
    texts = {"grounds": given.release_grounds} if given.release_grounds else {}
    stated = stating.state(
        desk, COMPLAINT, body, only={origin}, exercise=complaint.exercise, texts=texts, follows=record
    )  # fmt: skip
    if stated.released or stated.deferred or stated.reviewing:
        clocks.owe(
            desk, "await_decision", complaint.id, clocks.DECIDED_WITHIN, clocks.LEGAL, clocks.OVERSIGHT, "decide"
        )
    return stated


def decide(desk: Desk, given: Decide) -> Closed:
    """Decide on a partner's complaint about a record of ours: mended, taken back, or refused with reasons."""
    stating.check_person(desk)
    complaint = case(desk, given.id, "complaint", side="received")
    fields = fields_of(complaint)
    about = str(fields.get("about", ""))
    holding = desk.tx.records.get(about)
    if clocks.closing_of(desk, complaint) is not None:
        raise Clash("decided", f"{given.id} was decided on before", hint="what is new is a new complaint")
    ours = holding is not None and holding.origin == desk.node.party
    if ours:
        stating.check_independent(desk, about)
    _check_done(desk, about if ours else "", given.outcome, complaint.id)
    body = {
        "of": complaint.id, "outcome": given.outcome, "remedy": given.remedy, "may_tell": given.may_tell,
        "reasons": given.reasons, "at": stating.now(desk), "flags": stating.flags(given.flags, given.screened),
    }  # fmt: skip
    texts = {"reasons": given.release_reasons} if given.release_reasons else {}
    redress = stating.state(
        desk, REDRESS, body, only={complaint.origin}, exercise=complaint.exercise, texts=texts
    )  # fmt: skip
    clocks.note_end(desk, "closed", complaint.id, redress.id)
    discharge(desk.tx, f"decide_complaint/{complaint.id}", f"{redress.id}/1", desk.at)
    return Closed(redress, _mended(desk, about, given.outcome) if ours else None)


def close(desk: Desk, given: Close) -> Closed:
    """Close a complaint that was made here. The reasons stay at home."""
    stating.check_person(desk)
    complaint = case(desk, given.id, "complaint", side="own")
    _check_open(desk, complaint)
    fields = fields_of(complaint)
    about, since = str(fields.get("about", "")), read_instant(fields["received"])
    holding = desk.tx.records.get(about) if about else None
    ours = holding is not None and holding.origin == desk.node.party
    if ours:
        stating.check_independent(desk, about)
        _check_done(desk, about, given.outcome, complaint.id)
    elif holding is not None:
        _check_as_decided(desk, complaint, given.outcome)
    if given.tell:
        _check_may_tell(desk, complaint, ours=ours)
    body = {
        "of": complaint.id, "outcome": given.outcome, "remedy": given.remedy, "may_tell": given.tell,
        "reasons": given.reasons, "at": stating.now(desk),
    }  # fmt: skip
    redress = stating.state(desk, REDRESS, body, exercise=complaint.exercise)
    clocks.note_end(desk, "closed", complaint.id, redress.id)
    for what in ("acknowledge_complaint", "answer_complaint"):
        discharge(desk.tx, f"{what}/{complaint.id}", f"{redress.id}/1", desk.at)
    correction = _mended(desk, about, given.outcome) if ours else None
    if about and not _runs(desk, about):
        if ours and erased(desk.tx, about) is None:
            stating.mark(desk, about, contested=False)
        _free(desk, about)
    tally.note(
        desk, f"closed_{given.outcome}", seconds=(desk.at - since).total_seconds(), exercise=complaint.exercise,
        partner=_partner(desk, about),
    )  # fmt: skip
    return Closed(redress, correction)


def needs_second(desk: Desk, given: Close) -> str:
    """Why the end of a complaint needs a second person: what the letter tells cannot be untold."""
    return "a letter that tells whether something was held" if given.tell else ""


def _mended(desk: Desk, about: str, outcome: str) -> Stated | None:
    """Tell every partner that has the record that it was mended, and await that each says it has applied it."""
    if outcome not in ("corrected", "deleted"):
        return None
    only = stating.holders(desk, about)
    body: dict[str, Any] = {
        "about": about, "stage": "made", "how": outcome, "at": stating.now(desk), "flags": [],
        "holds": 0 if outcome == "deleted" else desk.own(about).version,
    }  # fmt: skip
    stated = stating.state(desk, CORRECTION, body, only=only, exercise=desk.held(about).exercise)
    for party in (*stated.released, *stated.deferred, *stated.reviewing):
        clocks.owe(
            desk,
            "await_applied",
            f"{stated.id}/{party}",
            clocks.APPLIED_WITHIN,
            clocks.LEGAL,
            clocks.OVERSIGHT,
            "apply",
        )
    return stated


def _runs(desk: Desk, about: str) -> bool:
    """Whether a complaint about a record is open, ours or a partner's."""
    return any(clocks.closing_of(desk, each) is None for each in clocks.complaints_about(desk, about))


def _free(desk: Desk, about: str) -> None:
    """End the hold that complaints put on a record. Where its deletion was due, a second person does: record.free."""
    held = legal_hold.held(desk.tx, about)
    if held is not None and held.why == "complaint" and not legal_hold.is_restricted(desk.tx, about):
        keeping.free(desk, keeping.OneRecord(about))


def _check_done(desk: Desk, about: str, outcome: str, complaint: str) -> None:
    """Refuse an outcome of which nothing is seen in what is held, beside what stood when the complaint came."""
    if outcome == "nothing_held" and about:
        raise Invalid("outcome", "a record is held here", where="$.outcome")
    if outcome in ("corrected", "deleted") and not about:
        raise Invalid("outcome", "there is no record of ours that could be mended", where="$.outcome")
    if outcome == "deleted" and recalled(desk.tx, about) is None:
        raise Invalid("outcome", "the record was not taken back", where="$.outcome", hint="first: link.recall")
    if outcome == "corrected" and _is_as_it_stood(desk, about, complaint):
        raise Invalid("outcome", "nothing of the record was changed since", where="$.outcome", hint="correct it first")


def _is_as_it_stood(desk: Desk, about: str, complaint: str) -> bool:
    stood = clocks.stood(desk, about, complaint)
    return stood == 0 or desk.own(about).body == desk.own(about, stood).body


def _check_as_decided(desk: Desk, complaint: Holding, outcome: str) -> None:
    """About a partner's record: what its origin decided is the outcome; until it has, or its time is over, nothing."""
    decision, awaited = clocks.decision_on(desk, complaint), clocks.duty(desk, "await_decision", complaint.id)
    if decision is not None:
        if fields_of(decision).get("outcome") != outcome:
            raise Invalid("outcome", "the origin of the record decided otherwise", where="$.outcome")
    elif awaited is not None and awaited.state == "open":
        raise Clash("undecided", f"{complaint.id} waits for its origin", hint="until the clock has run out")
    elif outcome in ("corrected", "deleted"):
        raise Invalid("outcome", "only its origin mends a record", where="$.outcome", hint="oversight.forward")


def _check_may_tell(desk: Desk, complaint: Holding, *, ours: bool) -> None:
    """Refuse to tell what the person does not know by right already, or what the origin did not agree to."""
    if not fields_of(complaint).get("known"):
        raise Invalid("tell", "the person was not told of a record before", where="$.tell", hint="leave it out")
    decision = clocks.decision_on(desk, complaint)
    if not ours and (decision is None or fields_of(decision).get("may_tell") is not True):
        raise Invalid("tell", "the origin of the record did not agree to it", where="$.tell", hint="leave it out")


def _check_open(desk: Desk, complaint: Holding) -> None:
    if clocks.closing_of(desk, complaint) is not None:
        raise Clash("closed", f"{complaint.id} is closed", hint="what is new is a new complaint")


def _partner(desk: Desk, about: str | None) -> str:
    origin = (about or "").partition("-")[0]
    return origin if origin in desk.node.partners else ""


COMMANDS = (
    Command("oversight.complain", "receive a complaint", Complain, Stated, complain, roles=RECEIVES),
    Command(
        "oversight.acknowledge", "say that a complaint was acknowledged to the person", Which, Acknowledged,
        acknowledge, roles=RECEIVES,
    ),
    Command(
        "oversight.forward", "tell the origin of a partner's record that it is contested", Forward, Stated, forward,
        roles=RECEIVES,
    ),
    Command(
        "oversight.decide", "decide on a partner's complaint about a record of ours", Decide, Closed, decide,
        roles=("legal_officer",),
    ),
    Command(
        "oversight.close", "close a complaint that was made here, with reasons", Close, Closed, close,
        roles=("legal_officer",), second=needs_second,
    ),
)  # fmt: skip
