"""What follows by itself: records whose time is over or that were recalled are erased, and their origins are told.

Asked often, and mostly finds nothing: it reads first and writes only where something is due. Erasing and saying that it
was erased are one transaction.
"""

from __future__ import annotations

from datetime import datetime

from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping import legal_hold, onward
from mithaq.kernel.keeping.due import all_due, is_due, set_due
from mithaq.kernel.keeping.erase import erase
from mithaq.kernel.keeping.note import await_deletion
from mithaq.kernel.keeping.retention import EXPECTED, RETAINED
from mithaq.kernel.matter.holding import KIND, Gone
from mithaq.kernel.matter.record import RECALLED_HERE
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import link_id

SOME = 200  # records in one transaction


def waits(tx: Transaction, at: datetime) -> bool:
    """Whether anything is to be done."""
    return (
        bool(tx.memos.names(RECALLED_HERE))
        or bool(tx.memos.names(onward.TELL))
        or is_due(tx, RETAINED, at)
        or is_due(tx, EXPECTED, at)
    )


def follow(desk: Desk) -> int:
    """Do some of what is due; how much."""
    gone: dict[str, list[Gone]] = {}
    recalled = desk.tx.memos.names(RECALLED_HERE)[:SOME]
    for name in recalled:
        desk.tx.memos.put(name, None)
        end(desk, name.removeprefix(RECALLED_HERE), "recalled", gone)
    expired = list(all_due(desk.tx, RETAINED, desk.at, limit=SOME))
    for id in expired:
        end(desk, id, "expired", gone)
    tell(desk, gone)
    return len(recalled) + len(expired) + _expect(desk) + _tell_passed_on(desk)


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


def _expect(desk: Desk) -> int:
    """Of what a partner should have deleted by now, and has not said so, the deletion is owed; how many."""
    due = list(all_due(desk.tx, EXPECTED, desk.at, limit=SOME))
    for id in due:
        set_due(desk.tx, EXPECTED, id, None)
        record, _, partner = id.partition("|")
        if _has_it(desk.tx, record, link_id(desk.node.party, partner)):
            await_deletion(desk.tx, record, partner, desk.at, desk.at)
    return len(due)


def _has_it(tx: Transaction, record: str, link: str) -> bool:
    """Whether a partner has accepted a version of it. What it refused, or what never arrived, it need not delete."""
    newest = tx.records.get(record)
    versions = range(1, (newest.version if newest is not None else 0) + 1)
    carried = (each for version in versions for each in tx.links.carrying(f"{record}/{version}"))
    return any(each.link == link and each.outcome == "accepted" for each in carried)


def _tell_passed_on(desk: Desk) -> int:
    """Tell origins of what was passed on to a third nation; how many."""
    names = desk.tx.memos.names(onward.TELL)[:SOME]
    for name in names:
        desk.tx.memos.put(name, None)
        source, _, to = name.removeprefix(onward.TELL).partition("/")
        if _speaks_with(desk, source[:2]):
            speak(desk, KIND, "passed_on", parties=(desk.node.party, source[:2]), record=source, to=to)
    return len(names)
