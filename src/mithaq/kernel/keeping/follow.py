"""What follows by itself: records whose time is over or that were recalled are erased, and their origins are told.

Asked often, and mostly finds nothing: it reads first and writes only where something is due. Erasing and saying that it
was erased are one transaction.
"""

from __future__ import annotations

from datetime import datetime

from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping import holder, legal_hold, onward
from mithaq.kernel.keeping.due import all_due, is_due, set_due
from mithaq.kernel.keeping.erase import erase
from mithaq.kernel.keeping.note import await_deletion
from mithaq.kernel.keeping.retention import EXPECTED, RETAINED
from mithaq.kernel.matter.holding import KIND, Gone
from mithaq.kernel.matter.record import RECALLED_HERE
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.ports import Transaction
from mithaq.kernel.view import UNFOLDED

SOME = 200  # records in one transaction


def next_of(tx: Transaction, at: datetime) -> str:
    """What would be done first; nothing where nothing is due."""
    for name in (*tx.memos.names(RECALLED_HERE), *tx.memos.names(onward.TELL)):
        return name
    for sort in (RETAINED, EXPECTED):
        for id in all_due(tx, sort, at, limit=1):
            return f"{sort}|{id}"
    return ""


def park(tx: Transaction, at: datetime, problem: str) -> None:
    """Leave out what is first, on which everything breaks: it is noted for ``node.status``, and stops nothing else."""
    name = next_of(tx, at)
    if name.startswith((RECALLED_HERE, onward.TELL)):
        tx.memos.put(name, None)
    elif name:
        sort, _, id = name.partition("|")
        set_due(tx, sort, id, None)
    if name:
        tx.memos.put(f"{UNFOLDED}keeping/{name}", problem)


def waits(tx: Transaction, at: datetime) -> bool:
    """Whether anything is to be done."""
    return (
        bool(tx.memos.names(RECALLED_HERE))
        or bool(tx.memos.names(onward.TELL))
        or is_due(tx, RETAINED, at)
        or is_due(tx, EXPECTED, at)
    )


def follow(desk: Desk, some: int = SOME) -> int:
    """Do some of what is due; how much. What ``next_of`` names is done first."""
    gone: dict[str, list[Gone]] = {}
    recalled = desk.tx.memos.names(RECALLED_HERE)[:some]
    for name in recalled:
        desk.tx.memos.put(name, None)
        end(desk, name.removeprefix(RECALLED_HERE), "recalled", gone)
    done = len(recalled)
    done += _tell_passed_on(desk, some - done)
    expired = list(all_due(desk.tx, RETAINED, desk.at, limit=some - done)) if done < some else []
    for id in expired:
        end(desk, id, "expired", gone)
    tell(desk, gone)
    done += len(expired)
    return done + (_expect(desk, some - done) if done < some else 0)


def end(desk: Desk, id: str, why: str, gone: dict[str, list[Gone]]) -> None:
    """Erase a record, or restrict it where a legal hold keeps it. ``gone`` collects what origins are to be told."""
    tx, holding = desk.tx, desk.tx.records.get(id)
    set_due(tx, RETAINED, id, None)
    if holding is None or not holding.content:
        return
    known = legal_hold.held(tx, id)
    if known is not None:
        if legal_hold.restrict(tx, id, why, desk.at) and _speaks_with(desk, holding.origin):
            speak(desk, KIND, "held", parties=(desk.node.party, holding.origin), record=id, why=known.why)
        return
    versions = erase(tx, id, why, desk.at, desk.node.kinds)
    tx.audit.add(at=desk.at, who=desk.who, act="erased", subject=id, reason=why)
    if _speaks_with(desk, holding.origin):
        gone.setdefault(holding.origin, []).append(Gone(id, versions, why))  # type: ignore[arg-type]


def tell(desk: Desk, gone: dict[str, list[Gone]]) -> None:
    """Tell each origin what of its records was deleted."""
    for origin, records in sorted(gone.items()):
        speak(desk, KIND, "deleted", parties=(desk.node.party, origin), records=tuple(records))


def _speaks_with(desk: Desk, origin: str) -> bool:
    return origin != desk.node.party and origin in desk.node.partners


def _expect(desk: Desk, some: int) -> int:
    """Of what a partner should have deleted by now, and has not said so, the deletion is owed; how many."""
    due = list(all_due(desk.tx, EXPECTED, desk.at, limit=some))
    for id in due:
        set_due(desk.tx, EXPECTED, id, None)
        record, _, partner = id.partition("|")
        if holder.was_given(desk.tx, record, desk.node.party, partner):
            await_deletion(desk.tx, record, partner, desk.at, desk.at)
    return len(due)


def _tell_passed_on(desk: Desk, some: int) -> int:
    """Tell origins of what was passed on to a third nation; how many."""
    names = desk.tx.memos.names(onward.TELL)[:some]
    for name in names:
        desk.tx.memos.put(name, None)
        source, _, to = name.removeprefix(onward.TELL).partition("/")
        if _speaks_with(desk, source[:2]):
            speak(desk, KIND, "passed_on", parties=(desk.node.party, source[:2]), record=source, to=to)
    return len(names)
