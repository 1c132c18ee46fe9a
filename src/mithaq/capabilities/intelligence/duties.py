"""What is owed: reviews of our own alerts, replies to requests, a look at what came in.

Each is a rule that runs once for a record version, at a desk of the node itself. Doing it again changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from mithaq.capabilities.intelligence import answering, asked, asking, releasing, rules, waiting
from mithaq.capabilities.intelligence.exchanged import REPLY, REQUEST, SIGHTING
from mithaq.capabilities.intelligence.records import ALERTS, sort_of
from mithaq.errors import Malformed
from mithaq.kernel import canonical
from mithaq.kernel.clock import after, read_instant, write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty, discharge, open_duty, renew, void
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.plug import Alarm, Answer, DutyRule
from mithaq.kernel.record import Record
from mithaq.kernel.shelves import Holding

ANSWERED_WITHIN = "P7D"
LOOKED_AT_WITHIN = "PT24H"
ARREST_LOOKED_AT_WITHIN = "PT1H"


def review(desk: Desk, holding: Holding) -> None:
    """An alert of ours is to be looked at anew by when its newest version says, unless it has ended or was recalled."""
    newest = desk.held(holding.id)
    record = canonical.decode(newest.content, Record)
    id, made = f"review/{record.id}", write_instant(record.made)
    back = recalled(desk.tx, record.id) is not None
    state = rules.state_of(made=made, expires=record.body.get("expires"), recalled=back, at=record.made)
    if state != "active":
        void(desk.tx, id, state, desk.at)
        return
    sort, given = sort_of(record.kind), record.body.get("review_by")
    first = record.made if record.version == 1 else desk.own(record.id, 1).made  # a correction is no review
    due = read_instant(given) if given else rules.review_by(sort, record.body.get("category"), first)
    renew(
        desk.tx,
        Duty(
            id=id, what="review_alert", about=f"{record.id}/{record.version}", since=record.made, due=due,
            owed_by="analyst", escalates_to="supervisor", discharged_by=("intelligence_review",),
        ),
    )  # fmt: skip


def await_reply(desk: Desk, holding: Holding) -> None:
    """A reply to a request of ours is awaited until it says, or as long as is usual."""
    record = canonical.decode(holding.content, Record)
    due = read_instant(record.body["reply_by"]) if "reply_by" in record.body else after(record.made, ANSWERED_WITHIN)
    duty = Duty(
        id=f"await_reply/{record.id}", what="await_reply", about=f"{record.id}/{record.version}", since=record.made,
        due=due, owed_by="liaison_officer", escalates_to="supervisor", discharged_by=("intelligence_reply",),
    )  # fmt: skip
    open_duty(desk.tx, duty)


def replied(desk: Desk, holding: Holding) -> None:
    """We have answered a partner's request."""
    record = canonical.decode(holding.content, Record)
    request = desk.tx.records.get(record.body["request"])
    if request is not None and request.exercise == record.marking.exercise:
        discharge(desk.tx, f"reply/{request.id}", f"{record.id}/{record.version}", desk.at)


def answered(desk: Desk, holding: Holding) -> None:
    """A partner has answered a request of ours that was for it; what it says of others' requests ends nothing."""
    request = _fields(holding).get("request")
    asked = desk.tx.records.get(request) if isinstance(request, str) else None
    if asked is None or asked.origin != desk.node.party or asked.exercise != holding.exercise:
        return
    if canonical.decode(asked.content, Record).body.get("addressee") == holding.origin:
        discharge(desk.tx, f"await_reply/{request}", f"{holding.id}/{holding.version}", desk.at)


def owe_reply(desk: Desk, holding: Holding) -> None:
    """A partner's request to us is to be answered by when it says, or within what was agreed: whichever is sooner."""
    fields, handling = _fields(holding), _release(holding)["handling"]
    if fields.get("addressee", desk.node.party) != desk.node.party:
        return
    times = [after(desk.at, handling["reply_within"])] if "reply_within" in handling else []
    if isinstance(fields.get("reply_by"), str):
        times.append(_instant(fields["reply_by"], desk.at))
    due = min(times, default=after(desk.at, ANSWERED_WITHIN))
    _look(desk, f"reply/{holding.id}", "reply_to_request", holding, due, "liaison_officer", "intelligence_reply")


