"""Entries and what is typed into them: every sort of field there and back, each problem at its own field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from mithaq.console.entry import Entry, entries
from mithaq.console.typed import defaults, read_typed, retyped
from mithaq.kernel import canonical
from mithaq.kernel.record import Field, Sensitivity
from mithaq.kernel.values import Code, Count, FreeText, Instant, Line, PartyId


class Nested(Struct, frozen=True, forbid_unknown_fields=True):
    sort: Literal["a", "b"]
    value: Line


class Taken(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One field of every sort."""

    plate: Annotated[Line, Field("registration plate", Sensitivity.PERSONAL)]
    reason: Literal["stolen", "lost"]
    to: PartyId
    time: Instant | None = None
    count: Count | None = None
    text: FreeText | None = None
    flash: bool = False
    blank: bool | None = None
    words: tuple[Code, ...] = ()
    several: tuple[Literal["x", "y"], ...] = ()
    nested: tuple[Nested, ...] = ()
    limit: int = 50
    told: Annotated[Line | None, Meta(description="what they may read")] = None


MADE = entries(Taken, parties=("JO", "SA"))
BY_NAME = {each.name: each for each in MADE}
TYPED = {
    "plate": [" 12-3 "], "reason": ["lost"], "to": ["SA"], "time": ["2026-11-20T04:10:33Z"], "count": ["3"],
    "text": ["one\ntwo "], "flash": ["on"], "blank": ["false"], "words": ["a\n\n b \n"], "several": ["x", "y"],
    "nested": ['[{"sort": "a", "value": "v"}]'], "limit": ["7"], "told": ["so"],
}  # fmt: skip
GIVEN = {
    "plate": "12-3", "reason": "lost", "to": "SA", "time": "2026-11-20T04:10:33Z", "count": 3, "text": "one\ntwo ",
    "flash": True, "blank": False, "words": ["a", "b"], "several": ["x", "y"],
    "nested": [{"sort": "a", "value": "v"}], "limit": 7, "told": "so",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sort", "required"),
    [
        ("plate", "line", True), ("reason", "choice", True), ("to", "choice", True), ("time", "instant", False),
        ("count", "number", False), ("text", "long", False), ("flash", "tick", False), ("blank", "choice", False),
        ("words", "lines", False), ("several", "several", False), ("nested", "json", False), ("limit", "number", False),
    ],
)  # fmt: skip
def test_a_field_is_filled_in_as_its_type_says(name: str, sort: str, required: bool) -> None:
    assert (BY_NAME[name].sort, BY_NAME[name].required) == (sort, required)


def test_a_field_is_called_what_its_declaration_means() -> None:
    assert BY_NAME["plate"].label == "registration plate"
    assert BY_NAME["told"].label == "what they may read"
    assert BY_NAME["several"].label == "several"
    assert list(BY_NAME["to"].options) == ["JO", "SA"]


def test_what_is_typed_is_what_the_command_takes() -> None:
    read = read_typed(MADE, TYPED)
    assert not read.problems
    assert read.given == GIVEN
    assert canonical.fit(read.given, Taken).nested == (Nested("a", "v"),)


def test_what_was_given_is_typed_again_as_it_was() -> None:
    again = read_typed(MADE, retyped(MADE, GIVEN))
    assert not again.problems
    assert again.given == GIVEN


def test_an_empty_form_holds_the_defaults_and_says_what_it_needs() -> None:
    assert defaults(MADE) == {"limit": ["50"]}
    read = read_typed(MADE, {})
    assert {name for name, problem in read.problems.items() if problem.is_missing} == {"plate", "reason", "to"}
    assert read.given == {"flash": False}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", "x"), ("to", "Saudi"), ("time", "20.11.2026"), ("time", "2026-11-20T04:10:33"), ("count", "three"),
        ("count", "0"), ("count", "9" * 40), ("text", "x" * 20_001), ("blank", "perhaps"), ("words", "a\nB C"),
        ("several", "z"), ("nested", "{"), ("nested", '[{"sort": "c", "value": "v"}]'), ("nested", "[1.5]"),
        ("nested", "[" * 5000), ("limit", "-"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_a_problem_of_its_own_field_alone(name: str, value: str) -> None:
    read = read_typed(MADE, {**TYPED, name: [value]})
    assert set(read.problems) == {name}
    assert {**read.given, name: GIVEN[name]} == GIVEN


def test_a_problem_below_a_field_says_where() -> None:
    problem = read_typed(MADE, {**TYPED, "nested": ['[{"sort": "c", "value": "v"}]']}).problems["nested"]
    assert problem.place == "[0].sort"


def test_every_entry_is_of_a_sort_that_is_drawn() -> None:
    entry: Any = Entry(name="x", label="x", sort="line", type=str)
    assert read_typed((entry,), {"x": ["y"]}).given == {"x": "y"}
