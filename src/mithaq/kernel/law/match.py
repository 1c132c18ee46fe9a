"""Matching: whether a clause speaks of a request. The one place where *unknown* and *inapplicable* are given meaning.

attribute is     a permit's condition    a forbid's or duty's condition
known            decided                 decided
unknown          does not hold           holds
inapplicable     does not hold           does not hold
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mithaq.kernel.clock import read_instant
from mithaq.kernel.law.area import Area
from mithaq.kernel.law.clause import Clause, Constraint
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.request import INAPPLICABLE, UNKNOWN, Cell, Request, value
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.law.window import read_window

Test = Callable[[Any, Any], bool]

_TESTS: dict[str, Test] = {
    "eq": lambda x, asked: bool(x == asked),
    "in": lambda x, asked: x in asked,
    "notin": lambda x, asked: x not in asked,
    "lt": lambda x, asked: bool(x < asked),
    "le": lambda x, asked: bool(x <= asked),
    "gt": lambda x, asked: bool(x > asked),
    "ge": lambda x, asked: bool(x >= asked),
    "anyof": lambda x, asked: not set(x).isdisjoint(asked),
    "allof": lambda x, asked: set(x) >= set(asked),
    "noneof": lambda x, asked: set(x).isdisjoint(asked),
    "during": lambda x, asked: read_window(asked).holds(read_instant(x)),
}  # instants are compared as text: their one spelling sorts by time


def holds(constraint: Constraint, given: Any, areas: dict[str, Area], *, unknown: bool) -> bool:
    """Whether a condition holds of a value; ``unknown`` is the answer where the value is not known."""
    if given is INAPPLICABLE:
        return False
    if given is UNKNOWN:
        return unknown
    if constraint.operator == "within":
        return _within(given, str(constraint.value), areas, unknown)
    return _TESTS[constraint.operator](given, constraint.value)


def _within(place: Any, name: str, areas: dict[str, Area], unknown: bool) -> bool:
    if isinstance(place, Cell):
        return place.cell == name or unknown
    try:
        return areas[name].holds(place)
    except ValueError:  # not a place on the globe
        return unknown


def matches(clause: Clause, law: Law, request: Request, vocabulary: Vocabulary) -> bool:
    """Whether the clause speaks of this request: its direction, act and Kind, all of ``when``, one group of ``any``."""
    if not clause.covers(request.sender, request.receiver, request.act, request.kind or ""):
        return False
    return conditions(clause, law, request, vocabulary, unknown=clause.effect != "permit")


def conditions(clause: Clause, law: Law, request: Request, vocabulary: Vocabulary, *, unknown: bool) -> bool:
    """Whether the conditions of the clause hold; ``unknown`` is the answer for those on what is not known."""

    def holds_all(constraints: tuple[Constraint, ...]) -> bool:
        return all(
            holds(each, value(request, each.attribute, vocabulary), law.areas, unknown=unknown) for each in constraints
        )

    return holds_all(clause.when) and (not clause.any or any(map(holds_all, clause.any)))


def failing(clause: Clause, law: Law, request: Request, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The attributes on which a permit fails: of ``when`` and that group of ``any`` with which they are fewest."""

    def missed(constraints: tuple[Constraint, ...]) -> set[str]:
        return {
            each.attribute
            for each in constraints
            if not holds(each, value(request, each.attribute, vocabulary), law.areas, unknown=False)
        }

    always = missed(clause.when)
    ways = [tuple(sorted(always | missed(group))) for group in clause.any] or [tuple(sorted(always))]
    return min(ways, key=lambda names: (len(names), names))


def asked(clause: Clause) -> Iterator[str]:
    """The attributes that the conditions of a clause name."""
    for constraint in clause.when:
        yield constraint.attribute
    for group in clause.any:
        for constraint in group:
            yield constraint.attribute
