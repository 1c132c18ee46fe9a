"""Held records at the desk: legal holds, erasure by order, what was done on a record, and passing it on."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel.clock import after, write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty, discharge, open_duty
from mithaq.kernel.keeping import holder, legal_hold, onward
from mithaq.kernel.keeping.follow import end, tell
from mithaq.kernel.link import epochs
from mithaq.kernel.matter.holding import KIND, Act, Gone, HeldFor
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import Code, Count, Instant, Line, PartyId, RecordId, ends

REVIEW_HOLD = "P90D"


class ToHold(Struct, frozen=True, forbid_unknown_fields=True):
    """A record that is not to be deleted, and by what: a complaint, or a court. ``reference`` stays at home."""

    id: RecordId
    why: HeldFor
    reference: Line


class OneRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One record."""

    id: RecordId


class ToErase(Struct, frozen=True, forbid_unknown_fields=True):
    """A record to erase here, and the order to do so, in words that stay at home."""

    id: RecordId
    order: Line


class ToAct(Struct, frozen=True, forbid_unknown_fields=True):
    """What was done on the strength of a partner's record, at its newest version by default."""

    id: RecordId
    act: Act
    version: Count | None = None


class ToAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner's record, the third nation that it is to be passed on to, and for what."""

    id: RecordId
    to: PartyId
    purpose: Code


class ToAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The request, by its matter, and the answer. ``until``: how long a consent holds; without, until taken back."""

    matter: RecordId
    answer: Literal["consent", "refuse"]
    until: Instant | None = None


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class HoldState(Struct, frozen=True):
    """Whether a record is held, and whether its deletion was due: then nobody works with it."""

    id: str
    held: bool
    restricted: bool


class Erased(Struct, frozen=True):
    """What became of it here: ``erased``, or ``restricted`` where a legal hold keeps it."""

    id: str
    state: str


class SaidOf(Struct, frozen=True):
    """The matter in which it was said."""

    id: str
    matter: str


class OneRelease(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of one record version that was released to a partner, at three levels.

    ``received``: its node has taken it into its log; ``accepted``: by its law (else ``refused`` with a code); then what
    somebody there did on it. ``state`` is waiting, accepted, refused, or tombstone.
    """

    to: PartyId
    version: Count
    message: str
    received: bool
    accepted: bool
    state: str
    code: str = ""
    acted: tuple[holder.Acted, ...] = ()
    deleted: Instant | None = None
    deleted_for: str | None = None
    held: Instant | None = None
    passed_to: tuple[PartyId, ...] = ()


def hold(desk: Desk, given: ToHold) -> HoldState:
    """Keep a record from being deleted. Clash if it is held already."""
    holding = _held(desk, given.id)
    before = legal_hold.held(desk.tx, given.id)
    if before is not None and (before.why, given.why) != ("complaint", "court"):  # a court's outlives a complaint's
        raise Clash("held", f"{given.id} is held already", hint="see record.holds")
    legal_hold.hold(
        desk.tx, legal_hold.LegalHold(given.id, given.why, given.reference, desk.at, desk.who)
    )  # fmt: skip
    duty = Duty(
        id=f"review_hold/{given.id}", what="review_hold", about=given.id, since=desk.at,
        due=after(desk.at, REVIEW_HOLD), owed_by="legal_officer", escalates_to="oversight",
        discharged_by=("record_free",),
    )  # fmt: skip
    open_duty(desk.tx, duty)
    return HoldState(holding.id, True, legal_hold.is_restricted(desk.tx, given.id))


def free(desk: Desk, given: OneRecord) -> HoldState:
    """End a legal hold. If its deletion was due it follows at once, and its origin is told."""
    if legal_hold.held(desk.tx, given.id) is None:
        raise NotFound("held", f"{given.id} is not held", hint="see record.holds")
    why = legal_hold.why_restricted(desk.tx, given.id) or "expired"
    due = legal_hold.free(desk.tx, given.id)
    discharge(desk.tx, f"review_hold/{given.id}", "record.free", desk.at)
    if due:
        holding = desk.held(given.id)
        if holding.link and holding.origin in desk.node.partners:
            speak(desk, KIND, "freed", parties=(desk.node.party, holding.origin), record=given.id)
        gone: dict[str, list[Gone]] = {}
        end(desk, given.id, why, gone)
        tell(desk, gone)
    return HoldState(given.id, False, False)


