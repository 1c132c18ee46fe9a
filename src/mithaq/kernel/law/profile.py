"""Profiling: whether a protected value (religion, ethnicity, political opinion) ever lets *more* out.

Two requests that differ in nothing but the protected value are compared, for every request there is
(non-interference). With the value, a law may forbid or hide more than without it; never less.

Only three things could widen: a permit that the value opens, and a forbid or a duty that it lifts. Where a law has none
of these it is proved at once; each one that it has is searched for a pair of requests that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.breach import Breach, Key
from mithaq.kernel.law.choices import Choice, pairs
from mithaq.kernel.law.diagram import Ends, Entangled, Search, Together
from mithaq.kernel.law.index import Column, Table, bits, mask
from mithaq.kernel.law.vocabulary import Vocabulary


def profiling(
    mine: list[Column], gives: bool, ends: Ends, together: Together, vocabulary: Vocabulary, told: Set[Key]
) -> Iterator[Breach]:
    """A breach for every clause that a protected value opens or lifts, unless it was told already.

    ``gives``: whether permits are a basis here.
    """
    asked = {each.attribute for column in mine for each in column.conditions}
    for name in sorted(asked):
        for protected in vocabulary.attributes[name].protected:
            for suspect in mine:
                if (suspect.clause.id, _named(name, protected), "") not in told and _moves(
                    suspect, name, protected, vocabulary
                ):
                    yield from _searched(suspect, mine, gives, name, protected, ends, together, vocabulary)


def _named(name: str, protected: str) -> str:
    return f"{name}: {protected}"


def _moves(column: Column, name: str, protected: str, vocabulary: Vocabulary) -> bool:
    """Whether the value can open this permit, or lift this forbid or duty, all else being equal."""
    if all(each.attribute != name for each in column.conditions):
        return False
    opens = column.clause.effect == "permit"
    for (_, without), (_, with_it) in pairs(Table(name, [column], vocabulary), protected, 1):
        if (with_it & ~without if opens else without & ~with_it) & 1:
            return True
    return False


def _searched(
    suspect: Column, mine: list[Column], gives: bool, name: str, protected: str,
    ends: Ends, together: Together, vocabulary: Vocabulary,
) -> Iterator[Breach]:  # fmt: skip
    """The first pair of requests that shows that the suspect lets more out with the protected value."""
    bases: list[Column | None] = [None]
    if suspect.clause.effect == "permit":
        bases = [suspect]
    elif gives:
        bases = [each for each in mine if each.clause.effect == "permit"]
    told = Breach(how="profiles", law=suspect.law.ref, clause=suspect.clause.id, against=_named(name, protected))
    for basis in bases:
        held = [each for each in (suspect, basis) if each is not None]
        columns = [each for each in mine if _may_matter(each, held, name, together)]
        search = Search(columns, ends, vocabulary, last=name)
        try:
            found = _pair(search, held, basis, protected)
        except Entangled:
            yield Breach(how="unproved", law=told.law, clause=told.clause, against=told.against)
            return
        if found is not None:
            values, (without, with_it) = found
            yield Breach(
                how=told.how, law=told.law, clause=told.clause, against=told.against,
                example=search.request({**values, name: with_it[0]}, with_it[1]),
                without=search.request({**values, name: without[0]}, without[1]),
            )  # fmt: skip
            return


def _may_matter(column: Column, held: list[Column], name: str, together: Together) -> bool:
    """Whether a request can match the column and these; what asks for the attribute that changes always may."""
    if any(column is each for each in held) or any(each.attribute == name for each in column.conditions):
        return True
    return all(together.can(column, each) for each in held)


def _pair(
    search: Search, held: list[Column], basis: Column | None, protected: str
) -> tuple[dict[str, Any], tuple[Choice, Choice]] | None:
    outcome, table = _Outcome(search.columns, gives=basis is not None), search.last
    assert table is not None  # noqa: S101 - the suspect asks for it
    wanted = mask(search.columns, lambda each: any(each is one for one in held))
    place = next((i for i, each in enumerate(search.columns) if each is basis), None)

    known: dict[int, list[tuple[Choice, Choice]]] = {}

    def goal(alive: int) -> tuple[Choice, Choice] | None:
        asking = alive & ~table.free
        if asking not in known:
            known[asking] = list(pairs(table, protected, asking))
        for (one, without), (other, with_it) in known[asking]:
            if outcome.wider(place, with_it & alive, without & alive):
                return (one, without & alive), (other, with_it & alive)
        return None

    path = search.path(lambda alive: alive & wanted == wanted, goal)
    return (path[0], path[2]) if path is not None else None


Terms = tuple[dict[str, str] | None, dict[str, str], dict[str, Any]]
"""The fields that a basis names (None: any basis), the levels that are asked, and the obligations."""


class _Outcome:
    """What is let out when exactly these columns match; where the law gives no basis, any basis is assumed."""

    def __init__(self, columns: list[Column], *, gives: bool) -> None:
        self._columns, self._gives = columns, gives
        self._permits = mask(columns, lambda each: each.clause.effect == "permit")
        self._forbids = mask(columns, lambda each: each.clause.effect == "forbid")
        self._duties = mask(columns, lambda each: each.clause.effect == "duty")

    def wider(self, basis: int | None, one: int, other: int) -> bool:
        """Whether ``one``, by this basis, lets something out that ``other`` does not by any."""
        if one == other or one & self._forbids or (basis is not None and not one >> basis & 1):
            return False
        if other & self._forbids:
            return None not in self._terms(basis, one)[2].values()
        ours = self._terms(basis, one)
        return not any(_narrows(ours, self._terms(each, other)) for each in self._bases(other))

    def _bases(self, alive: int) -> list[int | None]:
        return list(bits(alive & self._permits)) if self._gives else [None]

    def _terms(self, basis: int | None, alive: int) -> Terms:
        given = [self._columns[basis].clause] if basis is not None else []
        levels: dict[str, str] = {}
        stated: dict[str, list[Any]] = {}
        for each in (*given, *(self._columns[i].clause for i in bits(alive & self._duties))):
            for name, shown in each.levels.items():
                levels[name] = level.join(levels.get(name, level.CLEAR), shown)
            for what, value in each.obligations.items():
                stated.setdefault(what, []).append(value)
        joined = {what: obligation.join(what, values) for what, values in stated.items()}
        return (given[0].levels if given else None), levels, joined


def _narrows(one: Terms, other: Terms) -> bool:
    """Whether ``one`` lets out nothing that ``other`` does not: it protects as much at every field and obligation."""
    if None in one[2].values() or None in other[2].values():  # nobody can comply, so nothing is let out
        return None in one[2].values()
    if not all(level.protects(_shown(name, one), _shown(name, other)) for name in {*one[1], *other[1]}):
        return False
    return all(what in one[2] and obligation.protects(what, one[2][what], most) for what, most in other[2].items())


def _shown(name: str, terms: Terms) -> str:
    named, levels, _ = terms
    if named is not None and name not in named:
        return level.ABSENT
    return levels.get(name, level.CLEAR)
