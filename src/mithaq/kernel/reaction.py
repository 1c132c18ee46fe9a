"""Reactions: what follows from a record by a capability's own rules, each record once, in the order of the journal.

A rule is a fold with a cursor, as a view is, but what it makes stays: duties, and records stated in answer. It works at
a desk of the node itself, in one transaction with the move of its cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Entry, Holding
from mithaq.kernel.view import skipping

if TYPE_CHECKING:
    from mithaq.kernel.desk import Desk
    from mithaq.kernel.plug import Answer, Capability, DutyRule

STEP = 500
CURSOR = "reactions"


class Rules(Struct, frozen=True):
    """What a node's capabilities owe, by the base of the Kind: to own records, and to those of partners."""

    duties: tuple[DutyRule, ...]
    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, capabilities: Iterable[Capability]) -> Rules:
        found = tuple(capabilities)
        duties = tuple(rule for each in found for rule in each.duties)
        return cls(duties, tuple(rule for each in found for rule in each.answers))

    def wants(self, kind: str) -> bool:
        """Whether any rule is about records of this Kind."""
        return kind.rpartition("/")[0] in {*(each.kind for each in self.answers), *(each.kind for each in self.duties)}

    def run(self, desk: Desk, holding: Holding) -> None:
        base = holding.kind.rpartition("/")[0]
        for rule in self.answers if holding.link else self.duties:
            if rule.kind == base:
                rule.run(desk, holding)


def behind(tx: Transaction) -> bool:
    """Whether the journal has entries that no rule has seen."""
    return tx.views.cursor(CURSOR)[1] < tx.journal.last()


def advance(desk: Desk, rules: Rules) -> bool:
    """Let the rules see the next entries; whether more may wait."""
    tx = desk.tx
    _, position = tx.views.cursor(CURSOR)
    entries = tx.journal.page(after=position, limit=STEP)
    for entry in entries:
        holding = holding_of(entry, tx, rules.wants)
        if holding is not None:
            skipping(tx, CURSOR, entry.position, lambda holding=holding: rules.run(desk, holding))  # type: ignore[misc]
    if entries:
        tx.views.move(CURSOR, 1, entries[-1].position)
    return len(entries) == STEP


def holding_of(entry: Entry, tx: Transaction, wanted: Callable[[str], object] = str) -> Holding | None:
    """The record version that an entry of the journal brought: stated here, or accepted from a partner, and not erased
    since. Of a Kind that is not ``wanted`` it is not even opened.
    """
    named = entry.subject
    if entry.what == "received":
        link, _, seq = entry.subject.rpartition("/")
        message = tx.links.get(link, int(seq))
        named = message.subject if message else ""
    elif entry.what != "record":
        return None
    id, _, version = named.rpartition("/")
    if not (id and version.isdigit()) or not wanted(tx.records.kind(id, int(version)) or ""):
        return None
    found = tx.records.get(id, int(version))
    return found if found is not None and found.content else None
