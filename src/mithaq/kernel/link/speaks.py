"""What a partner's node is known to understand, as far as it matters for what we sign: it cannot be signed anew later.

Version 0.1.0 knows no ``flash`` lane and refuses what is signed with it. Until a partner has shown that it is newer,
what is urgent is signed for the ``record`` lane: it keeps its place, and nothing is lost.
"""

from __future__ import annotations

from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Lane


def note(tx: Transaction, party: str, format: str) -> None:
    """The partner wrote a delivery or a receipt of this format."""
    if not format.endswith("/1") and tx.memos.get(_memo(party)) is None:
        tx.memos.put(_memo(party), "2")


def lane_for(tx: Transaction, party: str, lane: Lane) -> Lane:
    """The lane to sign for, where this one is meant."""
    return lane if lane != "flash" or tx.memos.get(_memo(party)) is not None else "record"


def _memo(party: str) -> str:
    return f"speaks/{party}"
