"""Prove: no clause of a law breaks the floor, for any request whatever. Exact, with an example where one does.

    releases   a permit lets out what the floor forbids
    shows      a permit shows a field that the floor hides
    grants     a permit lets the recipient do more, or longer, than the floor does
    profiles   religion, ethnicity or political opinion (whatever the Vocabulary protects) lets out *more*

At run time the floor is above every law, so none of this could happen. It is proved all the same, before anyone signs:
a text that promises what the floor will refuse deceives whoever relies on it (Vienna Convention, art. 27).
"""

from __future__ import annotations

from collections.abc import Iterator

from mithaq.kernel.law.breach import Breach
from mithaq.kernel.law.clause import ANY
from mithaq.kernel.law.diagram import Ends
from mithaq.kernel.law.index import Column, columns
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.profile import profiling
from mithaq.kernel.law.promise import broken_promises
from mithaq.kernel.law.vocabulary import Vocabulary

ENGINE = "mithaq-prove/1"
NOWHERE = "ZZ"  # a nation that no clause names
OTHER_KIND = "other.kind/1"  # a Kind that the vocabulary does not list


def breaches(law: Law, floor: Law, vocabulary: Vocabulary) -> Iterator[Breach]:
    """Every clause of the law that breaks the floor, once for each thing that it breaks. None at all is a proof."""
    told: set[tuple[str, ...]] = set()
    solved: set[tuple[object, ...]] = set()
    for ends in scopes(law, vocabulary):
        gives = _gives(law, ends)
        mine = [each for each in columns([law], *ends) if gives or each.clause.effect != "permit"]
        above = columns([floor], *ends) if law.type != "floor" else []
        same = (_names(mine), _names(above), gives, vocabulary.applicable(*ends[2:]))
        if same in solved:
            continue
        solved.add(same)
        found = [*broken_promises(mine, above, floor, ends, vocabulary), *profiling(mine, gives, ends, vocabulary)]
        for breach in found:
            key = (breach.how, breach.clause, breach.against, breach.what)
            if key not in told:
                told.add(key)
                yield breach


def scopes(law: Law, vocabulary: Vocabulary) -> Iterator[Ends]:
    """Every sender, receiver, act and Kind that the clauses of the law can tell apart."""
    named = {end for each in law.clauses for end in (each.sender, each.receiver)} - {ANY}
    nations = sorted(named | set(law.parties) | ({NOWHERE} if law.type != "agreement" else set()))
    for sender in nations:
        for receiver in nations:
            if law.binds(sender, receiver, law.in_force.start):
                for act in vocabulary.acts:
                    for kind in (*vocabulary.kinds, OTHER_KIND):
                        yield sender, receiver, act, kind


def _gives(law: Law, ends: Ends) -> bool:
    """Whether permits of this law can be a basis here: an agreement's across a border, a nation's own at home."""
    return law.type == ("agreement" if ends[0] != ends[1] else "national")


def _names(asked: list[Column]) -> tuple[tuple[str, str], ...]:
    return tuple((each.law.ref, each.clause.id) for each in asked)
