"""Clocks: what is owed once a complaint, a decision, a correction or a request is here, by whom, until when.

Terms are defaults of ours where neither law nor agreement says a shorter one (``reply_within``): a month to answer is
that of Regulation (EU) 2016/679, art. 12(3), a model only (secondary source). What is late goes to whom it escalates
to, shows in the statistics, and stays owed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from mithaq.capabilities.oversight.cases import fields_of
from mithaq.capabilities.oversight.records import ACCOUNT, COMPLAINT, CORRECTION, REDRESS, REQUEST
from mithaq.errors import Malformed
from mithaq.kernel import canonical
from mithaq.kernel.clock import after, read_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty, discharge, open_duty
from mithaq.kernel.plug import Answer
from mithaq.kernel.shelves import Holding

ACKNOWLEDGED_WITHIN = "P7D"
ANSWERED_WITHIN = "P30D"
DECIDED_WITHIN = "P14D"
ACCOUNTED_WITHIN = "P30D"
APPLIED_WITHIN = "P7D"
LEGAL, OVERSIGHT = "legal_officer", "oversight"


def owe(desk: Desk, what: str, id: str, within: str, by: str, to: str, command: str, due: Any = None) -> None:
    """Open a clock, once."""
    made = Duty(
        id=f"{what}/{id}", what=what, about=id, since=desk.at, due=due or after(desk.at, within), owed_by=by,
        escalates_to=to, discharged_by=(f"oversight_{command}",),
    )  # fmt: skip
    open_duty(desk.tx, made)


def received(desk: Desk, id: str, since: datetime) -> None:
    """A complaint that was made here is acknowledged and answered, from the day on which it came."""
    due = after(since, ACKNOWLEDGED_WITHIN)
    owe(desk, "acknowledge_complaint", id, ACKNOWLEDGED_WITHIN, LEGAL, OVERSIGHT, "acknowledge", due)
    owe(desk, "answer_complaint", id, ANSWERED_WITHIN, LEGAL, OVERSIGHT, "close", after(since, ANSWERED_WITHIN))


def forwarded(desk: Desk, holding: Holding) -> None:
    """A partner's complaint about a record of ours is decided here."""
    due, about = _soonest(desk, holding, DECIDED_WITHIN), fields_of(holding).get("about")
    if isinstance(about, str) and not desk.tx.memos.names(f"oversight/about/{about}/{holding.id}"):
        note_about(desk, about, holding.id)
    owe(desk, "decide_complaint", holding.id, DECIDED_WITHIN, LEGAL, OVERSIGHT, "decide", due)


def decided(desk: Desk, holding: Holding) -> None:
    """The origin has decided on a complaint of ours, which was for it."""
    of = fields_of(holding).get("of")
    complaint = desk.tx.records.get(of) if isinstance(of, str) else None
    if complaint is None or complaint.origin != desk.node.party or complaint.exercise != holding.exercise:
        return
    about = fields_of(complaint).get("about")
    if isinstance(about, str) and about.startswith(f"{holding.origin}-"):
        note_end(desk, "decided", str(of), holding.id)
        discharge(desk.tx, f"await_decision/{of}", f"{holding.id}/{holding.version}", desk.at)


def to_apply(desk: Desk, holding: Holding) -> None:
    """What was mended at its origin is mended here; what a holder says it applied is not awaited any more."""
    fields = fields_of(holding)
    about, of = fields.get("about"), fields.get("of")
    if fields.get("stage") == "made" and isinstance(about, str) and about.startswith(f"{holding.origin}-"):
        owe(desk, "apply_correction", holding.id, APPLIED_WITHIN, LEGAL, OVERSIGHT, "apply")
    elif fields.get("stage") == "applied" and isinstance(of, str):
        discharge(desk.tx, f"await_applied/{of}/{holding.origin}", f"{holding.id}/{holding.version}", desk.at)