def free_needs_second(desk: Desk, given: OneRecord) -> str:
    """Why ending a hold needs a second person: it deletes what somebody may still need."""
    return "ending a legal hold" if legal_hold.is_restricted(desk.tx, given.id) else ""


def holds(desk: Desk, _: Nothing) -> tuple[legal_hold.LegalHold, ...]:
    """Every legal hold there is."""
    return tuple(legal_hold.holds(desk.tx))


def erase(desk: Desk, given: ToErase) -> Erased:
    """Erase a record here by order. Of our own it must have been recalled first, where a partner has it."""
    holding = _held(desk, given.id)
    if not holding.link and recalled(desk.tx, given.id) is None and _partners_with(desk, holding):
        raise Clash("released", f"{given.id} was released and not recalled", hint="recall it first: link.recall")
    if not holding.link:
        _stop_waiting(desk, holding)
    gone: dict[str, list[Gone]] = {}
    desk.tx.audit.add(at=desk.at, who=desk.who, act="record.erase because", subject=given.id, reason=given.order)
    end(desk, given.id, "ordered", gone)
    tell(desk, gone)
    restricted = legal_hold.is_restricted(desk.tx, given.id)
    return Erased(given.id, "restricted" if restricted else "erased")


def always_second(_: Desk, given: ToErase) -> str:
    """Erasing cannot be undone."""
    return f"erasing {given.id}"


def act(desk: Desk, given: ToAct) -> SaidOf:
    """Tell the origin of a record what was done on it, by a role and without a name."""
    holding = _held(desk, given.id, given.version)
    if not holding.link:
        raise Invalid("origin", f"{given.id} is our own", where="$.id", hint="only partners are told what was done")
    by = next((role for role in OPERATIONAL if role in desk.actor.roles), desk.actor.roles[0])
    parties = (desk.node.party, holding.origin)
    matter = speak(
        desk, KIND, "acted", parties=parties, record=given.id, version=holding.version, act=given.act, by=by,
        when=desk.at,
    )  # fmt: skip
    return SaidOf(given.id, matter)


def ask_onward(desk: Desk, given: ToAsk) -> SaidOf:
    """Ask the origin of a record whether it may be passed on to a third nation. NotAllowed where it said never."""
    holding = _held(desk, given.id)
    if not holding.link or given.to in (holding.origin, desk.node.party):
        raise Invalid("onward", "only a partner's record is passed on, to a third nation", where="$.to")
    if onward.rule_of(desk.tx, given.id) == "never":
        raise NotAllowed("onward", f"{given.id} may never be passed on: {holding.origin} said so")
    parties = (desk.node.party, holding.origin)
    matter = speak(
        desk, KIND, "ask_onward", parties=parties, record=given.id, to=given.to, purpose=given.purpose
    )  # fmt: skip
    return SaidOf(given.id, matter)


def answer_onward(desk: Desk, given: ToAnswer) -> SaidOf:
    """Answer a partner that asks to pass a record of ours on. The last word counts."""
    known = onward.asked(desk.tx, given.matter)
    if known is None or known.by == desk.node.party:
        raise NotFound("onward", f"nobody asked in {given.matter}", hint="see record.onward")
    _held(desk, known.record)
    terms = {"until": given.until} if given.answer == "consent" and given.until is not None else {}
    speak(desk, KIND, given.answer, given.matter, **terms)
    return SaidOf(known.record, given.matter)


def consent_needs_second(_: Desk, given: ToAnswer) -> str:
    """Why an answer needs a second person."""
    return "letting a record go to a third nation" if given.answer == "consent" else ""


def onward_requests(desk: Desk, _: Nothing) -> tuple[onward.Asked, ...]:
    """What was asked to be passed on, by us and of us, with the answers."""
    found: list[onward.Asked] = []
    last = ""
    while page := desk.tx.papers.page(onward.ASKED, after=last):
        found += [known for id, _ in page if (known := onward.asked(desk.tx, id)) is not None]
        last = page[-1][0]
    return tuple(sorted(found, key=lambda each: (write_instant(each.at), each.matter)))


