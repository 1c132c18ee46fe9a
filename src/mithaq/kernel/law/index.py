"""The index: clauses as columns of bits, so that one look-up per attribute answers for all of them at once.

A *column* is one clause whose conditions all must hold; a clause with ``any`` has a column for each group. For every
attribute, a ``Table`` gives the mask of the columns that a value does not exclude. The AND of those masks is the set of
columns that match, and its bits *are* the explanation. What a mask means is never decided here: each is computed once
with ``match.holds``, for a value or for all values between two cut points, and kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from mithaq.errors import Malformed
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.law.clause import Clause, Constraint
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.match import holds
from mithaq.kernel.law.request import well_formed
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.law.window import read_window

KEPT = 65_536  # values remembered per attribute: places and texts are an open set
CLASSES: dict[str, type] = {
    "enum": str, "party": str, "text": str, "place": str, "instant": str, "bool": bool, "int": int, "set": tuple,
}  # fmt: skip
_SECOND = timedelta(seconds=1)


class Column(Struct, frozen=True):
    """One clause of a law with the conditions that must all hold: ``when``, and one group of ``any`` if it has any."""

    law: Law
    clause: Clause
    conditions: tuple[Constraint, ...]


def columns(laws: Iterable[Law], sender: str, receiver: str, act: str, kind: str) -> list[Column]:
    """The columns of all clauses that speak of this act on this Kind in this direction, in declared order."""
    return [
        Column(law, clause, (*clause.when, *group))
        for law in laws
        for clause in law.clauses
        if clause.covers(sender, receiver, act, kind)
        for group in clause.any or ((),)
    ]


def mask(columns: Sequence[Column], chosen: Callable[[Column], bool]) -> int:
    """The mask of the columns for which this is so."""
    return sum(1 << i for i, column in enumerate(columns) if chosen(column))


def masks_of_laws(laws: Iterable[Law], columns: Sequence[Column]) -> dict[str, int]:
    """The mask of each law's columns, by its ref."""
    found = {law.ref: 0 for law in laws}
    for i, column in enumerate(columns):
        found[column.law.ref] |= 1 << i
    return found


def clauses(found: int, columns: Sequence[Column]) -> Iterator[int]:
    """The first column of each clause in the mask: columns of one clause stand together, in declared order."""
    last = None
    for i in bits(found):
        if columns[i].clause is not last:
            last = columns[i].clause
            yield i


