"""Decision diagrams: whether any request at all leads to columns of which something is true, and one that does.

The search branches on one attribute after another (``choices``), carries the columns that are still possible, and never
visits the same columns at the same attribute twice. Where it ends, the request is checked with ``match.matches``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mithaq.kernel.clock import read_instant
from mithaq.kernel.law.choices import Choice, Somewhere, choices
from mithaq.kernel.law.index import Column, Table
from mithaq.kernel.law.match import matches
from mithaq.kernel.law.request import UNKNOWN, Request
from mithaq.kernel.law.vocabulary import Vocabulary

Ends = tuple[str, str, str, str]
"""Sender, receiver, act and Kind."""
Found = dict[str, Any]
"""The values chosen on the way, by attribute."""

STEPS = 200_000
"""Steps of one search. Clauses so entangled that this is not enough are not proved, so the law is refused."""


class Entangled(Exception):
    """The search did not end in ``STEPS``."""


class Search:
    """The decision diagram of some columns: a path to a leaf where ``goal`` holds, or none.

    Every attribute that the columns ask for must be one that this act on this Kind can have.
    """

    def __init__(self, columns: list[Column], ends: Ends, vocabulary: Vocabulary, last: str | None = None) -> None:
        self.columns, self.ends, self.vocabulary = columns, ends, vocabulary
        names = sorted({each.attribute for column in columns for each in column.conditions})
        tables = {name: Table(name, columns, vocabulary) for name in names}
        self.last = tables.pop(last, None) if last is not None else None
        self.tables = sorted(tables.values(), key=lambda table: len(table.asking), reverse=True)
        self._choices: dict[tuple[str, int], list[Choice]] = {}

    def choices(self, table: Table, alive: int) -> list[Choice]:
        """``choices`` of the table, which depend on none of the columns ``alive`` but those that ask."""
        at = (table.name, alive & ~table.free)
        found = self._choices.get(at)
        if found is None:
            found = self._choices[at] = choices(table, at[1])
        return found

    def path(self, hopeful: Callable[[int], bool], goal: Callable[[int], Any]) -> tuple[Found, int, Any] | None:
        """Values that lead to columns for which ``goal`` has an answer, those columns, and the answer.

        ``hopeful`` must be true of every mask that contains one with an answer: where it is not, nobody looks further.
        Raises Entangled.
        """
        dead: set[tuple[int, int]] = set()

        def visit(depth: int, alive: int) -> tuple[Found, int, Any] | None:
            if (depth, alive) in dead or not hopeful(alive):
                return None
            if len(dead) > STEPS:
                raise Entangled
            if depth == len(self.tables):
                answer = goal(alive)
                if answer is not None:
                    return {}, alive, answer
            else:
                table = self.tables[depth]
                for value, kept in self.choices(table, alive):
                    found = visit(depth + 1, alive & kept)
                    if found is not None:
                        found[0][table.name] = value
                        return found
            dead.add((depth, alive))
            return None

        return visit(0, (1 << len(self.columns)) - 1)

    def request(self, found: Found, alive: int) -> Request | None:
        """The request with these values, once the reference says of every clause what the columns say."""
        if any(isinstance(value, Somewhere) for value in found.values()):
            return None
        sender, receiver, act, kind = self.ends
        given = {name: value for name, value in found.items() if value is not UNKNOWN}
        instant, unsure = given.pop("instant", None), found.get("instant") is UNKNOWN
        made = Request(
            act=act, sender=sender, receiver=receiver, kind=kind, clock_sure=not unsure,
            instant=read_instant(instant) if instant else max(each.law.in_force.start for each in self.columns),
            purpose=given.pop("purpose", "other" if found.get("purpose") is UNKNOWN else self.vocabulary.purposes[0]),
            origin=given.pop("origin", None), exercise=given.pop("exercise", False),
            caveats=given.pop("caveats", ("other",) if found.get("caveats") is UNKNOWN else ()), attributes=given,
        )  # fmt: skip
        self._confirm(made, alive)
        return made

    def _confirm(self, request: Request, alive: int) -> None:
        matching = {(each.law.ref, each.clause.id) for i, each in enumerate(self.columns) if alive >> i & 1}
        for each in self.columns:
            found = (each.law.ref, each.clause.id) in matching
            if not found and len(each.clause.any) > 1:
                continue  # another group of the same clause may hold and is not among our columns
            if found != matches(each.clause, each.law, request, self.vocabulary):
                raise AssertionError(f"the prover and the reference disagree on {each.law.ref} {each.clause.id}")


class Together:
    """Which columns one request can match at once, as far as two of them tell. Remembers every answer."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known: dict[tuple[int, ...], bool] = {}

    def can(self, *columns: Column) -> bool:
        """Whether every two of these columns can match one request. The columns must outlive this object's answers."""
        return all(
            self._can((one, other))
            for i, one in enumerate(columns) for other in columns[i:]
        )  # fmt: skip

    def _can(self, pair: tuple[Column, Column]) -> bool:
        key = (id(pair[0]), id(pair[1]))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = all(self._agree(name, pair) for name in self._shared(*pair))
        return found

    def _shared(self, one: Column, other: Column) -> set[str]:
        return {each.attribute for each in one.conditions} & {each.attribute for each in other.conditions}

    def _agree(self, name: str, pair: Sequence[Column]) -> bool:
        table = Table(name, pair, self._vocabulary)
        return any(mask & 0b11 == 0b11 for _, mask in choices(table, 0b11))
