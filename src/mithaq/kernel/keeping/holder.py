"""What partners have said of the records that we released to them: deleted, held back, acted on, passed on.

Kept for each record and partner, as the newest that was said of each; the statements themselves are the evidence.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.matter.holding import Act, DeletedFor, HeldFor
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Code, Count, Instant, PartyId, ends

HOLDER = "holder"
MOST = 50  # acts that are kept of one record and partner: the newest


class Acted(Struct, frozen=True, omit_defaults=True):
    """What somebody in this role did, on the strength of which version."""

    version: Count
    act: Act
    by: Code
    at: Instant


class Holder(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where one partner stands with one record. ``deleted`` holds until the record is released to it again."""

    deleted: Instant | None = None
    deleted_for: DeletedFor | None = None
    held: Instant | None = None
    held_for: HeldFor | None = None
    acted: tuple[Acted, ...] = ()
    passed_to: tuple[PartyId, ...] = ()


def holder(tx: Transaction, record: str, partner: str) -> Holder:
    """What it has said, which may be nothing."""
    found = tx.papers.get(HOLDER, f"{record}|{partner}")
    return msgspec.json.decode(found, type=Holder) if found is not None else Holder()


def keep(tx: Transaction, record: str, partner: str, new: Holder) -> None:
    tx.papers.put(HOLDER, f"{record}|{partner}", msgspec.json.encode(new))


def was_given(tx: Transaction, record: str, me: str, partner: str) -> bool:
    """Whether a record of ours went to this partner, and was accepted there."""
    if not record.startswith(f"{me}-"):
        return False
    carried = (each for version in tx.records.versions(record) for each in tx.links.carrying(f"{record}/{version}"))
    return any(ends(each.link) == (me, partner) and each.outcome == "accepted" for each in carried)


def given_again(tx: Transaction, record: str, partner: str) -> None:
    """It is released to the partner again: what it said of having deleted it is of before."""
    known = holder(tx, record, partner)
    if known.deleted is not None:
        keep(tx, record, partner, replace(known, deleted=None, deleted_for=None))


def acted(tx: Transaction, record: str, partner: str, new: Acted) -> None:
    known = holder(tx, record, partner)
    keep(tx, record, partner, replace(known, acted=(*known.acted, new)[-MOST:]))