def to_account(desk: Desk, holding: Holding) -> None:
    """A partner asks who here had access to a record. An answer is owed whatever is held, so that it tells nothing."""
    if fields_of(holding).get("addressee", desk.node.party) == desk.node.party:
        due = _soonest(desk, holding, ACCOUNTED_WITHIN)
        owe(desk, "give_account", holding.id, ACCOUNTED_WITHIN, OVERSIGHT, LEGAL, "give_account", due)


def accounted(desk: Desk, holding: Holding) -> None:
    """A partner has answered a request that was for it."""
    of = fields_of(holding).get("of")
    asked = desk.tx.records.get(of) if isinstance(of, str) else None
    if asked is None or asked.exercise != holding.exercise or asked.origin != desk.node.party:
        return
    if fields_of(asked).get("addressee") == holding.origin:
        discharge(desk.tx, f"await_account/{of}", f"{holding.id}/{holding.version}", desk.at)


def duty(desk: Desk, what: str, id: str) -> Duty | None:
    """A clock, whatever became of it."""
    row = desk.tx.duties.get(f"{what}/{id}")
    return canonical.decode(row.content, Duty) if row is not None else None


def is_late(found: Duty | None) -> bool:
    """Whether it ended, or stands, after its time."""
    if found is None:
        return False
    return found.state == "escalated" or (found.ended_at is not None and found.ended_at > found.due)


def note_end(desk: Desk, what: str, of: str, by: str) -> None:
    """Remember by which record something ended, in the transaction in which it does: views come later."""
    desk.tx.memos.put(f"oversight/{what}/{of}", by)


def end(desk: Desk, what: str, of: str) -> Holding | None:
    """The record by which something ended."""
    by = desk.tx.memos.get(f"oversight/{what}/{of}")
    return desk.tx.records.get(by) if by is not None else None


def decision_on(desk: Desk, complaint: Holding) -> Holding | None:
    """What the origin of the record decided on a complaint of ours, if it has."""
    return end(desk, "decided", complaint.id)


def closing_of(desk: Desk, complaint: Holding) -> Holding | None:
    """Our own decision on a complaint, if there is one."""
    return end(desk, "closed", complaint.id)


def note_about(desk: Desk, record: str, complaint: str) -> None:
    """Remember that a complaint is about a record, and which version of it stood then."""
    holding = desk.tx.records.get(record)
    desk.tx.memos.put(f"oversight/about/{record}/{complaint}", str(holding.version if holding is not None else 0))


def stood(desk: Desk, record: str, complaint: str) -> int:
    """The version of a record that stood when a complaint about it came; 0 if that is not known."""
    return int(desk.tx.memos.get(f"oversight/about/{record}/{complaint}") or 0)


def complaints_about(desk: Desk, record: str) -> list[Holding]:
    """The complaints about a record, open and closed: of ours, what they say of who complains."""
    prefix = f"oversight/about/{record}/"
    found = (desk.tx.records.get(name.removeprefix(prefix)) for name in desk.tx.memos.names(prefix))
    return [each for each in found if each is not None]


def _soonest(desk: Desk, holding: Holding, within: str) -> Any:
    """By when at the latest: as usual, or as was agreed, or as whoever asks says; whichever is sooner, and not past."""
    release, times = canonical.decode(holding.content, dict), [after(desk.at, within)]
    agreed = release["handling"].get("reply_within")
    if isinstance(agreed, str):
        times.append(after(desk.at, agreed))
    asked = release["fields"].get("reply_by")
    if isinstance(asked, str):
        with suppress(Malformed):
            times.append(max(desk.at, read_instant(asked)))
    return min(times)


ANSWERS = (
    Answer("oversight.forwarded", COMPLAINT.base, forwarded),
    Answer("oversight.decided", REDRESS.base, decided),
    Answer("oversight.to-apply", CORRECTION.base, to_apply),
    Answer("oversight.to-account", REQUEST.base, to_account),
    Answer("oversight.accounted", ACCOUNT.base, accounted),
)
