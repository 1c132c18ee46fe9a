"""Telling partners of a recall: at once those who have the record, and later those whose receipt shows that they do."""

from __future__ import annotations

from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping.holder import holder
from mithaq.kernel.keeping.note import await_deletion
from mithaq.kernel.keeping.retention import RECALLED_WITHIN
from mithaq.kernel.matter.record import KIND, recalled
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import ends

_WATCHED = "recalling/"


def tell(desk: Desk, partner: str, record: str, why: str) -> None:
    """State the recall to a partner, of which it is owed from now on that it deletes the record and says so."""
    speak(desk, KIND, "recall", parties=(desk.node.party, partner), record=record, why=why)
    said = holder(desk.tx, record, partner)
    if said.deleted is None and said.held is None:  # else it has nothing left to say
        await_deletion(desk.tx, record, partner, desk.at + RECALLED_WITHIN, desk.at)


def watch(tx: Transaction, partner: str, record: str) -> None:
    """Remember that a message of the record was stopped of which it is not known whether it arrived."""
    tx.memos.put(f"{_WATCHED}{record}/{partner}", "")


def is_watching(tx: Transaction) -> bool:
    return bool(tx.memos.names(_WATCHED))


def follow(desk: Desk) -> int:
    """Tell those partners of a recall whose receipts have shown by now that they hold the record. How many."""
    told = 0
    for name in desk.tx.memos.names(_WATCHED):
        record, _, partner = name.removeprefix(_WATCHED).partition("/")
        between, versions = (desk.node.party, partner), desk.tx.records.versions(record)
        found = (message for v in versions for message in desk.tx.links.carrying(f"{record}/{v}"))
        carried = [message for message in found if ends(message.link) == between]
        if any(message.outcome == "waiting" for message in carried):
            continue
        desk.tx.memos.put(name, None)
        if any(message.outcome == "accepted" for message in carried):
            tell(desk, partner, record, recalled(desk.tx, record) or "withdrawn")
            told += 1
    return told
