"""Reservations: what one party excludes for itself when it signs. A reservation can only narrow.

It is made of forbids and duties alone, so ``reserved`` is the agreement with more of both, and this is what is proved
(``tests/kernel/law/test_reserve.py`` asks it of random laws; steps 1 to 3 are those of ``decide.py``):

*An agreement considered alone.* Let the book hold it and any laws and floor. Under the reserved law every request is
denied, or permitted on the **same basis** with levels and obligations that are at least as protective:

1. The forbids that match before match after. A new one that matches silences the agreement: nothing is permitted.
2. Otherwise the same permits match in the same order, as none was added or changed; so the basis is the same.
3. The layers are those from before and the new duties that match. Levels and obligations are joins, and a join with
   more never protects less; where it cannot be satisfied the answer is a denial.

*Beside other agreements.* What is released could be released before by citing its basis: if the basis is of this
agreement, by 2 and 3, and no more of it; if it is of another, exactly as before, since duties and silence of one
agreement do not reach into another. What is **not** promised: that an uncited request keeps its basis. Once this
agreement is silent, or shows less, the overlap rule may pick another, which may show more than this one did. A
reservation narrows what one treaty gives, not what other treaties give.

Vienna Convention on the Law of Treaties, art. 19 to 21. A reservation changes nothing between the other parties
(art. 21(2)), hence a clause names its party at one end. For them the agreement changes to the same extent (art.
21(1)(b)), which takes no clause: what they may release they need not. Who wants the mirror image writes ``reciprocal``.
Whether the other parties accept a reservation (art. 20) is for the statements about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel.law import clause
from mithaq.kernel.law.clause import ANY, Clause
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.vocabulary import Vocabulary, known_word

ID_LENGTH = 28
"""What is left of the 32 characters of an id under the party's prefix."""


class Reservation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The forbids and duties that a party signs with. ``note`` says why, and decides nothing."""

    clauses: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=1000)]
    note: Annotated[str, Meta(max_length=2000)] = ""


def check_reservation(law: Law, reservation: Reservation, party: str, vocabulary: Vocabulary) -> None:
    """Refuse, with its JSON path, whatever is not this party's narrowing of this agreement in words that it knows."""
    if law.type != "agreement" or party not in law.parties:
        raise Invalid("reservation", f"{party} is not a party of the agreement {law.ref}")
    taken = {each.id for each in law.clauses}
    for i, each in enumerate(reservation.clauses):
        where = f"$.clauses[{i}]"
        if len(each.id) > ID_LENGTH:
            raise Invalid("reservation", f"an id has at most {ID_LENGTH} characters here", where=f"{where}.id")
        if prefixed(party, each.id) in taken:
            raise Invalid("reservation", f"the clause {prefixed(party, each.id)!r} stands twice", where=f"{where}.id")
        taken.add(prefixed(party, each.id))
        _check_narrows(each, where)
        _check_ends(each, law, party, where)
        clause.check(each, vocabulary, frozenset(law.areas), where)


def reserved(law: Law, reservations: Mapping[str, Reservation]) -> Law:
    """The agreement as it decides under these reservations by party: the same for whoever holds the same of them."""
    added = (
        replace(each, id=prefixed(party, each.id))
        for party, reservation in sorted(reservations.items())
        for each in reservation.clauses
    )
    return replace(law, clauses=(*law.clauses, *added))


def prefixed(party: str, id: str) -> str:
    """How a clause of a party's reservation is called beside the agreement's own.

    >>> prefixed("JO", "1")
    'JO.r1'
    """
    return f"{party}.r{id}"


def _check_narrows(each: Clause, where: str) -> None:
    if each.effect == "permit":
        raise Invalid("reservation", "a permit would widen", where=f"{where}.effect", hint="use forbid or duty")
    if "owed" in each.obligations:  # joins like the others, but asks for more to be released, not less
        raise Invalid("reservation", "what is owed is no restriction", where=f"{where}.obligations.owed")


def _check_ends(each: Clause, law: Law, party: str, where: str) -> None:
    for end, country in (("from", each.sender), ("to", each.receiver)):
        if country != ANY:
            known_word("party", country, law.parties, f"{where}.{end}")
    if party not in (each.sender, each.receiver):
        raise Invalid(
            "reservation", f"the clause does not name {party}: it would bind others among themselves", where=where,
            hint=f"write {party} as from or to; reciprocal gives both directions",
        )  # fmt: skip
