"""Waiting for a partner: what is owed to us on a question, and what holds at the counter when nothing comes.

At the counter somebody stands and waits. When the time is over that was agreed, our own law says what follows from the
silence alone: to admit, to ask a supervisor, or the second line; never to take anybody's liberty (``law/counter.py``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from mithaq.capabilities.intelligence import clocks
from mithaq.capabilities.intelligence.asking import WATCH
from mithaq.capabilities.intelligence.questions import SILENT, Silence, silence, within_of
from mithaq.kernel import canonical
from mithaq.kernel.alarm import set_alarm
from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping.erase import erased
from mithaq.kernel.law.counter import own
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.record import Record
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import ends

SOONEST = timedelta(seconds=10)
KEPT = timedelta(days=400)
NOTHING_SAID = "ask_supervisor"
"""Where our own law says nothing: nothing follows from the silence, and somebody is asked."""


def asked(desk: Desk, holding: Holding) -> None:
    """We put a question: an answer is awaited as long as was agreed."""
    record = canonical.decode(holding.content, Record)
    within = within_of(desk.tx, record.id, record.body)
    set_alarm(desk.tx, clocks.start(desk, clocks.AWAIT_ANSWER, record.id, within, record.made), WATCH, record.id)


def answered(desk: Desk, holding: Holding) -> None:
    """Whom we asked has answered: a hit is for a person to compare and confirm, as soon as the question was urgent."""
    fields = _fields(holding)
    query = _ours(desk, fields.get("query"), holding)
    if query is None or not clocks.is_running(desk.tx, clocks.AWAIT_ANSWER, query.id):
        return
    clocks.stop(desk, clocks.AWAIT_ANSWER, query.id, f"{holding.id}/{holding.version}")
    if fields.get("answer") == "hit":
        clocks.start(desk, clocks.CONFIRM, query.id, within_of(desk.tx, query.id, query.body), desk.at)


def goes_on(desk: Desk, holding: Holding) -> None:
    """Whom we asked tells how a confirmed hit goes on: our clock stands still, runs again or ends with theirs."""
    fields = _fields(holding)
    query = _ours(desk, fields.get("query"), holding)
    if query is None:
        return
    state = fields.get("state")
    if state == "judge_decides" and query.body["urgency"] == "ordinary":
        clocks.suspend(desk, clocks.AWAIT_RELEASE, query.id)
    elif state == "resumed":
        clocks.resume(desk, clocks.AWAIT_RELEASE, query.id)
    elif state in ("released", "declined"):
        clocks.resume(desk, clocks.AWAIT_RELEASE, query.id)
        clocks.stop(desk, clocks.AWAIT_RELEASE, query.id, f"{holding.id}/{holding.version}")


def watch(desk: Desk, id: str) -> None:
    """See whether a question of ours was taken, and whether its partner was silent at the counter for too long."""
    if recalled(desk.tx, id) is not None or erased(desk.tx, id) is not None:  # nothing is awaited any more
        for what in (clocks.AWAIT_ANSWER, clocks.AWAIT_RELEASE, clocks.CONFIRM):
            clocks.drop(desk, what, id, "recalled")
        return
    query = desk.own(id)
    code = _refused(desk, query)
    if code:
        clocks.stop(desk, clocks.AWAIT_ANSWER, id, code)
    for what in (clocks.AWAIT_ANSWER, clocks.AWAIT_RELEASE):
        duty = clocks.owed(desk.tx, what, id)
        if duty is None or duty.state not in ("open", "escalated"):
            continue
        if duty.due <= desk.at:
            _silent(desk, query)
        elif what == clocks.AWAIT_ANSWER and _waits(desk, query):
            # Ever more seldom: the partner may not be reached for days.
            set_alarm(desk.tx, min(duty.due, desk.at + max(SOONEST, (desk.at - query.made) / 2)), WATCH, id)


def _silent(desk: Desk, query: Record) -> None:
    if query.body["urgency"] != "counter" or silence(desk.tx, query.id) is not None:
        return
    said = own(desk.law.book.laws, desk.node.party, desk.at)
    default, law = (said.counter.on_silence, said.law) if said is not None else (NOTHING_SAID, "")
    content = msgspec.json.encode(Silence(desk.at, default, law))
    desk.tx.papers.put(SILENT, query.id, content, expires=desk.at + KEPT)
    desk.tx.audit.add(at=desk.at, who=desk.who, act=f"intelligence.silence {default}", subject=query.id, reason=law)


def _refused(desk: Desk, query: Record) -> str:
    """Why the partner's node did not take it; empty if it did, or has not said."""
    return next((each.code for each in _sent(desk, query) if each.outcome != "waiting" and each.code), "")


def _waits(desk: Desk, query: Record) -> bool:
    sent = _sent(desk, query)
    return not sent or any(each.outcome == "waiting" for each in sent)


def _sent(desk: Desk, query: Record) -> list[Any]:
    link = (desk.node.party, query.body["addressee"])
    return [each for each in desk.tx.links.carrying(f"{query.id}/{query.version}") if ends(each.link) == link]


def _ours(desk: Desk, id: object, said: Holding) -> Record | None:
    """The question of ours that a partner speaks of, if it was put to that partner and is as real as what it says."""
    holding = desk.tx.records.get(id) if isinstance(id, str) else None
    if holding is None or not holding.content or holding.origin != desk.node.party or holding.exercise != said.exercise:
        return None
    record = canonical.decode(holding.content, Record)
    return record if record.body.get("addressee") == said.origin else None


def _fields(holding: Holding) -> dict[str, Any]:
    fields: dict[str, Any] = canonical.decode(holding.content, dict)["fields"]
    return fields
