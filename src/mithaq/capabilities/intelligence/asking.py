"""Asking a partner whether it looks for something, and saying what a hit was once a person has compared.

A question rests on a case and on exact numbers. What the law does not let be asked, or no more today, is not kept: it
is refused at once, and nothing has left. A hit is never an action: somebody compares first, and says so.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mithaq.capabilities.intelligence import clocks, identifiers
from mithaq.capabilities.intelligence.asked import CONFIRMATION, QUERY, Asked, Confirmed, Wait
from mithaq.capabilities.intelligence.questions import QUERIES_VIEW, VIEW, state_of_query
from mithaq.capabilities.intelligence.reading import readable
from mithaq.capabilities.intelligence.records import ALERTS
from mithaq.capabilities.intelligence.search import Sort
from mithaq.capabilities.intelligence.words import WideReason
from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel import canonical, quota
from mithaq.kernel.alarm import set_alarm
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.law.explain import reasons
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Kind, Marking, Record
from mithaq.kernel.shelves import Row
from mithaq.kernel.values import Code, FreeText, Line, PartyId, RecordId, link_id
from mithaq.kernel.view import advance

WATCH = "intelligence.watch"


class AskQuery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question of hit or no hit to one partner, in one case, about exact numbers."""

    to: PartyId
    identifiers: Asked
    kinds: Annotated[tuple[Sort, ...], Meta(min_length=1, max_length=6, description="the sorts of alert asked for")]
    purpose: Code
    case: Annotated[Line, Meta(description="our reference of the case: the partner sees it")]
    why: Annotated[Line, Meta(description="why it is needed in this case: the partner sees it")]
    urgency: Wait = "ordinary"
    exercise: bool = False


class ConfirmHit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person found who compared. A confirmed hit says the offence and the facts, which the partner reads."""

    query: RecordId
    outcome: Confirmed
    compared: Annotated[bool, Meta(description="a person has compared who or what stands here")] = False
    offence: WideReason | None = None
    facts: Annotated[FreeText | None, Meta(description="the facts of the case, for the partner to judge")] = None


def query(desk: Desk, given: AskQuery) -> Stated:
    """Put a question to a partner. NotAllowed, and nothing is kept, where law or quota does not let it be put."""
    if given.to not in desk.node.partners:
        known = ", ".join(desk.node.partners)
        raise NotFound("partner", f"{given.to} is not a partner of this node", where="$.to", hint=known)
    reads = desk.node.cards[given.to].reads
    if reads and QUERY.name not in reads:
        raise NotAllowed("not-understood", f"the node of {given.to} knows no questions", hint="intelligence.request")
    identifiers.check("person", given.identifiers)
    body = {
        "addressee": given.to, "identifiers": msgspec.to_builtins(given.identifiers), "case": given.case,
        "why": given.why, "urgency": given.urgency, "kinds": [_version(desk, given.to, sort) for sort in given.kinds],
    }  # fmt: skip
    marking = Marking(exercise=given.exercise)
    record = desk.draft(QUERY, body, purpose=given.purpose, marking=marking, release_texts={})
    _may_ask(desk, record, given.to)
    stated = desk.state(record, flash=given.urgency == "counter", only={given.to})
    if not (stated.released or stated.deferred or stated.reviewing):
        raise NotAllowed("no-clause", f"no clause lets this be asked of {given.to}", hint="release.why")
    set_alarm(desk.tx, desk.at, WATCH, record.id)
    return stated


def confirm(desk: Desk, given: ConfirmHit) -> Stated:
    """Tell the partner whether its hit is who or what stands here. A person says so, never a program."""
    if desk.actor.by == "token":
        raise NotAllowed("human", "a program confirms no hit", hint="an officer who has signed in does")
    while advance(VIEW, desk.tx):  # an answer that has just come is an answer
        pass
    row = desk.tx.views.get(QUERIES_VIEW, given.query)
    holding = desk.held(given.query)
    if holding.origin != desk.node.party or row is None or not readable(desk, holding):
        raise NotFound("query", f"no question {given.query} of ours", where="$.query")
    _check_stage(desk, row)
    if given.outcome == "confirmed":
        _check_facts(given)
    asked = canonical.decode(holding.content, Record)
    body: dict[str, Any] = {
        "query": given.query, "outcome": given.outcome, "offence": given.offence, "facts": given.facts,
        "compared": given.compared,
    }  # fmt: skip
    texts = {"facts": given.facts} if given.facts else {}
    record = desk.draft(
        CONFIRMATION, body, purpose=asked.purpose, marking=Marking(exercise=holding.exercise), release_texts=texts
    )  # fmt: skip
    urgency: Wait = asked.body["urgency"]
    clocks.stop(desk, clocks.CONFIRM, given.query, f"{record.id}/1")
    if given.outcome == "confirmed":
        due = clocks.start(desk, clocks.AWAIT_RELEASE, given.query, row.body["within"], desk.at)
        set_alarm(desk.tx, due, WATCH, given.query)
    return desk.state(record, flash=urgency == "counter", only={asked.body["addressee"]})


def _may_ask(desk: Desk, record: Record, to: str) -> None:
    decision, copy = desk.consider(record, to)
    if copy is None:
        raise NotAllowed("no-clause", f"it may not be asked of {to}: {'; '.join(reasons(decision))}", hint="mithaq law")
    if quota.is_used_up(desk.tx, link_id(desk.node.party, to), decision, desk.at):
        most = quota.limit(decision)
        raise NotAllowed(
            "quota-used", f"the {most} questions a day that may be put to {to} are used up", hint="release.quotas"
        )


def _version(desk: Desk, to: str, sort: str) -> str:
    """The newest version of the Kind of this sort that the partner reads and our words know."""
    kind: Kind | None = ALERTS[sort]
    reads, words = desk.node.cards[to].reads, desk.law.book.vocabulary.kinds
    while kind is not None and (kind.name not in words or (reads and kind.name not in reads)):
        kind = kind.before
    return (kind or ALERTS[sort]).name


def _check_stage(desk: Desk, row: Row) -> None:
    if row.body.get("answer") != "hit":
        raise Clash("no-hit", "there is no hit to confirm", where="$.query", hint=state_of_query(desk, row))
    if recalled(desk.tx, row.key) is not None:
        raise Clash("recalled", "the question was taken back", where="$.query")
    if row.body.get("outcome"):
        raise Clash("confirmed", f"it was said already: {row.body['outcome']}", where="$.query")


def _check_facts(given: ConfirmHit) -> None:
    if not given.compared:
        raise Invalid("compared", "a person compares before a hit is confirmed", where="$.compared")
    for name in ("offence", "facts"):
        if not getattr(given, name):
            raise Invalid("facts", f"a confirmed hit says the {name}", where=f"$.{name}")


COMMANDS = (
    Command(
        "intelligence.query", "ask a partner whether it looks for something: hit or no hit", AskQuery, Stated, query,
        roles=OPERATIONAL,
    ),
    Command(
        "intelligence.confirm-hit", "say whether a hit is who or what stands here", ConfirmHit, Stated, confirm,
        roles=("duty_officer", "analyst", "customs_officer", "supervisor"),
    ),
)  # fmt: skip
