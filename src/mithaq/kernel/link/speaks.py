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
    if format.endswith("/4") and not cosigns(tx, party):
        note_cosigns(tx, party, True)


def lane_for(tx: Transaction, party: str, lane: Lane) -> Lane:
    """The lane to sign for, where this one is meant."""
    return lane if lane != "flash" or tx.memos.get(_memo(party)) is not None else "record"


def cosigns(tx: Transaction, party: str) -> bool | None:
    """Whether the partner's node understands that it is asked to cosign; None if that was never tried."""
    found = tx.memos.get(f"cosigns/{party}")
    return None if found is None else found == "yes"


def note_cosigns(tx: Transaction, party: str, known: bool) -> None:
    """It does; or it turned away a question that it took without, and is not asked until it shows that it does."""
    tx.memos.put(f"cosigns/{party}", "yes" if known else "no")


def _memo(party: str) -> str:
    return f"speaks/{party}"
