"""Pausing a link: nothing is sent to that partner and nothing is taken from it, until it is resumed. Durable."""

from __future__ import annotations

from datetime import datetime

from mithaq.kernel.clock import write_instant
from mithaq.kernel.ports import Transaction


def is_paused(tx: Transaction, partner: str) -> bool:
    return tx.memos.get(f"paused/{partner}") is not None


def pause(tx: Transaction, partner: str, at: datetime) -> None:
    tx.memos.put(f"paused/{partner}", write_instant(at))


def resume(tx: Transaction, partner: str) -> None:
    tx.memos.put(f"paused/{partner}", None)
