"""Which server of the nation this is: its epoch, and whether it has stood down.

A nation has one server at a time. The epoch is kept in the store and grows by one whenever another server takes over
from a copy of it (a restore, a standby). A server that finds that another one signs for the nation *stands down*: it
takes nothing and sends nothing until a person says that it is the one (``node.restored``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.link import recover
from mithaq.kernel.ports import Transaction

EPOCH, SINCE, DOWN = "server/epoch", "server/since", "server/stood-down"
ABSORBS = timedelta(hours=24)
"""How long after a take-over the younger server takes what the older one signed meanwhile for its own."""


def epoch(tx: Transaction) -> int:
    """The epoch of the server that this store belongs to; 1 until another takes over."""
    return int(tx.memos.get(EPOCH) or "1")


def take_over(tx: Transaction, partners: Iterable[str], at: datetime, why: str) -> int:
    """This copy of the store is the nation's from now on: a new epoch, and each partner is asked before anything."""
    number = epoch(tx) + 1
    tx.memos.put(EPOCH, str(number))
    tx.memos.put(SINCE, write_instant(at))
    tx.memos.put(DOWN, None)
    for partner in partners:
        recover.unsure(tx, partner, why)
    return number


def took_over_lately(tx: Transaction, at: datetime) -> bool:
    """Whether an older server may still have been at work: what it signed is then ours, and it is the one to stop."""
    since = tx.memos.get(SINCE)
    return since is not None and at - read_instant(since) < ABSORBS


def stand_down(tx: Transaction, why: str) -> None:
    """Take nothing and send nothing any more."""
    tx.memos.put(DOWN, why)


def stood_down(tx: Transaction) -> str:
    """Why this server has stood down; nothing if it has not."""
    return tx.memos.get(DOWN) or ""


def stand_up(tx: Transaction) -> None:
    """A person says that this is the server after all."""
    if tx.memos.get(DOWN) is not None:
        tx.memos.put(DOWN, None)
