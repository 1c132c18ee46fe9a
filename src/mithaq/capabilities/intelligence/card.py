"""The action card: what an officer needs beside a hit or an alert, and what must be said with it, in three languages.

What is asked, what it becomes by our own law and which clause says so, for how long at most, whom to call by role, what
to tell the traveller, that a hit is no proof, and how it is complained of. What our own law does not say is zero.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from msgspec import Struct

from mithaq.capabilities.intelligence.one import allowed
from mithaq.capabilities.intelligence.questions import QUERIES_VIEW, Silence, silence, told_of
from mithaq.capabilities.intelligence.reading import shown
from mithaq.capabilities.intelligence.rows import ALERTS_VIEW
from mithaq.capabilities.intelligence.search import with_state
from mithaq.errors import NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import period
from mithaq.kernel.contact import Contact
from mithaq.kernel.desk import Desk
from mithaq.kernel.law.counter import own
from mithaq.kernel.law.decision import Basis
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Question
from mithaq.kernel.shelves import Row
from mithaq.kernel.values import RecordId

QUIET = frozenset({"discreet", "inform", "locate"})
"""What is done without the traveller: to tell them would undo it."""
KEEPS = frozenset({"specific_check", "inquiry", "protect", "seize", "refuse_entry", "arrest"})
"""What can keep somebody for a while; all else keeps nobody, whatever a law says."""
Text = dict[str, str]
"""By language: ar, en, fr."""


class Of(Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that is held here, or a question of ours."""

    id: RecordId


class Call(Struct, frozen=True):
    """Whom to call, by role."""

    party: str
    role: str
    line: str
    hours: str = ""


class Card(Struct, frozen=True, kw_only=True):
    """One action card. ``becomes`` is None where nothing may be done: none is asked, or no clause of ours permits it.

    ``hold_minutes`` is 0 where our own law names no time (``hold_is_known`` is false then), and nobody is kept.
    """

    id: str
    about: Literal["alert", "hit", "question"]
    title: str
    origin: str
    state: str
    exercise: bool
    requested: str | None = None
    becomes: str | None = None
    by: Basis | None = None
    passed_over: tuple[str, ...] = ()
    hold_minutes: int = 0
    hold_is_known: bool = False
    hold: Text
    call: tuple[Call, ...] = ()
    tell: Text
    no_proof: Text
    complaint: Text
    contest: Text
    on_silence: Silence | None = None
    due: str = ""


def card(desk: Desk, of: Of) -> Card:
    """The card of an alert, or of a question. NotFound, with the same words, where there is none for the reader."""
    row = desk.tx.views.get(ALERTS_VIEW, of.id)
    seen = shown(desk, row) if row is not None else None
    if seen is not None:
        return _of_alert(desk, with_state(seen, desk.at))
    row = desk.tx.views.get(QUERIES_VIEW, of.id)
    told = told_of(desk, row) if row is not None and row.body["side"] == "sent" else None
    if told is None:
        raise NotFound("record", f"no record {of.id}")
    return _of_query(desk, told)


def _of_alert(desk: Desk, row: Row) -> Card:
    """Only an alert that stands asks for anything."""
    found = allowed(desk, row) if row.body["state"] == "active" else None
    requested = row.body["fields"].get("measure")
    becomes = found.allowed if found is not None else None
    minutes, is_known = _hold(desk, becomes)
    return Card(
        id=row.key, about="alert", title=row.title, origin=row.body["origin"], state=row.body["state"],
        exercise=row.exercise, requested=requested if isinstance(requested, str) else None, becomes=becomes,
        by=found.basis if found is not None else None, passed_over=found.passed_over if found is not None else (),
        hold_minutes=minutes, hold_is_known=is_known, hold=_hold_text(minutes, is_known),
        call=_call(desk, row.body["origin"]), tell=texts(_telling(becomes)), no_proof=texts("no_proof"),
        complaint=_complaint(desk), contest=texts("contest"),
    )  # fmt: skip


def _of_query(desk: Desk, row: Row) -> Card:
    """A hit asks for nothing by itself: what is asked stands in the alert, which comes once a person has confirmed."""
    partner, answer = str(row.body["fields"].get("addressee", "")), row.body.get("answer")
    return Card(
        id=row.key, about="hit" if answer == "hit" else "question", title=row.title, origin=partner,
        state=row.body["state"], exercise=row.exercise, hold=_hold_text(0, False), call=_call(desk, partner),
        tell=texts("tell_open"), no_proof=texts("no_proof"), complaint=_complaint(desk), contest=texts("contest"),
        on_silence=silence(desk.tx, row.key), due=row.body.get("due", ""),
    )  # fmt: skip


def _hold(desk: Desk, measure: str | None) -> tuple[int, bool]:
    """For how many minutes at most the measure may keep somebody, and whether our own law says so."""
    said = own(desk.law.book.laws, desk.node.party, desk.at)
    longest = said.counter.holds.get(measure) if said is not None and measure in KEEPS else None
    return (int(period(longest).total_seconds() // 60), True) if longest is not None else (0, False)


def _hold_text(minutes: int, is_known: bool) -> Text:
    if not is_known:
        return texts("hold_unknown")
    return {language: text.format(minutes=minutes) for language, text in texts("hold_known").items()}


def _telling(measure: str | None) -> str:
    if measure == "protect":
        return "tell_protect"
    return "tell_quiet" if measure in QUIET else "tell_open"


def _call(desk: Desk, partner: str) -> tuple[Call, ...]:
    """Ours, then the partner's. Of an alert of our own only ours."""
    parties = dict.fromkeys((desk.node.party, partner))
    return tuple(_one(party, each) for party in parties for each in desk.node.contacts.get(party, ()))


def _one(party: str, contact: Contact) -> Call:
    return Call(party, contact.role, contact.line, contact.hours or "")


def _complaint(desk: Desk) -> Text:
    said = own(desk.law.book.laws, desk.node.party, desk.at)
    named: dict[str, str] = dict(said.counter.complaint) if said is not None else {}
    return {language: named.get(language, text) for language, text in texts("complaint_unknown").items()}


def texts(name: str) -> Text:
    """One text of the card in every language."""
    return dict(_texts()[name])


@cache
def _texts() -> dict[str, Text]:
    return canonical.read(resources.files(__package__).joinpath("card.json").read_bytes(), dict[str, Text])


QUESTIONS = (
    Question(
        "intelligence.card", "what to do on a hit or an alert, whom to call and what to say", Of, Card, card,
        roles=OPERATIONAL,
    ),
)  # fmt: skip
