"""Erasing a record that is held here: its content, what it is found by, and its attachments, in one transaction.

The record's key is lost, so every copy of the store that is read with today's keys has lost it too. What stays says
that there was one: its id, Kind and origin, the entries of the logs, who read it and why it went.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mithaq.kernel import canonical, reviews
from mithaq.kernel.attachment import hold as attachments
from mithaq.kernel.attachment.descriptor import attachments_in
from mithaq.kernel.duty import duties, void
from mithaq.kernel.keeping.retention import ERASED
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Kind
from mithaq.kernel.shelves import Holding

DUTIES = ("review", "sighting", "human_review", "reply", "await_reply", "contest")


def erase(tx: Transaction, id: str, why: str, at: datetime, kinds: Mapping[str, Kind]) -> int:
    """Erase every version of a record; how many there were, 0 if nothing of it was here any more."""
    newest = tx.records.get(id)
    if newest is None or not newest.content:
        return 0
    versions = (tx.records.get(id, version) for version in tx.records.versions(id))
    held = [each for each in versions if each is not None and each.content]
    for each in held:
        _let_go(tx, each, kinds.get(each.kind), at)
    tx.records.erase(id)
    tx.views.forget(id)
    for what in DUTIES:
        void(tx, f"{what}/{id}", why, at)
    for partner in reviews.forget(tx, id):
        void(tx, reviews.duty_id(id, partner), why, at)
    for duty in duties(tx):
        if duty.id.startswith(f"look_at_withheld/{id}/"):
            void(tx, duty.id, why, at)
    tx.memos.put(ERASED + id, why)
    party = newest.origin if newest.link else ""
    tx.journal.add("erased", id, at=at, party=party, exercise=newest.exercise)
    return len(held)


def erased(tx: Transaction, id: str) -> str | None:
    """Why a record was erased here, or None if it was not."""
    return tx.memos.get(ERASED + id)


def fields_of(holding: Holding) -> dict[str, Any]:
    """The fields of what is held: of our own record its body, of a partner's what it released."""
    content = canonical.decode(holding.content, dict)
    fields: dict[str, Any] = content["fields" if holding.link else "body"]
    return fields


def _let_go(tx: Transaction, holding: Holding, kind: Kind | None, at: datetime) -> None:
    """Let go of the attachments that this version names, unless something else of the same party names them."""
    if kind is None:
        return
    for digest in {each.digest for _, each in attachments_in(fields_of(holding), kind)}:
        attachments.unname(tx, holding.origin, digest, holding.id, holding.version, at)
