"""The agreements that are in effect, from the statements that a node holds."""

from __future__ import annotations

from collections.abc import Iterator

from mithaq.errors import MithaqError
from mithaq.kernel.law import reserve
from mithaq.kernel.law.in_effect import InEffect, in_effect
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.text import Text, check
from mithaq.kernel.matter.agreement import AGREEMENT, KIND
from mithaq.kernel.matter.fold import State, fold
from mithaq.kernel.matter.force import Force, force
from mithaq.kernel.matter.offers import texts
from mithaq.kernel.matter.said import read_said
from mithaq.kernel.ports import Transaction


def state_of(tx: Transaction, matter: str) -> State:
    """What a matter on an agreement has come to here."""
    return fold(AGREEMENT, [read_said(each.envelope) for each in tx.statements.of(matter)])


def forces(tx: Transaction, matter: str) -> Iterator[tuple[Text, Force]]:
    """Every text of a matter, and what has become of it."""
    state = state_of(tx, matter)
    for text in texts(state.effective).values():
        yield text, force(state, text)


def book_of(tx: Transaction, base: Rulebook, me: str) -> Rulebook:
    """The Rulebook with the agreements that statements have put in effect, those adopted by hand first.

    What became of an agreement in a matter holds also if it was adopted by hand as well: a suspension must reach it.
    Of two agreements of one name and version only the first counts: a text has one meaning.
    """
    made: dict[str, list[InEffect]] = {}
    decided: set[str] = set()
    for matter in tx.statements.matters(KIND):
        for text, found in forces(tx, matter):
            if me in found.parties and is_usable(text, base):
                decided.add(text.law.digest)
                made.setdefault(text.law.ref, list(_in_effect(text, found, base)))
    by_hand = [law for law in base.agreements if law.digest not in decided]
    taken = {law.ref for law in by_hand}
    parts = [each for ref, several in made.items() if ref not in taken for each in several]
    return rulebook(base.vocabulary, (*by_hand, *parts), base.laws, base.floor)


def _in_effect(text: Text, found: Force, base: Rulebook) -> Iterator[InEffect]:
    start = min((at for at in (found.start, found.provisional) if at is not None), default=None)
    if start is None:
        return
    yield from in_effect(
        reserve.reserved(text.law, _usable_reservations(text, found, base)),
        parties=found.parties,
        start=start,
        until=found.until,
        leaving=found.leaving,
        suspended=found.suspended,
        digest=text.law.digest,
    )


def is_usable(text: Text, base: Rulebook) -> bool:
    """Whether the text rests on the words and the floor of this nation, and its law can be understood.

    One that does not is in effect for nobody here: fail closed.
    """
    if (text.rests_on.vocabulary, text.rests_on.floor) != (base.vocabulary.digest, base.floor.digest):
        return False
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
            reserve.check_reservation(text.law, each, party, base.vocabulary)
        except MithaqError:
            continue
        good[party] = each
    return good