def receipts(desk: Desk, given: OneRecord) -> tuple[OneRelease, ...]:
    """What became of each version of our own record at each partner: received, accepted, acted on, deleted."""
    newest = desk.tx.records.get(given.id)
    visible = "oversight" in desk.actor.roles or (newest is not None and desk.reading(newest) is not None)
    if newest is None or newest.link or not (visible or not newest.content):
        raise NotFound("record", f"no record {given.id} of ours")
    found = []
    for version in range(1, newest.version + 1):
        for each in desk.tx.links.carrying(f"{given.id}/{version}"):
            partner = each.link.partition(">")[2]
            said = holder.holder(desk.tx, given.id, partner)
            found.append(
                OneRelease(
                    to=partner,
                    version=version,
                    message=f"{each.link}/{each.seq}",
                    received=each.outcome in ("accepted", "refused"),
                    accepted=each.outcome == "accepted",
                    state=each.outcome,
                    code=each.code,
                    acted=tuple(one for one in said.acted if one.version == version),
                    deleted=said.deleted,
                    deleted_for=said.deleted_for,
                    held=said.held,
                    passed_to=said.passed_to,
                )
            )
    return tuple(sorted(found, key=lambda each: (each.to, each.version)))


def _held(desk: Desk, id: str, version: int | None = None) -> Holding:
    """A record that whoever acts may read; to others it is not there."""
    holding = desk.held(id, version)
    if desk.reading(holding) is None and "oversight" not in desk.actor.roles:
        raise NotFound("record", f"no record {id}")
    return holding


def _partners_with(desk: Desk, holding: Holding) -> list[str]:
    versions = range(1, holding.version + 1)
    carried = (each for version in versions for each in desk.tx.links.carrying(f"{holding.id}/{version}"))
    return sorted({ends(each.link)[1] for each in carried if each.outcome in ("accepted", "waiting")})


def _stop_waiting(desk: Desk, holding: Holding) -> None:
    """Nothing of it leaves any more, though it waits."""
    for partner in desk.node.partners:
        link = epochs.current(desk.tx, desk.node.party, partner)
        desk.tx.links.withdraw(link, desk.tx.links.waiting_about(link, holding.id), "recalled")


_SETTLES = ("legal_officer", "oversight")
_ASKS = ("liaison_officer", "legal_officer", "supervisor")
COMMANDS = (
    Command("record.hold", "keep a record from being deleted", ToHold, HoldState, hold, roles=_SETTLES),
    Command(
        "record.free", "end a legal hold; what was due follows", OneRecord, HoldState, free, roles=_SETTLES,
        second=free_needs_second,
    ),
    Command(
        "record.erase", "erase a record here, by order", ToErase, Erased, erase,
        roles=("legal_officer", "supervisor"), second=always_second,
    ),
    Command(
        "record.acted", "tell its origin what was done on a record", ToAct, SaidOf, act, roles=OPERATIONAL
    ),
    Command(
        "record.ask-onward", "ask whether a record may be passed on to a third nation", ToAsk, SaidOf, ask_onward,
        roles=_ASKS,
    ),
    Command(
        "record.answer-onward", "answer who asks to pass a record of ours on", ToAnswer, SaidOf, answer_onward,
        roles=_ASKS, second=consent_needs_second,
    ),
)  # fmt: skip
QUESTIONS = (
    Question(
        "record.holds", "every legal hold", Nothing, tuple[legal_hold.LegalHold, ...], holds, roles=_SETTLES,
        of_views=False,
    ),
    Question(
        "record.onward", "what was asked to be passed on", Nothing, tuple[onward.Asked, ...], onward_requests,
        roles=(*_ASKS, "oversight"), of_views=False,
    ),
    Question(
        "release.receipts", "what became of a record of ours at each partner", OneRecord, tuple[OneRelease, ...],
        receipts, roles=(*OPERATIONAL, "oversight"), of_views=False,
    ),
)  # fmt: skip