def bits(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class Table:
    """One attribute over these columns: value -> mask of the columns that the value does not exclude.

    ``dark`` is the mask for an unknown value (permits that ask are excluded, forbids and duties are not), ``free`` the
    columns that do not ask for the attribute at all: the mask for an inapplicable one. All masks also have the bits of
    ``flags``, which lie above the columns; only that for an unknown value lacks ``own``, this table's.
    """

    def __init__(
        self, name: str, columns: Sequence[Column], vocabulary: Vocabulary, flags: int = 0, own: int = 0
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self.sort = vocabulary.attributes[name].type
        self.asking = [
            (1 << i, column.law, column.clause.effect != "permit", conditions)
            for i, column in enumerate(columns)
            if (conditions := [each for each in column.conditions if each.attribute == name])
        ]
        asked = sum(bit for bit, *_ in self.asking)
        self.free = ((1 << len(columns)) - 1) & ~asked | flags
        self.dark = (self.free | sum(bit for bit, _, open, _ in self.asking if open)) & ~own
        self.known: dict[Any, int] = _Known(self)
        self.cuts: list[Any] = []
        self.minutes: list[int] = []
        if self.sort in ("int", "instant"):
            self._cut()
        self.grid: list[list[int | None]] = [[None] * (len(self.minutes) + 1) for _ in range(len(self.cuts) + 1)]

    def mask(self, value: Any) -> int | None:
        """The mask for a value of the attribute; None where the value is not one that the Vocabulary allows."""
        if self.sort == "instant":
            return self.mask_of_text(value)
        if isinstance(value, list):
            value = tuple(value)
        if not well_formed(self.name, value, self.vocabulary):
            return None
        if len(self.known) >= KEPT:
            self.known.clear()
            self.known[None] = self.dark
        found = self.known.get(value)
        if found is None:
            found = self.known[value] = self._between(value, value) if self.sort == "int" else self._evaluate(value)
        return found

    def mask_at(self, instant: datetime) -> int:
        """The mask for an instant, found by its place between the cut points and among the minutes of the day."""
        row = self.grid[bisect_right(self.cuts, instant)]
        at = bisect_right(self.minutes, instant.hour * 60 + instant.minute) if self.minutes else 0
        found = row[at]
        return found if found is not None else self._between(instant, write_instant(instant))

    def _between(self, value: Any, written: int | str) -> int:
        """The mask of all values between the same cut points as this one."""
        row = self.grid[bisect_right(self.cuts, value)]
        at = bisect_right(self.minutes, value.hour * 60 + value.minute) if self.minutes else 0
        found = row[at]
        if found is None:
            found = row[at] = self._evaluate(written)
        return found

    def mask_of_text(self, value: Any) -> int | None:
        """The mask for an instant as text; that of an unknown one where there is none."""
        if value is None:
            return self.dark
        try:
            return self.mask_at(read_instant(value)) if isinstance(value, str) else None
        except Malformed:
            return None

    def samples(self) -> list[Any]:
        """Values that between them have every mask a known value can have. Sets and places are the prover's own."""
        if self.sort == "int":
            return [min(self.cuts, default=0) - 1, *self.cuts]
        if self.sort == "instant":
            return [write_instant(each) for each in self._instants()]
        if self.sort == "bool":
            return [False, True]
        if self.sort == "enum":
            return list(self.vocabulary.values(self.name))
        return [*self._named(), _unnamed(self.sort, set(self._named()))]

    def _evaluate(self, value: Any) -> int:
        found = self.free
        for bit, law, open, conditions in self.asking:
            if all(holds(each, value, law.areas, unknown=open) for each in conditions):
                found |= bit
        return found

    def _cut(self) -> None:
        cuts: set[Any] = set()
        minutes: set[int] = set()
        read: Callable[[Any], Any] = read_instant if self.sort == "instant" else int
        step: Any = _SECOND if self.sort == "instant" else 1
        for condition in self._conditions():
            if condition.operator == "during":
                window = read_window(str(condition.value))
                absolute = window.start is not None
                cuts.update((window.start, window.end) if absolute else ())
                minutes.update(() if absolute else (window.opens, window.closes))
            else:
                value = read(condition.value)
                cuts.update((value,) if condition.operator in ("lt", "ge") else (value + step,))
                if condition.operator == "eq":
                    cuts.add(value)
        self.cuts, self.minutes = sorted(cuts), sorted(minutes)

    def _instants(self) -> Iterator[datetime]:
        """The start of every stretch of time in which no answer changes."""
        start = min(self.cuts, default=read_instant("2027-01-01T00:00:00Z")) - timedelta(days=2)
        for cut in (start, *self.cuts):
            yield cut
            for minute in self.minutes:
                away = (minute - cut.hour * 60 - cut.minute) % (24 * 60)
                yield cut.replace(second=0) + timedelta(minutes=away) if away else cut

    def _conditions(self) -> Iterator[Constraint]:
        for *_, conditions in self.asking:
            yield from conditions

    def _named(self) -> list[str]:
        """The values that conditions name, in order of first mention."""
        found: dict[str, None] = {}
        for condition in self._conditions():
            values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            found.update((str(value), None) for value in values)
        return list(found)


class _Known(dict[Any, int]):
    """Value -> mask, learnt when first asked; KeyError for a value that the Vocabulary does not allow."""

    def __init__(self, table: Table) -> None:
        super().__init__({None: table.dark})
        self._table = table

    def __missing__(self, value: Any) -> int:
        found = self._table.mask(value)
        if found is None:
            raise KeyError(value)
        return found


def _unnamed(sort: str, named: set[str]) -> str:
    """A value of an open sort that no condition names."""
    letters = "ZYXWVUTSRQPONMLKJIHGFEDCBA"
    parties = (a + b for a in letters for b in letters)
    texts = (f"other {n}" for n in range(len(named) + 1))
    return next(each for each in (parties if sort == "party" else texts) if each not in named)
