"""The clocks of what was held before there were any: a store of an earlier Mithaq is gone through once."""

from __future__ import annotations

from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping import legal_hold, onward, retention
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Holding

UPTO, DONE, SOME = "retention/begun", "all", 500


def waits(tx: Transaction) -> bool:
    return tx.memos.get(UPTO) != DONE


def begin(desk: Desk) -> bool:
    """Begin the clocks of some more records, by when each version came; whether there may be others."""
    found = desk.tx.records.page(after=int(desk.tx.memos.get(UPTO) or 0), limit=SOME)
    for each in found:
        if each.content and not legal_hold.is_restricted(desk.tx, each.id):
            _begin(desk, each)
    desk.tx.memos.put(UPTO, str(found[-1].position) if len(found) == SOME else DONE)
    return len(found) == SOME


def _begin(desk: Desk, holding: Holding) -> None:
    kind = desk.node.kinds.get(holding.kind)
    if holding.link:
        release = canonical.fit(canonical.decode(holding.content, dict), Release)
        [came] = desk.tx.journal.page(after=holding.position - 1, limit=1)
        retention.keep_received(desk.tx, release, kind, came.at)
        onward.remember(desk.tx, release)
    elif kind is not None:
        retention.keep_own(desk.tx, canonical.decode(holding.content, Record), kind)
