"""Choices: for one attribute, values that between them stand for every value there is. What the prover branches on.

Numbers and instants are cut where an answer can change, sets are built tag by tag, places by which areas they lie in;
choices that exclude the same columns are one. A place that no point was found for (inside one area, outside another)
is still a choice, unless the shapes show that there can be none: a proof covers it, an example cannot be made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from mithaq.kernel.law.area import Area
from mithaq.kernel.law.index import Table
from mithaq.kernel.law.request import UNKNOWN, Cell
from mithaq.lib import geometry

Choice = tuple[Any, int]
"""A value that stands for many, and the mask of the columns that it does not exclude, as far as they were asked for."""


class Somewhere(Struct, frozen=True):
    """A place inside these areas and no other, of which no point is known."""

    inside: tuple[str, ...]


def choices(table: Table, alive: int) -> list[Choice]:
    """Choices for an attribute that differ on the columns ``alive``; one of them is UNKNOWN."""
    found: dict[int, Choice] = {}
    for value, mask in (*_known(table, alive), (UNKNOWN, table.dark)):
        found.setdefault(mask & alive, (value, mask))
    return list(found.values())


def pairs(table: Table, protected: str, alive: int) -> Iterator[tuple[Choice, Choice]]:
    """Choices that differ in nothing but a protected value: without it, and with it."""
    if table.sort == "set":
        for tags, state in _sets(table, alive, without=protected):
            absent, present = state.absent(protected), state.present(protected)
            yield (tags, absent.mask()), ((*tags, protected), present.mask())
        return
    with_it = (protected, table.mask(protected) or 0)
    guarded = table.vocabulary.attributes[table.name].protected
    others = [value for value in table.vocabulary.values(table.name) if value not in guarded]
    for value in others:
        yield (value, table.mask(value) or 0), with_it


def _known(table: Table, alive: int) -> Iterator[Choice]:
    if table.sort == "set":
        for tags, state in _sets(table, alive):
            yield tags, state.mask()
    elif table.sort == "place":
        yield from _places(table)
    else:
        for value in table.samples():
            mask = table.mask(value)
            if mask is not None:
                yield value, mask


class Tags:
    """A set being built: the columns that its tags have excluded, and the ``anyof`` conditions that are met."""

    def __init__(self, table: Table, alive: int, out: int = 0, met: int = 0) -> None:
        self._table, self._alive, self.out, self.met = table, alive, out, met

    def present(self, tag: str) -> Tags:
        out, met = self.out, self.met
        for n, (bit, operator, values) in enumerate(_conditions(self._table)):
            if tag in values:
                out |= bit if operator == "noneof" else 0
                met |= 1 << n if operator == "anyof" else 0
        return Tags(self._table, self._alive, out & self._alive, met)

    def absent(self, tag: str) -> Tags:
        asked = (bit for bit, operator, values in _conditions(self._table) if operator == "allof" and tag in values)
        return Tags(self._table, self._alive, (self.out | _union(asked)) & self._alive, self.met)

    def mask(self) -> int:
        unmet = (
            bit for n, (bit, operator, _) in enumerate(_conditions(self._table))
            if operator == "anyof" and not self.met >> n & 1
        )  # fmt: skip
        asking = _union(bit for bit, *_ in self._table.asking)
        return (self._table.free | asking) & ~self.out & ~_union(unmet)

    def key(self) -> tuple[int, int]:
        return self.out, self.met


def _sets(table: Table, alive: int, without: str | None = None) -> list[tuple[tuple[str, ...], Tags]]:
    """One set for every different effect on the columns ``alive``, built of the tags that they ask for."""
    asked = {tag for bit, _, values in _conditions(table) if bit & alive for tag in values} - {without}
    states: dict[tuple[int, int], tuple[tuple[str, ...], Tags]] = {(0, 0): ((), Tags(table, alive))}
    for tag in (value for value in table.vocabulary.values(table.name) if value in asked):
        grown: dict[tuple[int, int], tuple[tuple[str, ...], Tags]] = {}
        for tags, state in states.values():
            for each, after in ((tags, state.absent(tag)), ((*tags, tag), state.present(tag))):
                grown.setdefault(after.key(), (each, after))
        states = grown
    return list(states.values())


def _conditions(table: Table) -> Iterator[tuple[int, str, Sequence[str]]]:
    for bit, _, _, conditions in table.asking:
        for condition in conditions:
            yield bit, condition.operator, condition.value  # type: ignore[misc]


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _places(table: Table) -> Iterator[Choice]:
    """Points, then cells, then places that may exist although no point was found."""
    areas: dict[str, Area] = {}
    for _, law, _, conditions in table.asking:
        for condition in conditions:
            areas[f"{law.ref}#{condition.value}"] = law.areas[str(condition.value)]
    seen = set()
    for point in _points(areas.values()):
        mask = table.mask(point)
        if mask is not None and mask not in seen:
            seen.add(mask)
            yield point, mask
    for name in {name.partition("#")[2] for name in areas}:
        yield Cell(name), table.mask(Cell(name)) or 0
    for inside in _insides(areas):
        mask = _mask_inside(table, inside)
        if mask not in seen:
            seen.add(mask)
            yield Somewhere(inside), mask


def _points(areas: Iterable[Area]) -> Iterator[str]:
    """Points in, on and around the areas: corners, middles of sides, the middle of all corners, and far away."""
    for area in areas:
        ring = [*area.corners, area.corners[0]] if area.ring else list(area.corners)
        middle = (sum(y for y, _ in ring) // len(ring), sum(x for _, x in ring) // len(ring))
        halves = [((a[0] + b[0]) // 2, (a[1] + b[1]) // 2) for a, b in pairwise(ring)]
        for y, x in (middle, *halves, *ring):
            yield geometry.write_point((y, x))
            step = (area.within or 0) * 7  # about 0.8 of the belt's width, in micro-degrees of latitude
            yield from (geometry.write_point((y + sign * step, x)) for sign in (1, -1) if step)
    yield "-89,0"


def _insides(areas: dict[str, Area]) -> list[tuple[str, ...]]:
    """Which areas one place could lie in at once, as far as their shapes do not rule it out."""
    found: list[tuple[str, ...]] = [()]
    for name, area in areas.items():
        found += [
            (*inside, name) for inside in found if not any(_apart(area, areas[other]) for other in inside)
        ]  # fmt: skip
    return [
        inside for inside in found
        if not any(
            _covers(areas[outer], areas[name]) for name in inside for outer in areas if outer not in inside
        )
    ]  # fmt: skip


def _apart(one: Area, other: Area) -> bool:
    (south, west, north, east), (s, w, n, e) = _box(one), _box(other)
    return north < s or n < south or east < w or e < west


def _covers(outer: Area, inner: Area) -> bool:
    same = (outer.ring, outer.line) == (inner.ring, inner.line)
    return same and (outer.within or 0) >= (inner.within or 0)


def _box(area: Area) -> tuple[int, int, int, int]:
    """South, west, north, east; a belt is taken wider than it is, so that *apart* is never said in error."""
    ys, xs = [y for y, _ in area.corners], [x for _, x in area.corners]
    reach = (area.within or 0) * 10 + 1
    scale = max(1, min(geometry.cosine(min(90_000_000, abs(y) + reach)) for y in ys))
    wide = reach * 1_000_000 // scale
    return min(ys) - reach, min(xs) - wide, max(ys) + reach, max(xs) + wide


def _mask_inside(table: Table, inside: tuple[str, ...]) -> int:
    found = table.free
    for bit, law, _, conditions in table.asking:
        if all(f"{law.ref}#{condition.value}" in inside for condition in conditions):
            found |= bit
    return found
