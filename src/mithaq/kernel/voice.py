"""Spoken releases: what may be said of a record on the phone. The same decision and redaction as any other release.

An officer asks what may be said (``release.may-say``), says that, and records afterwards that it was said
(``release.spoken``); the partner's officer confirms what was heard (``release.heard``). Where a release would wait for
a second person, nothing is shown to be said before one has agreed (``release.clear-to-say``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import Invalid, NotAllowed, NotFound
from mithaq.kernel import reviews
from mithaq.kernel.clock import write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping import onward
from mithaq.kernel.law.clause import LIFE_SAVING
from mithaq.kernel.law.decision import Basis, Decision
from mithaq.kernel.law.explain import reasons
from mithaq.kernel.law.vocabulary import known_word
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.matter.spoken import KIND, Disputed, Heard, Told, Voice
from mithaq.kernel.matter.take import state_of
from mithaq.kernel.people.roles import OPERATIONAL, STANDARD
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.reading import seen_of
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.values import Code, Instant, PartyId, RecordId
from mithaq.lib.aloud import aloud

SORT = "voice"
CLEARED_FOR = timedelta(hours=1)
RECORDED_WITHIN = timedelta(days=1)


class ToSay(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A record of ours, and whom something of it is to be told: a partner, in a role, of an authority if it has one."""

    id: RecordId
    to: PartyId
    role: Code
    authority: Code | None = None


