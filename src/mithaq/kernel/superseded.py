"""What becomes of the earlier versions of a record for a partner once a later one may not go to it.

A later version that is withheld knows better: what waits of the earlier ones is stopped, wherever it waits. Where one
has arrived already, somebody is told to look whether the record must be recalled; a recall itself is a person's act.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mithaq.kernel import reviews
from mithaq.kernel.duty import Duty, open_duty, void
from mithaq.kernel.link import epochs, recover
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import ends

LOOKED_AT_WITHIN = timedelta(hours=4)


def forget_review(tx: Transaction, record: str, partner: str, at: datetime) -> None:
    """No earlier version waits for a review any more: what is decided now takes its place."""
    key = f"{record}/{partner}"
    if tx.papers.get(reviews.SORT, key) is not None:
        tx.papers.remove(reviews.SORT, key)
        void(tx, reviews.duty_id(record, partner), "superseded", at)


def stop_earlier(tx: Transaction, me: str, record: str, version: int, partner: str, at: datetime) -> None:
    """A version is withheld from a partner: stop the earlier ones, and have one that arrived looked at."""
    link = epochs.current(tx, me, partner)
    tx.links.withdraw(link, tx.links.waiting_about(link, record), "superseded")
    recover.deferred(tx, partner, record)
    earlier = (message for each in range(1, version) for message in tx.links.carrying(f"{record}/{each}"))
    if any(ends(message.link) == (me, partner) and message.outcome in ("accepted", "waiting") for message in earlier):
        open_duty(
            tx,
            Duty(
                id=f"look_at_withheld/{record}/{partner}",
                what="look_at_withheld",
                about=f"{record}/{version} is withheld from {partner}, which may hold an earlier version",
                since=at,
                due=at + LOOKED_AT_WITHIN,
                owed_by="supervisor",
                escalates_to="legal_officer",
                discharged_by=("link_recall",),
            ),
        )
