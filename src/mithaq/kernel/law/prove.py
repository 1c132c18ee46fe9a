"""Prove: no clause of a law breaks the floor, for any request whatever. Exact, with an example where one does.

    releases   a permit lets out what the floor forbids
    shows      a permit shows a field that the floor hides
    grants     a permit lets the recipient do more, or longer, than the floor does
    profiles   religion, ethnicity or political opinion (whatever the Vocabulary protects) lets out *more*

At run time the floor is above every law, so none of this could happen. It is proved all the same, before anyone signs:
a text that promises what the floor will refuse deceives whoever relies on it. ``prove`` refuses a law with a concrete
example; its Proof names everything that it rests on, so that whoever keeps it need not prove the same thing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.breach import Breach, Key, tell
from mithaq.kernel.law.clause import ANY, Clause
from mithaq.kernel.law.diagram import Ends, Together
from mithaq.kernel.law.index import Column
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.profile import profiling
from mithaq.kernel.law.promise import broken_promises
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.values import Digest

NOWHERE = "ZZ"  # a nation that no clause names
OTHER_KIND = "other.kind/1"  # a Kind that the vocabulary does not list
ALL = "all"  # stands for the obligations that bind everything under the floor


class Proof(Struct, frozen=True, forbid_unknown_fields=True):
    """That this law, by digest, never breaks this floor, in the words of this vocabulary."""

    law: Digest
    floor: Digest
    vocabulary: Digest
    engine: Literal["mithaq-prove/1"] = "mithaq-prove/1"

    @property
    def digest(self) -> Digest:
        return canonical.digest_of(self)


def proof_of(law: Law, floor: Law, vocabulary: Vocabulary) -> Proof:
    """What a Proof of this law says. Says nothing of whether there is one: that is ``prove``."""
    return Proof(law.digest, floor.digest, vocabulary.digest)


def prove(law: Law, floor: Law, vocabulary: Vocabulary) -> Proof:
    """The Proof that the law never breaks the floor; Invalid, with an example of how it does, if it does."""
    for breach in breaches(law, floor, vocabulary):
        place = next((i for i, each in enumerate(law.clauses) if each.id == breach.clause), 0)
        hint = "change the clause; mithaq law check shows everything that breaks the floor"
        raise Invalid("floor", tell(breach), where=f"$.clauses[{place}]", hint=hint)
    return proof_of(law, floor, vocabulary)


def breaches(law: Law, floor: Law, vocabulary: Vocabulary) -> Iterator[Breach]:
    """Every clause of the law that breaks the floor, once for each thing that it breaks. None at all is a proof."""
    told: set[Key] = set()
    solved: set[tuple[object, ...]] = set()
    together = Together(vocabulary)
    own, floors = _columns(law), _columns(floor) if law.type != "floor" else []
    for ends in _scopes(law, vocabulary):
        gives = law.type == ("agreement" if ends[0] != ends[1] else "national")
        mine = [each for each in _speaking(own, ends, vocabulary) if gives or each.clause.effect != "permit"]
        above = _speaking(floors, ends, vocabulary)
        same = (*map(id, mine), None, *map(id, above), gives)
        if same in solved:
            continue
        solved.add(same)
        for breach in (
            *broken_promises(mine, above, ends, together, vocabulary, told),
            *profiling(mine, gives, ends, together, vocabulary, told),
        ):
            if breach.key not in told:
                told.add(breach.key)
                yield breach


def dead(law: Law, vocabulary: Vocabulary) -> Iterator[str]:
    """The ids of the clauses that no request at all can match: their conditions exclude each other, or no act on any of
    their Kinds has what they ask for."""
    together, own = Together(vocabulary), _columns(law)
    alive = {
        each.clause.id for ends in _scopes(law, vocabulary) for each in _speaking(own, ends, vocabulary)
    } & {each.clause.id for each in own if together.can(each)}  # fmt: skip
    yield from (each.id for each in law.clauses if each.id not in alive)


def _scopes(law: Law, vocabulary: Vocabulary) -> Iterator[Ends]:
    """Every sender, receiver, act and Kind that the clauses of the law can tell apart."""
    named = {end for each in law.clauses for end in (each.sender, each.receiver)} - {ANY}
    nations = sorted(named | set(law.parties) | ({NOWHERE} if law.type != "agreement" else set()))
    for sender in nations:
        for receiver in nations:
            if law.binds(sender, receiver, law.in_force.start):
                for act in vocabulary.acts:
                    for kind in (*vocabulary.kinds, OTHER_KIND):
                        yield sender, receiver, act, kind


def _columns(law: Law) -> list[Column]:
    """All columns of a law, made once: what is proved of two of them is remembered by which they are."""
    always = Clause(id=ALL, effect="duty", sender=ANY, receiver=ANY, act=ANY, obligations=law.obligations)
    found = [Column(law, each, (*each.when, *group)) for each in law.clauses for group in each.any or ((),)]
    return [*found, Column(law, always, ())] if law.type == "floor" and law.obligations else found


def _speaking(columns: list[Column], ends: Ends, vocabulary: Vocabulary) -> list[Column]:
    """The columns that speak of these ends and ask for nothing that is inapplicable there (those never match)."""
    can_have = vocabulary.applicable(*ends[2:])
    return [
        each for each in columns
        if each.clause.covers(*ends) and all(asked.attribute in can_have for asked in each.conditions)
    ]  # fmt: skip
