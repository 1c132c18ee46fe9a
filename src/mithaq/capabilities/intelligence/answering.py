"""Answering a partner's question: hit or no hit and nothing else, at the node's beat.

What may be told is decided when the question comes; that it is told waits for a full beat. So the time between says
nothing of how much was looked at, nor does the answer of why there is none: *no hit* and *protected* are one word.
An alert counts as a hit only if the law would release it to that partner once a person there has confirmed the match.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from mithaq.capabilities.intelligence import clocks, exact
from mithaq.capabilities.intelligence.asked import HIT_ANSWER, Answered, Wait
from mithaq.capabilities.intelligence.records import sort_of
from mithaq.capabilities.intelligence.rows import VIEWS
from mithaq.kernel import canonical
from mithaq.kernel.alarm import set_alarm
from mithaq.kernel.desk import Desk
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Marking
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import Instant
from mithaq.kernel.view import advance

SORT = "intelligence.query"
TELL = "intelligence.tell"
BEAT = timedelta(seconds=10)
KEPT = timedelta(days=400)  # longer than any clock runs: what was answered is needed until the hit is settled
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Received(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A partner's question as we keep it: what was found, which stays here, and what we answer."""

    query: str
    asker: str
    purpose: str
    urgency: Wait
    within: str
    exercise: bool
    answer: Answered
    found: tuple[str, ...]
    came: Instant
    answered: bool = False
    settled: bool = False  # released, declined, or no hit after all


def beat(at: datetime) -> datetime:
    """The beat after the next one: a whole beat lies between, whenever a question comes.

    >>> beat(datetime(2026, 11, 20, 12, 0, 3, tzinfo=UTC)).time().isoformat()
    '12:00:20'
    """
    return _EPOCH + ((at - _EPOCH) // BEAT + 2) * BEAT


def asked(desk: Desk, holding: Holding) -> None:
    """A partner's question has come and may be put: find the answer, and tell it at the beat."""
    plain: dict[str, Any] = canonical.decode(holding.content, dict)
    fields, me = plain["fields"], desk.node.party
    if fields.get("addressee") != me or desk.tx.papers.get(SORT, holding.id) is not None:
        return
    for view in VIEWS:
        while advance(view, desk.tx):
            pass
    found = _found(desk, holding, fields)
    within = clocks.length(fields["urgency"], plain["handling"].get("reply_within"))
    keep(desk.tx, Received(
        query=holding.id, asker=holding.origin, purpose=plain["purpose"], urgency=fields["urgency"], within=within,
        exercise=holding.exercise, answer="hit" if found else "nil", found=found, came=desk.at,
    ), desk.at)  # fmt: skip
    clocks.start(desk, clocks.ANSWER, holding.id, within, desk.at)
    set_alarm(desk.tx, beat(desk.at), TELL, holding.id)


def tell(desk: Desk, query: str) -> None:
    """State the answer to whoever asked, and to nobody else. Every answer takes the same steps."""
    known = received(desk.tx, query)
    if known is None or known.answered:
        return
    if recalled(desk.tx, query) is not None:  # whoever asked has taken it back
        keep(desk.tx, msgspec.structs.replace(known, settled=True), desk.at)
        clocks.drop(desk, clocks.ANSWER, query, "recalled")
        return
    record = desk.draft(
        HIT_ANSWER, {"query": query, "answer": known.answer}, purpose=known.purpose,
        marking=Marking(exercise=known.exercise), release_texts={},
    )  # fmt: skip
    stated = desk.state(record, flash=known.urgency == "counter", only={known.asker})
    if stated.released or stated.deferred or stated.reviewing:
        keep(desk.tx, msgspec.structs.replace(known, answered=True), desk.at)
        clocks.stop(desk, clocks.ANSWER, query, f"{record.id}/1")


def received(tx: Transaction, query: str) -> Received | None:
    """A partner's question that we know, by its id."""
    content = tx.papers.get(SORT, query)
    return msgspec.json.decode(content, type=Received) if content is not None else None


def keep(tx: Transaction, known: Received, at: datetime) -> None:
    tx.papers.put(SORT, known.query, msgspec.json.encode(known), expires=at + KEPT)


def _found(desk: Desk, holding: Holding, fields: dict[str, Any]) -> tuple[str, ...]:
    """Our alerts that match and that the law would release to this partner on a confirmed hit."""
    sorts = dict.fromkeys(sort for kind in fields["kinds"] if (sort := sort_of(kind)))
    matched = [
        id for sort in sorts
        for id in exact.matching(
            desk.tx, desk.node.party, sort, fields["identifiers"], exercise=holding.exercise, at=desk.at
        )
    ]  # fmt: skip
    return tuple(id for id in matched if desk.consider(desk.own(id), holding.origin, confirmed=True)[1] is not None)