class WasSaid(ToSay, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That it was said: which fields, when, and over which line."""

    fields: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=100)]
    at: Instant
    line: Voice = "telephone"


class WasHeard(Struct, frozen=True, forbid_unknown_fields=True):
    """What was heard of what a partner says it told: all of it as told, or else only these fields."""

    matter: RecordId
    as_told: bool = True
    fields: tuple[Code, ...] = ()


class Say(Struct, frozen=True):
    """One thing that may be said, in words."""

    field: str
    meaning: str
    level: str
    words: dict[str, str]


class MaySay(Struct, frozen=True, kw_only=True):
    """All that may be said, and nothing else. ``needs_second``: nothing is shown before a second person has agreed."""

    id: str
    version: int
    to: str
    role: str
    says: tuple[Say, ...] = ()
    needs_second: bool = False
    basis: Basis | None = None
    reasons: tuple[str, ...] = ()
    exercise: bool = False


class Recorded(Struct, frozen=True):
    """That it is recorded and on its way to the partner."""

    matter: str
    record: str
    to: str
    fields: tuple[str, ...]


class ToldNote(Struct, frozen=True, kw_only=True):
    """One spoken release as both sides hold it, and what became of it: told, heard or disputed."""

    matter: str
    by: str
    to: str
    record: str
    version: int
    kind: str
    fields: dict[str, str]
    by_role: str
    to_role: str
    at: str
    line: str
    state: str
    heard: tuple[str, ...] = ()


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class _Cleared(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    until: Instant


class _Permitted(Struct, frozen=True):
    record: Record
    decision: Decision
    copy: Release | None


def may_say(desk: Desk, given: ToSay) -> MaySay:
    """What may be said now. Without a clause, a second person or the right authority: nothing, and why."""
    found = _permitted(desk, given)
    asks = _needs_second(desk, found) and not _is_cleared(desk, given, found.record)
    shown = found.copy is not None and not asks and not _is_shut_out(found.decision, given)
    return MaySay(
        id=given.id, version=found.record.version, to=given.to, role=given.role,
        says=_says(desk, found) if shown else (), needs_second=asks,
        basis=found.decision.basis if found.copy is not None else None,
        reasons=_why(found.decision, given), exercise=found.record.marking.exercise,
    )  # fmt: skip


def clear(desk: Desk, given: ToSay) -> MaySay:
    """A second person has agreed: what may be said within the hour. Where none is needed, it is only told."""
    found = _permitted(desk, given)
    if _needs_second(desk, found):
        until = desk.at + CLEARED_FOR
        content = msgspec.json.encode(_Cleared(found.record.version, until))
        desk.tx.papers.put(SORT, _name(given), content, expires=until)
    return may_say(desk, given)


def spoken(desk: Desk, given: WasSaid) -> Recorded:
    """Record what was said, at both sides. NotAllowed for what the law would not release.

    Invalid if it was said in the future, or too long ago to be recorded by whoever said it.
    """
    if not desk.at - RECORDED_WITHIN <= given.at <= desk.at:
        raise Invalid("instant", "it is recorded on the day on which it was said", where="$.at")
    found = _permitted(desk, given)
    if found.copy is None or _is_shut_out(found.decision, given):
        told = "; ".join(_why(found.decision, given))
        raise NotAllowed("withheld", f"nothing of it may be said to {given.to}: {told}", hint="ask the legal officer")
    if _needs_second(desk, found) and not _is_cleared(desk, given, found.record):
        raise NotAllowed("second", "a second person agrees before it is said", hint="release.clear-to-say")
    sayable = {each.field: each.level for each in _says(desk, found)}
    for n, name in enumerate(given.fields):
        known_word("field that may be said", name, sayable, f"$.fields[{n}]")
    copy = found.copy
    matter = speak(
        desk, KIND, "told", parties=(desk.node.party, given.to), record=copy.record, version=copy.version,
        record_kind=copy.kind, fields={name: sayable[name] for name in given.fields}, basis=copy.basis,
        by_role=_role(desk), to_role=given.role, at=write_instant(given.at), line=given.line,
        **({"to_authority": given.authority} if given.authority else {}),
    )  # fmt: skip
    onward.passed_on(desk.tx, found.record, given.to)
    _review_afterwards(desk, given, found)
    return Recorded(matter, given.id, given.to, tuple(given.fields))


def heard(desk: Desk, given: WasHeard) -> ToldNote:
    """Confirm what was heard of what a partner told; or say what was heard instead."""
    note = _note(desk, given.matter)
    if note is None or note.to != desk.node.party:
        raise NotFound("matter", f"nothing was told to us in {given.matter}", where="$.matter")
    if note.state != "told":
        raise NotAllowed("heard", f"it was said already: {note.state}", where="$.matter")
    if given.as_told:
        speak(desk, KIND, "heard", given.matter, role=_role(desk))
    else:
        speak(desk, KIND, "disputed", given.matter, role=_role(desk), fields=list(given.fields))
    return _note(desk, given.matter) or note


def told(desk: Desk, _: Nothing) -> tuple[ToldNote, ...]:
    """Every spoken release, ours and partners', the newest first."""
    notes = (_note(desk, matter) for matter in desk.tx.statements.matters(KIND))
    return tuple(sorted((each for each in notes if each is not None), key=lambda each: each.at, reverse=True))


def _permitted(desk: Desk, given: ToSay) -> _Permitted:
    """The newest version of a record of ours that whoever acts may read, and what the law says of releasing it."""
    known_word("role", given.role, STANDARD, "$.role")
    if given.authority is not None:
        known_word("authority", given.authority, desk.law.book.vocabulary.authorities, "$.authority")
    record = desk.own(given.id)
    if desk.read(seen_of(record)) is None or desk.tx.memos.get(f"recalled/{record.id}") is not None:
        raise NotFound("record", f"no record {given.id}")
    return _Permitted(record, *desk.consider(record, given.to))


def _says(desk: Desk, found: _Permitted) -> tuple[Say, ...]:
    """What may be said: what would be released, as far as whoever acts may see it themselves."""
    reading, copy = desk.read(seen_of(found.record)), found.copy
    if reading is None or copy is None:
        return ()
    kind = desk.kind(copy.kind)
    hidden = {*reading.hidden, *reading.coarse}
    return tuple(
        Say(name, kind.fields[name].meaning, copy.levels[name], aloud(value, copy.levels[name]))
        for name, value in copy.fields.items() if name not in hidden
    )  # fmt: skip


def _needs_second(desk: Desk, found: _Permitted) -> bool:
    """Whether a release would wait for a second person. What may save a life does not wait."""
    return found.copy is not None and reviews.is_asked(found.decision) and found.record.purpose not in LIFE_SAVING


def _why_second(desk: Desk, given: Any) -> str:
    """Why telling it needs a second person; nothing if it does not."""
    return f"what is said of {given.id} to {given.to}" if _needs_second(desk, _permitted(desk, given)) else ""


def _is_cleared(desk: Desk, given: ToSay, record: Record) -> bool:
    content = desk.tx.papers.get(SORT, _name(given))
    if content is None:
        return False
    known = msgspec.json.decode(content, type=_Cleared)
    return known.version == record.version and desk.at < known.until


def _is_shut_out(decision: Decision, given: ToSay) -> bool:
    """Whether only certain authorities may have it, and this role is of none of them."""
    return any(
        each.what == "recipients" and isinstance(each.value, tuple) and given.authority not in each.value
        for each in decision.obligations
    )  # fmt: skip


def _why(decision: Decision, given: ToSay) -> tuple[str, ...]:
    return (*reasons(decision), *(("recipients",) if _is_shut_out(decision, given) else ()))


def _review_afterwards(desk: Desk, given: ToSay, found: _Permitted) -> None:
    """What went at once because it may save a life is looked at afterwards, as when it is released."""
    if not reviews.is_asked(found.decision) or found.record.purpose not in LIFE_SAVING:
        return
    if desk.tx.papers.get(reviews.SORT, f"{given.id}/{given.to}") is None:
        reviews.hold(
            desk.tx, reviews.Waiting(given.id, found.record.version, given.to, desk.who, desk.at, gone=True)
        )  # fmt: skip


def _role(desk: Desk) -> str:
    """In which role whoever acts speaks: the first operational one they have. Roles cross, names do not."""
    return next((role for role in OPERATIONAL if role in desk.actor.roles), "duty_officer")


def _note(desk: Desk, matter: str) -> ToldNote | None:
    state = state_of(desk.tx, matter)
    opened = next((each for each in state.effective if each.says == "told"), None)
    if state.kind != KIND or opened is None:
        return None
    said = msgspec.convert(opened.terms, Told)
    to = next(party for party in said.parties if party != opened.party)
    answers = [each for each in state.effective if each.party == to]
    last = answers[-1] if answers else None
    return ToldNote(
        matter=matter, by=opened.party, to=to, record=said.record, version=said.version, kind=said.record_kind,
        fields=dict(said.fields), by_role=said.by_role, to_role=said.to_role, at=write_instant(said.at),
        line=said.line, state=last.says if last is not None else "told", heard=_heard(said, last),
    )  # fmt: skip


def _heard(said: Told, answer: Any) -> tuple[str, ...]:
    if answer is None:
        return ()
    if answer.says == "heard":
        msgspec.convert(answer.terms, Heard)
        return tuple(said.fields)
    return tuple(msgspec.convert(answer.terms, Disputed).fields)


def _name(given: ToSay) -> str:
    return f"{given.id}/{given.to}/{given.role}/{given.authority or ''}"


SPEAKS = ("duty_officer", "analyst", "commander", "customs_officer", "liaison_officer", "legal_officer", "supervisor")

COMMANDS = (
    Command(
        "release.clear-to-say", "agree to what is said of a record by voice", ToSay, MaySay, clear, roles=SPEAKS,
        second=_why_second,
    ),
    Command(
        "release.spoken", "record what was said of a record by voice", WasSaid, Recorded, spoken, roles=SPEAKS,
    ),
    Command("release.heard", "confirm what a partner told by voice", WasHeard, ToldNote, heard, roles=SPEAKS),
)  # fmt: skip
QUESTIONS = (
    Question(
        "release.may-say", "what may be said of a record by voice, and nothing else", ToSay, MaySay, may_say,
        of_views=False, roles=SPEAKS,
    ),
    Question(
        "release.told", "what was told by voice, by us and to us, and whether it was heard", Nothing,
        tuple[ToldNote, ...], told, of_views=False, roles=(*SPEAKS, "oversight"),
    ),
)  # fmt: skip
