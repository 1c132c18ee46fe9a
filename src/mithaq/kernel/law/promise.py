"""Promises: whether a permit promises, for some request, what the floor forbids, hides or limits.

What a permit leaves open the floor fills in at run time; only what it says in so many words can break the floor.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from msgspec import Struct

from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.breach import Breach, How, Key
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.diagram import Ends, Entangled, Search, Together
from mithaq.kernel.law.index import Column, bits
from mithaq.kernel.law.vocabulary import Vocabulary

GRANTS = ("onward", "purposes", "quota", "recipients", "retain", "use")
"""The obligations that let a recipient do something; the others only ask."""


class Broken(Struct, frozen=True):
    """What a permit says against one clause of the floor, if nothing of its own law takes it back."""

    how: How
    what: str = ""


def broken_promises(
    mine: list[Column], above: list[Column], ends: Ends, together: Together, vocabulary: Vocabulary, told: Set[Key]
) -> Iterator[Breach]:
    """What the permits among ``mine`` promise against the floor's clauses ``above``, unless it was told already."""
    forbids = [each for each in mine if each.clause.effect == "forbid"]
    duties = [each for each in mine if each.clause.effect == "duty"]
    for permit in (each for each in mine if each.clause.effect == "permit"):
        for limit in above:
            for broken in _broken(permit, limit):
                key = (permit.clause.id, _named(limit), broken.what)
                if key not in told and together.can(permit, limit):
                    saving = [each for each in duties if _narrows(each.clause, broken)]
                    columns = [each for each in (*forbids, *saving) if together.can(permit, limit, each)]
                    yield from _searched(permit, limit, broken, columns, ends, vocabulary)


def _broken(permit: Column, limit: Column) -> Iterator[Broken]:
    """What the permit alone says against one clause of the floor, wherever both match."""
    if limit.clause.effect == "forbid":
        yield Broken("releases")
    for name in limit.clause.levels:
        if name in permit.clause.levels:
            yield Broken("shows", name)
    for what in limit.clause.obligations:
        if what in GRANTS and (what in permit.clause.obligations or what in permit.law.obligations):
            yield Broken("grants", what)


def _named(limit: Column) -> str:
    return f"{limit.law.ref} {limit.clause.id}"


def _narrows(duty: Clause, broken: Broken) -> bool:
    return broken.what in (duty.levels if broken.how == "shows" else duty.obligations)


def _searched(
    permit: Column, limit: Column, broken: Broken, columns: list[Column], ends: Ends, vocabulary: Vocabulary
) -> Iterator[Breach]:
    """The breach, if there is a request that both match and that nothing of the permit's own law saves."""
    if _holds(permit, limit, broken, []):
        return
    search = Search([permit, limit, *columns], ends, vocabulary)
    forbids = sum(1 << i for i, each in enumerate(search.columns[2:], 2) if each.clause.effect == "forbid")

    def goal(alive: int) -> bool | None:
        narrowing = [search.columns[i].clause for i in bits(alive >> 2 << 2)]
        return None if alive & forbids or _holds(permit, limit, broken, narrowing) else True

    found = Breach(
        how=broken.how, law=permit.law.ref, clause=permit.clause.id,
        against=_named(limit), what=broken.what,
    )  # fmt: skip
    try:
        path = search.path(lambda alive: alive & 0b11 == 0b11, goal)
    except Entangled:
        yield Breach(how="unproved", law=found.law, clause=found.clause, against=found.against, what=found.what)
        return
    if path is not None:
        yield Breach(
            how=found.how, law=found.law, clause=found.clause, against=found.against, what=found.what,
            example=search.request(path[0], path[1]),
        )  # fmt: skip


def _holds(permit: Column, limit: Column, broken: Broken, narrowing: list[Clause]) -> bool:
    """Whether what the permit says, narrowed by duties of its own law, is within what the floor allows."""
    if broken.how == "releases":
        return False
    what = broken.what
    if broken.how == "shows":
        said = [permit.clause.levels[what], *(each.levels[what] for each in narrowing)]
        return level.protects(level.join(*said), limit.clause.levels[what])
    stated = [permit.clause.obligations, permit.law.obligations, *(each.obligations for each in narrowing)]
    joined = obligation.join(what, [each[what] for each in stated if what in each])
    return joined is None or obligation.protects(what, joined, limit.clause.obligations[what])
