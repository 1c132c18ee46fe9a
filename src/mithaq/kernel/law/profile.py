"""Profiling: whether a protected value (religion, ethnicity, political opinion) ever lets *more* out.

Two requests that differ in nothing but the protected value are compared, for every request there is
(non-interference). With the value, a law may forbid or hide more than without it; never less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.breach import Breach
from mithaq.kernel.law.choices import Choice, pairs
from mithaq.kernel.law.diagram import Ends, Search
from mithaq.kernel.law.index import Column, bits, mask
from mithaq.kernel.law.vocabulary import Vocabulary


def profiling(mine: list[Column], gives: bool, ends: Ends, vocabulary: Vocabulary) -> Iterator[Breach]:
    """One breach for every protected value that lets something out; ``gives``: whether permits here are a basis."""
    asked = {each.attribute for column in mine for each in column.conditions}
    for name in sorted(asked & vocabulary.applicable(*ends[2:])):
        for protected in vocabulary.attributes[name].protected:
            yield from _on(mine, gives, name, protected, ends, vocabulary)


def _on(
    mine: list[Column], gives: bool, name: str, protected: str, ends: Ends, vocabulary: Vocabulary
) -> Iterator[Breach]:
    search = Search(mine, ends, vocabulary, last=name)
    table, outcome = search.last, _Outcome(mine, gives)
    if table is None:
        return
    asking = mask(mine, lambda column: any(each.attribute == name for each in column.conditions))

    def goal(alive: int) -> tuple[Choice, Choice] | None:
        for without, with_it in pairs(table, protected, alive):
            if outcome.wider(with_it[1], without[1]):
                return without, with_it
        return None

    path = search.path(lambda alive: bool(alive & asking), goal)
    if path is None:
        return
    values, _, (without, with_it) = path
    column = mine[next(bits(without[1] ^ with_it[1]))]
    yield Breach(
        how="profiles", law=column.law.ref, clause=column.clause.id, against=f"{name}: {protected}",
        example=search.request({**values, name: with_it[0]}, with_it[1]),
        without=search.request({**values, name: without[0]}, without[1]),
    )  # fmt: skip


Terms = tuple[dict[str, str] | None, dict[str, str], dict[str, Any]]
"""The fields that a basis names (None: any basis), the levels that are asked, and the obligations."""


class _Outcome:
    """What is let out when exactly these columns match; where the law gives no basis, any basis is assumed."""

    def __init__(self, columns: list[Column], gives: bool) -> None:
        self._columns, self._gives = columns, gives
        self._permits = mask(columns, lambda each: each.clause.effect == "permit")
        self._forbids = mask(columns, lambda each: each.clause.effect == "forbid")
        self._duties = mask(columns, lambda each: each.clause.effect == "duty")

    def wider(self, one: int, other: int) -> bool:
        """Whether ``one`` lets something out that ``other`` does not."""
        if one == other or one & self._forbids:
            return False
        ours = [self._terms(basis, one) for basis in self._bases(one)]
        theirs = [] if other & self._forbids else [self._terms(basis, other) for basis in self._bases(other)]
        return any(not any(_narrows(each, than) for than in theirs) for each in ours)

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
