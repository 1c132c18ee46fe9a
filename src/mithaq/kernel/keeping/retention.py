"""Retention: how long a record is kept here, and how long a partner is expected to keep what it was given.

What a partner released is kept as long as its handling lets us, from when its newest version arrived; where it says
nothing, and for our own, as long as the Kind says. When that is over the record is erased without anybody asking, and
its origin is told. Of what we released, the origin's side expects to be told a while after the time is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mithaq.kernel.clock import after
from mithaq.kernel.keeping.due import set_due
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Kind, Record
from mithaq.kernel.release import Release

RETAINED = "retained"  # records that are held here, by when their time is over
EXPECTED = "deletion_expected"  # record|partner, by when the partner must have told that it deleted it
ERASED = "erased/"  # why a record is not here any more
UNKNOWN = "P30D"  # for a record of a Kind that is not understood, without a word on how long
GRACE = timedelta(days=3)  # for what was on its way when it was released, and for a line that was down
RECALLED_WITHIN = timedelta(hours=24)


def keep_received(tx: Transaction, release: Release, kind: Kind | None, at: datetime) -> None:
    """Keep a partner's record from now on as long as its newest release lets us."""
    retain = release.handling.get("retain")
    period = retain if isinstance(retain, str) else kind.retention if kind is not None else UNKNOWN
    set_due(tx, RETAINED, release.record, after(at, period))
    tx.memos.put(ERASED + release.record, None)  # if it was here before, it is here again


def keep_own(tx: Transaction, record: Record, kind: Kind) -> None:
    """Keep our own record as long as its Kind says, from its newest version on."""
    set_due(tx, RETAINED, record.id, after(record.made, kind.retention))


def expect_deletion(tx: Transaction, release: Release, partner: str, at: datetime) -> None:
    """Expect of a partner that it deletes what it is given in time; a later release moves that time."""
    retain = release.handling.get("retain")
    if isinstance(retain, str):
        set_due(tx, EXPECTED, f"{release.record}|{partner}", after(at, retain) + GRACE)
