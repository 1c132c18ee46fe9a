"""How we deal with a partner: openly, not for now (paused), or not any more (removed). Durable.

Paused: nothing but the Charter's statements is sent or taken, and what waits stays or is stopped, as was chosen.
Removed: what waits is stopped for good, and whatever is numbered meanwhile is too. It lasts until two people take the
partner back; a restart, a new card and a restore of the store do not end it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from mithaq.kernel import reviews
from mithaq.kernel.clock import write_instant
from mithaq.kernel.duty import void
from mithaq.kernel.link import charter, epochs
from mithaq.kernel.link.message import Delivery, Tombstone
from mithaq.kernel.ports import Transaction

Stopped = Literal["", "paused", "removed"]
STOPPED: Tombstone = "suspended"
KeepRemoved = Callable[[Mapping[str, str]], None]
"""Where it is kept beside the store whom we have removed, and since when: a store that is set back is put right."""


def standing(tx: Transaction, partner: str) -> Stopped:
    """How we deal with a partner now."""
    return "removed" if is_removed(tx, partner) else "paused" if tx.memos.get(f"paused/{partner}") else ""


def since(tx: Transaction, partner: str) -> str:
    """Since when it is so, as an instant; empty if we deal with it."""
    return tx.memos.get(f"removed/{partner}") or tx.memos.get(f"paused/{partner}") or ""


def is_paused(tx: Transaction, partner: str) -> bool:
    """Whether we deal with a partner not at all, for now or any more."""
    return standing(tx, partner) != ""


def is_removed(tx: Transaction, partner: str) -> bool:
    return tx.memos.get(f"removed/{partner}") is not None


def removed(tx: Transaction) -> dict[str, str]:
    """Every partner that is removed, and since when."""
    names = tx.memos.names("removed/")
    return {name.removeprefix("removed/"): tx.memos.get(name) or "" for name in names}


def pause(tx: Transaction, partner: str, at: datetime) -> None:
    tx.memos.put(f"paused/{partner}", write_instant(at))


def resume(tx: Transaction, partner: str) -> None:
    tx.memos.put(f"paused/{partner}", None)


def remove(tx: Transaction, me: str, partner: str, at: datetime) -> tuple[int, ...]:
    """Deal with it no more. The numbers that waited and never go."""
    tx.memos.put(f"removed/{partner}", write_instant(at))
    tx.memos.put(f"paused/{partner}", None)
    return stop_waiting(tx, me, partner, at)


def readmit(tx: Transaction, me: str, partner: str, at: datetime) -> None:
    """Deal with it again, from here on: what was numbered meanwhile is stopped first."""
    stop_waiting(tx, me, partner, at)
    tx.memos.put(f"removed/{partner}", None)


def stop_waiting(tx: Transaction, me: str, partner: str, at: datetime) -> tuple[int, ...]:
    """Let nothing that waits for a partner ever go, but the Charter's statements. The numbers that waited."""
    for name in tx.memos.names(f"deferred/{partner}/"):
        id, _, version = name.removeprefix(f"deferred/{partner}/").rpartition("/")
        if tx.statements.get(id, me, int(version)) is None:
            tx.memos.put(name, None)
    for each in [each for each in reviews.waiting(tx) if each.to == partner]:
        tx.papers.remove(reviews.SORT, f"{each.id}/{partner}")
        void(tx, reviews.duty_id(each.id, partner), "partner_stopped", at)
    link = epochs.current(tx, me, partner)
    stopped, after = [], 0
    while page := tx.links.page(link, after=after, limit=500, outcome="waiting"):
        after = page[-1].seq
        stopped += [m.seq for m in page if not m.code and not (m.content and charter.crosses(m.content))]
    tx.links.withdraw(link, stopped, STOPPED)
    return tuple(stopped)


def sealed_off(delivery: Delivery) -> dict[int, Tombstone]:
    """What of a delivery to a removed partner may not be shown: every message but the Charter's statements.

    Also of those that it had before: a partner that lost them gets their entries again, and nothing else.
    """
    return {
        one.seq: STOPPED for one in delivery.messages
        if one.content is not None and not charter.crosses(one.content.encode())
    }  # fmt: skip


def refused(tx: Transaction, partner: str, at: datetime) -> None:
    """Count a delivery of a removed partner that was refused."""
    count, first, _ = attempts(tx, partner)
    now = write_instant(at)
    tx.memos.put(f"attempts/{partner}", f"{count + 1} {first or now} {now}")


def attempts(tx: Transaction, partner: str) -> tuple[int, str, str]:
    """(how many deliveries of a removed partner were refused, when first, when last)."""
    count, first, last = (tx.memos.get(f"attempts/{partner}") or "0  ").split(" ")
    return int(count), first, last


def put_right(tx: Transaction, me: str, known: Mapping[str, str], at: datetime) -> tuple[str, ...]:
    """Remove again whom the store, which may have been set back, does not know to be removed. Who that was."""
    missing = tuple(sorted(set(known) - set(removed(tx))))
    for partner in missing:
        remove(tx, me, partner, at)
        tx.journal.add("removed", partner, at=at, party=partner)
    return missing
