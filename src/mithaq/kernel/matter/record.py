"""The Matter by which a nation takes back a record that a partner has: one matter for each partner, and none knows of
the others.

A node signs it, not an official: a warning that proved wrong is taken back at once, by whoever could have stated it.
A recall says that the record is not to be relied on and not to be acted on any more. It cannot be taken back itself:
what is true after all is stated as a new record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.kernel import canonical
from mithaq.kernel.duty import void
from mithaq.kernel.keyring import NODE
from mithaq.kernel.matter.kind import MatterKind, Verb
from mithaq.kernel.matter.said import Said
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import PartyId, RecordId

KIND = "matter.record/1"
RECALLED_HERE = "recalled_here/"
"""Records of partners that were recalled and are to be deleted."""
Why = Literal["wrong", "ended", "unlawful", "contested", "withdrawn"]


class Recall(Struct, frozen=True, forbid_unknown_fields=True):
    """The record that is taken back, and why: for the partner, who learns no more than that."""

    parties: Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=2)]
    record: RecordId
    why: Why


RECORD = MatterKind(
    name=KIND,
    verbs=(Verb(name="recall", role=NODE, about="matter", gives="recalled", takes=Recall, opens=True),),
    stages=(),
)


def note(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    """What a recall changes here: the record counts as recalled from now on, if it is its origin's own.

    Where a partner took it back it is to be deleted.
    """
    recall = canonical.fit(said.terms, Recall)
    if recall.record.startswith(f"{said.party}-"):
        mark(tx, recall.record, recall.why, at, said.party)
        if said.party != me:
            tx.memos.put(RECALLED_HERE + recall.record, recall.why)


def mark(tx: Transaction, record: str, why: str, at: datetime, party: str) -> None:
    """Note that a record is recalled, once, in the journal: views take it up from there."""
    if recalled(tx, record) is None:
        holding = tx.records.get(record)
        tx.memos.put(f"recalled/{record}", why)
        _void_duties(tx, record, at)
        exercise = holding.exercise if holding is not None else False
        tx.journal.add("recalled", record, at=at, party=party, exercise=exercise)


def _void_duties(tx: Transaction, record: str, at: datetime) -> None:
    """Nothing is owed any more about a record that is taken back."""
    for what in ("review", "sighting", "human_review", "reply", "await_reply", "contest"):
        void(tx, f"{what}/{record}", "recalled", at)
    for what in ("review_release", "look_at_withheld"):
        prefix = f"{what}/{record}/"
        for row in tx.duties.page(after=prefix):
            if row.id.startswith(prefix):
                void(tx, row.id, "recalled", at)


def recalled(tx: Transaction, record: str) -> str | None:
    """Why a record was recalled by its origin, or None if it was not."""
    return tx.memos.get(f"recalled/{record}")
