"""Overlap: which agreement gives the basis when several could and the request cites none.

named             the first in the nation's declared order
later             the one in force since later (Vienna Convention on the Law of Treaties, art. 30(3) and 59)
lex_specialis     the one with fewer parties, then the clause that names its Kinds, then that with more conditions
most_cooperative  the one under which most is shown, after every law and the floor have had their say

An agreement declares its rule. Where the agreements that could give the basis declare different ones, none of them was
agreed by all, and the declared order decides. Citing a clause always prevails over all of this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mithaq.kernel.law import level
from mithaq.kernel.law.clause import ANY, Clause
from mithaq.kernel.law.decision import Ruling
from mithaq.kernel.law.law import Law

Candidate = tuple[Law, Clause]


def prevailing(candidates: Sequence[Candidate], ruled: Callable[[Candidate], Ruling]) -> Ruling:
    """The Ruling on the candidate that prevails; ``ruled`` composes one. One or more candidates, in declared order."""
    rules = {law.overlap for law, _ in candidates}
    rule = rules.pop() if len(rules) == 1 else "named"
    if len(candidates) == 1 or rule == "named":
        return ruled(candidates[0])
    if rule == "most_cooperative":
        return min(map(ruled, candidates), key=_withheld)
    return ruled(max(candidates, key=_later if rule == "later" else _speciality))


def _withheld(ruling: Ruling) -> tuple[bool, int]:
    return not ruling.permits, sum(map(level.rank, ruling.fields.values()))


def _later(candidate: Candidate) -> float:
    return candidate[0].in_force.start.timestamp()


def _speciality(candidate: Candidate) -> tuple[int, bool, int, int]:
    law, clause = candidate
    conditions = len(clause.when) + min(map(len, clause.any), default=0)
    return -len(law.parties), clause.kinds != (ANY,), -len(clause.kinds), conditions
