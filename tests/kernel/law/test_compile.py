"""The compiled law says exactly what ``decide.rule`` says: on random laws, on odd values, on every stretch of time."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from benchmarks import random_law
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decide import decide, rule
from mithaq.kernel.law.request import Cell, Cited, Request
from tests.examples import examples


@examples(20)
@given(st.integers(0, 2**32), st.sampled_from([8, 40, 120]), st.sampled_from([1, 1, 2, 3]))
def test_it_agrees_with_the_reference_on_random_laws(seed: int, clauses: int, agreements: int) -> None:
    random = Random(seed)
    book = random_law.book(random, clauses, agreements)
    compiled = Compiled(book)
    for each in random_law.requests(random, book, 40, cited=0.2):
        reference = rule(each, book)
        assert compiled.rule(each) == reference
        assert compiled.rule(each) == reference  # from what it has kept
        assert compiled.rule(each, near_misses=False) == replace(reference, near_misses=())


ODD: dict[str, list[Any]] = {
    "tags": [["child"], ("child", "child"), (), ("nonsense",), "child", 1, Cell("zone-1"), (["a"],)],
    "score": [True, 10**30, -1, "7", 7.0, (7,)],
    "reviewed": [1, 0, "true", True],
    "place": [Cell("zone-2"), Cell("nowhere"), "91,0", "", "31.5,36.5", 5],
    "time": ["2027-13-01T00:00:00Z", "2027-01-01", "2027-01-01T00:00:00+00:00", "", 5, "2027-02-01T12:30:00Z"],
    "grade": ["z", "a", ["a"], True],
    "nationality": ["jo", "XX", "J1", ["JO"]],
    "route": ["", "a", 3],
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_a_value_of_the_wrong_type_is_unknown_to_both(name: str) -> None:
    random = Random(name)
    book = random_law.book(random, 120)
    compiled = Compiled(book)
    for each in random_law.requests(random, book, 60, dark=0.0):
        for value in ODD[name]:
            odd = replace(each, attributes={**each.attributes, name: value})
            assert compiled.rule(odd) == rule(odd, book), value


def test_an_unsure_clock_makes_every_window_unknown() -> None:
    random = Random(3)
    book = random_law.book(random, 120)
    compiled = Compiled(book)
    for each in random_law.requests(random, book, 300):
        unsure = replace(each, clock_sure=False)
        assert compiled.rule(unsure) == rule(unsure, book)
        assert compiled.rule(each) == rule(each, book)


def test_every_stretch_of_time_has_its_own_laws() -> None:
    random = Random(4)
    book = random_law.book(random, 40, 3)
    compiled = Compiled(book)
    for each in random_law.requests(random, book, 50):
        for days in (-3000, -1500, -700, 0, 700):
            then = replace(each, instant=each.instant + timedelta(days=days))
            assert compiled.rule(then) == rule(then, book)


def test_a_kind_nobody_declared_and_other_acts_agree_too() -> None:
    random = Random(5)
    book = random_law.book(random, 120)
    compiled = Compiled(book)
    for each in random_law.requests(random, book, 50):
        for changed in (
            replace(each, kind="other.kind/1"), replace(each, kind=None), replace(each, act="hold"),
            replace(each, sender="JO", receiver="JO", act="read"), replace(each, receiver="IQ"),
            replace(each, cited=Cited("agreement-0/1", "nothing")), replace(each, origin="IQ"),
        ):  # fmt: skip
            assert compiled.rule(changed) == rule(changed, book)


def test_a_decision_names_the_same_inputs() -> None:
    random = Random(6)
    book = random_law.book(random, 40)
    each: Request = random_law.request(random, book)
    assert Compiled(book).decide(each) == decide(each, book)
