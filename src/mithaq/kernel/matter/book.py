"""The agreements that are in effect, from the statements that a node holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from mithaq.errors import MithaqError
from mithaq.kernel.law import reserve
from mithaq.kernel.law.in_effect import InEffect, in_effect
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.text import Text, check
from mithaq.kernel.matter.agreement import KIND
from mithaq.kernel.matter.force import Force, force
from mithaq.kernel.matter.offers import texts
from mithaq.kernel.matter.take import state_of
from mithaq.kernel.ports import Transaction


def forces(tx: Transaction, matter: str, base: Rulebook) -> Iterator[tuple[Text, Force]]:
    """Every text of a matter that is usable here and in force at some time, and what has become of it."""
    state = state_of(tx, matter)
    for text in texts(state.effective).values():
        if is_usable(text, base):
            found = force(state, text)
            if found.start is not None or found.provisional is not None:
                yield text, found


def book_of(tx: Transaction, base: Rulebook, me: str) -> Rulebook:
    """The Rulebook with the agreements that statements have put in effect, those adopted by hand first.

    What became of an agreement in a matter holds also if it was adopted by hand, or in another matter as well: a
    suspension must reach it. Of different agreements of one name and version only one counts, the same on every node
    that holds the same: that adopted by hand, else the one in force first.
    """
    made = [
        (text, found)
        for matter in tx.statements.matters(KIND)
        for text, found in forces(tx, matter, base)
        if me in found.parties
    ]
    made.sort(key=lambda each: (_begin(each[1]), each[0].law.digest))
    decided = {text.law.digest for text, _ in made}
    by_hand = [law for law in base.agreements if law.digest not in decided]
    chosen = {law.ref: law.digest for law in by_hand}
    parts: list[InEffect] = []
    for text, found in made:
        if chosen.setdefault(text.law.ref, text.law.digest) == text.law.digest:
            parts += _in_effect(text, found, base, _suspended(made, text.law.digest))
    return rulebook(base.vocabulary, (*by_hand, *parts), base.laws, base.floor)


def _in_effect(text: Text, found: Force, base: Rulebook, suspended: dict[str, tuple[str, ...]]) -> list[InEffect]:
    return in_effect(
        reserve.reserved(text.law, _usable_reservations(text, found, base)),
        parties=found.parties,
        start=_begin(found),
        until=found.until,
        joining=found.joining,
        leaving=found.leaving,
        suspended=suspended.items(),
        digest=text.law.digest,
    )


def _begin(found: Force) -> datetime:
    return min(at for at in (found.start, found.provisional) if at is not None)


def _suspended(made: Sequence[tuple[Text, Force]], digest: str) -> dict[str, tuple[str, ...]]:
    """By party, the permits of a law under which it releases nothing, whichever matter it said so in; none: all."""
    found: dict[str, tuple[str, ...]] = {}
    for text, each in made:
        if text.law.digest == digest:
            for party, clauses in each.suspended:
                known = found.get(party)
                found[party] = () if clauses == () or known == () else (*(known or ()), *clauses)
    return found


def is_usable(text: Text, base: Rulebook) -> bool:
    """Whether the text rests on the words and the floor of this nation, and its law can be understood.

    One that does not is in effect for nobody here: fail closed.
    """
    if (text.rests_on.vocabulary, text.rests_on.floor) != (base.vocabulary.digest, base.floor.digest):
        return False
    if text.law.ref in {law.ref for law in (*base.laws, base.floor)}:
        return False  # it calls itself like a law of ours: decisions name laws, and must mean one
    try:
        check(text, base.vocabulary)
    except MithaqError:
        return False
    return True


def _usable_reservations(text: Text, found: Force, base: Rulebook) -> dict[str, reserve.Reservation]:
    """The reservations that only narrow; one that would not is no reservation, and whoever made it is told."""
    good = {}
    for party, each in found.reservations:
        try:
            reserve.check_reservation(replace(text.law, parties=found.parties), each, party, base.vocabulary)
        except MithaqError:
            continue
        good[party] = each
    return good