def look_at_sighting(desk: Desk, holding: Holding) -> None:
    """A partner has found what our alert is about: somebody looks at it."""
    about = _fields(holding).get("about")
    alert = desk.tx.records.get(about) if isinstance(about, str) else None
    if alert is not None and alert.origin == desk.node.party and alert.exercise == holding.exercise:
        due = after(desk.at, LOOKED_AT_WITHIN)
        _look(desk, f"sighting/{holding.id}", "look_at_sighting", holding, due, "analyst", "intelligence_acknowledge")


def look_at_alert(desk: Desk, holding: Holding) -> None:
    """An alert on a person that asks for arrest, or whose origin asks for it, is looked at by a person here."""
    release = _release(holding)
    arrest = release["fields"].get("measure") == "arrest"
    if arrest or "receiving" in release["handling"].get("review", ()):
        due = after(desk.at, ARREST_LOOKED_AT_WITHIN if arrest else LOOKED_AT_WITHIN)
        by = "intelligence_acknowledge"
        _look(desk, f"human_review/{holding.id}", "review_received", holding, due, "supervisor", by)


def _look(desk: Desk, id: str, what: str, holding: Holding, due: datetime, owed_by: str, by: str) -> None:
    """Owe it for this version, whatever became of an earlier one; what is still owed is not put off by a later one."""
    if recalled(desk.tx, holding.id) is not None:
        return
    new = Duty(
        id=id, what=what, about=f"{holding.id}/{holding.version}", since=desk.at, due=due, owed_by=owed_by,
        escalates_to="supervisor" if owed_by != "supervisor" else "legal_officer", discharged_by=(by,),
    )  # fmt: skip
    row = desk.tx.duties.get(id)
    old = canonical.decode(row.content, Duty) if row is not None else None
    if old is not None and old.about == new.about:
        return
    if old is not None and old.state in ("open", "escalated"):
        new = replace(new, since=old.since, due=min(old.due, new.due))
    renew(desk.tx, new)


def _release(holding: Holding) -> dict[str, Any]:
    return canonical.decode(holding.content, dict)


def _fields(holding: Holding) -> dict[str, Any]:
    fields: dict[str, Any] = _release(holding)["fields"]
    return fields


def _instant(text: str, otherwise: datetime) -> datetime:
    """The instant in a partner's field; at once, where it is not one."""
    try:
        return read_instant(text)
    except Malformed:
        return otherwise


DUTIES = (
    *(DutyRule(f"intelligence.review-{sort}", kind.base, review) for sort, kind in ALERTS.items()),
    DutyRule("intelligence.await-reply", REQUEST.base, await_reply),
    DutyRule("intelligence.replied", REPLY.base, replied),
    DutyRule("intelligence.asked", asked.QUERY.base, waiting.asked),
)
ANSWERS = (
    Answer("intelligence.look-at-alert", ALERTS["person"].base, look_at_alert),
    Answer("intelligence.look-at-sighting", SIGHTING.base, look_at_sighting),
    Answer("intelligence.owe-reply", REQUEST.base, owe_reply),
    Answer("intelligence.answered", REPLY.base, answered),
    Answer("intelligence.answer-query", asked.QUERY.base, answering.asked),
    Answer("intelligence.query-answered", asked.HIT_ANSWER.base, waiting.answered),
    Answer("intelligence.hit-confirmed", asked.CONFIRMATION.base, releasing.confirmed),
    Answer("intelligence.goes-on", asked.PROGRESS.base, waiting.goes_on),
)
ALARMS = (
    Alarm(answering.TELL, answering.tell),
    Alarm(asking.WATCH, waiting.watch),
    Alarm(releasing.LOOK, releasing.look),
)
