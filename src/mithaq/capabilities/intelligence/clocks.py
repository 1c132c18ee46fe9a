"""The clocks of a question: until when an answer and a release are owed, at both sides, and when they stand still.

How long is a term of the agreement: the obligation ``reply_within`` of the clause by which it is asked, which the
question itself carries; so both sides count the same. The ordinary clock stands still while a judge decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from mithaq.capabilities.intelligence.asked import Wait
from mithaq.kernel import canonical
from mithaq.kernel.clock import after
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty, discharge, open_duty, renew, void
from mithaq.kernel.ports import Transaction

USUAL: dict[Wait, str] = {"counter": "PT15M", "urgent": "PT12H", "ordinary": "PT48H"}
"""Where the agreement says nothing: at the counter minutes; 12 hours as the SIRENE Manual, 48 as Prüm II, article 47
have it (models only: they bind neither state).
"""

AWAIT_ANSWER, AWAIT_RELEASE = "await_answer", "await_release"
ANSWER, RELEASE, CONFIRM = "answer_query", "release_on_hit", "confirm_hit"
ENDS = {AWAIT_ANSWER: "intelligence_answer", AWAIT_RELEASE: "intelligence_progress", ANSWER: "intelligence_answer",
        RELEASE: "intelligence_progress", CONFIRM: "intelligence_confirm_hit"}  # fmt: skip
OWED_BY = {AWAIT_ANSWER: "liaison_officer", AWAIT_RELEASE: "liaison_officer", ANSWER: "supervisor",
           RELEASE: "supervisor", CONFIRM: "duty_officer"}  # fmt: skip
SUSPENDED = "judge_decides"


def length(urgency: Wait, agreed: object) -> str:
    """How long the clock runs: as was agreed, else as is usual."""
    return agreed if isinstance(agreed, str) else USUAL[urgency]


def start(desk: Desk, what: str, query: str, within: str, since: datetime) -> datetime:
    """Owe it from then on; when it is due. What is known already is not put off."""
    due = after(since, within)
    open_duty(desk.tx, _duty(what, query, since, due))
    return due


def stop(desk: Desk, what: str, query: str, by: str) -> bool:
    """It was done, in time or late."""
    return discharge(desk.tx, f"{what}/{query}", by, desk.at)


def drop(desk: Desk, what: str, query: str, why: str) -> bool:
    """It is not owed any more."""
    return void(desk.tx, f"{what}/{query}", why, desk.at)


def owed(tx: Transaction, what: str, query: str) -> Duty | None:
    """The duty, however it stands."""
    row = tx.duties.get(f"{what}/{query}")
    return canonical.decode(row.content, Duty) if row is not None else None


def is_running(tx: Transaction, what: str, query: str) -> bool:
    """Whether it is owed now: in time, or late."""
    found = owed(tx, what, query)
    return found is not None and found.state in ("open", "escalated")


def suspend(desk: Desk, what: str, query: str) -> bool:
    """Let the clock stand still. What had lapsed before stays late."""
    found = owed(desk.tx, what, query)
    if found is None or found.state != "open":
        return False
    return void(desk.tx, found.id, SUSPENDED, desk.at)


def resume(desk: Desk, what: str, query: str) -> bool:
    """Let the clock run again with the time that was left when it stopped."""
    found = owed(desk.tx, what, query)
    if found is None or found.state != "void" or found.ended_by != SUSPENDED or found.ended_at is None:
        return False
    left: timedelta = found.due - found.ended_at
    renew(desk.tx, replace(found, due=desk.at + left, state="open", ended_by=None, ended_at=None))
    return True


def is_suspended(tx: Transaction, what: str, query: str) -> bool:
    found = owed(tx, what, query)
    return found is not None and found.state == "void" and found.ended_by == SUSPENDED


def _duty(what: str, query: str, since: datetime, due: datetime) -> Duty:
    by = OWED_BY[what]
    return Duty(
        id=f"{what}/{query}", what=what, about=query, since=since, due=due, owed_by=by,
        escalates_to="legal_officer" if by == "supervisor" else "supervisor", discharged_by=(ENDS[what],),
    )  # fmt: skip
