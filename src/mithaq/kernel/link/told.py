"""How the line to a partner is, as the process that delivers on it last told the others: a memo of the store."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from mithaq.kernel.ports import Transaction


class Told(Struct, frozen=True):
    """``who`` names the process, ``state`` and ``problem`` are those of its ``Line``."""

    who: str
    state: str
    problem: str


def told(tx: Transaction, party: str) -> Told | None:
    """What was told last; None if no process ever had to."""
    found = tx.memos.get(_memo(party))
    return None if found is None else msgspec.json.decode(found, type=Told)


def tell(tx: Transaction, party: str, now: Told) -> None:
    tx.memos.put(_memo(party), msgspec.json.encode(now).decode())


def _memo(party: str) -> str:
    return f"line/{party}"
