"""Promises: whether a permit promises, for some request, what the floor forbids, hides or limits.

What a permit leaves open the floor fills in at run time; only what it says in so many words can break the floor.
"""

from __future__ import annotations

from collections.abc import Iterator

from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.breach import Breach, How
from mithaq.kernel.law.clause import ANY, Clause
from mithaq.kernel.law.diagram import Ends, Search
from mithaq.kernel.law.index import Column, bits, mask
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.vocabulary import Vocabulary

GRANTS = ("onward", "purposes", "quota", "recipients", "retain", "use")
"""The obligations that let a recipient do something; the others only ask."""

ALL = "all"  # stands for the obligations that bind everything under the floor
Broken = tuple[How, str, str]
"""How, the clause of the floor, and the field or obligation."""


def broken_promises(
    mine: list[Column], above: list[Column], floor: Law, ends: Ends, vocabulary: Vocabulary
) -> Iterator[Breach]:
    """Every permit among ``mine`` that breaks one of the floor's clauses ``above``, once."""
    while any(each.clause.effect == "permit" for each in mine):
        found = _first(mine, above, floor, ends, vocabulary)
        if found is None:
            return
        yield found
        mine = [each for each in mine if each.clause.id != found.clause]


def _first(mine: list[Column], above: list[Column], floor: Law, ends: Ends, vocabulary: Vocabulary) -> Breach | None:
    search = Search([*mine, *above], ends, vocabulary)
    own = (1 << len(mine)) - 1
    permits, forbids, duties = (
        mask(search.columns, lambda each, of=of: each.clause.effect == of)  # type: ignore[misc]
        for of in ("permit", "forbid", "duty")
    )
    everywhere = Clause(id=ALL, effect="duty", sender=ANY, receiver=ANY, act=ANY, obligations=floor.obligations)
    always = Column(floor, everywhere, ())
    limits = {i: column for i, column in enumerate(search.columns) if (duties & ~own) >> i & 1} | {-1: always}
    risky = {
        i: _union(1 << n if n >= 0 else permits for n, limit in limits.items() if _breaks(search.columns[i], [], limit))
        for i in bits(permits)
    }

    def hopeful(alive: int) -> bool:
        return bool(alive & permits) and bool(
            alive & forbids & ~own or any(alive & risky[i] for i in bits(alive & permits))
        )

    def goal(alive: int) -> tuple[int, Broken] | None:
        if alive & forbids & own:
            return None
        narrowing = [search.columns[i].clause for i in bits(alive & duties & own)]
        for permit in bits(alive & permits):
            for veto in bits(alive & forbids & ~own):
                return permit, ("releases", search.columns[veto].clause.id, "")
            for n, limit in limits.items():
                if n < 0 or alive >> n & 1:
                    found = _breaks(search.columns[permit], narrowing, limit)
                    if found is not None:
                        return permit, found
        return None

    path = search.path(hopeful, goal)
    if path is None:
        return None
    values, alive, (permit, (how, against, what)) = path
    column = search.columns[permit]
    return Breach(
        how=how, law=column.law.ref, clause=column.clause.id, against=f"{floor.ref} {against}".strip(), what=what,
        example=search.request(values, alive),
    )  # fmt: skip


def _breaks(permit: Column, narrowing: list[Clause], limit: Column) -> Broken | None:
    """Whether what the permit says, narrowed by duties of its own law, says more than a duty of the floor allows."""
    for name, hidden in limit.clause.levels.items():
        if name in permit.clause.levels:
            said = [each.levels[name] for each in (permit.clause, *narrowing) if name in each.levels]
            if not level.protects(level.join(*said), hidden):
                return "shows", limit.clause.id, name
    for what, most in limit.clause.obligations.items():
        stated = [permit.clause.obligations, permit.law.obligations, *(each.obligations for each in narrowing)]
        values = [each[what] for each in stated if what in each]
        if what in GRANTS and values:
            joined = obligation.join(what, values)
            if joined is not None and not obligation.protects(what, joined, most):
                return "grants", limit.clause.id, what
    return None


def _union(masks: Iterator[int]) -> int:
    found = 0
    for each in masks:
        found |= each
    return found
