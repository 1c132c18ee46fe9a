"""How often each caller may do what is dear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mithaq.api import rate
from mithaq.api.rate import Buckets
from mithaq.kernel.clock import ManualClock

CLOCK = datetime(2026, 11, 20, tzinfo=UTC)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=60))
def test_nobody_takes_more_than_a_burst_and_what_has_come_since(tries: list[tuple[str, int]]) -> None:
    clock = ManualClock(CLOCK)
    buckets = Buckets(3, 10, clock.monotonic)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for caller, pause in tries:
        clock.advance(timedelta(seconds=pause))
        wait = buckets.take(caller)
        if wait == 0:
            taken[caller].append(clock.monotonic())
        assert 0 <= wait <= 10
    for times in taken.values():
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= 3 + (times[last] - times[first]) / 10


def test_who_waits_as_long_as_told_may_again() -> None:
    clock = ManualClock(CLOCK)
    buckets = Buckets(2, 10, clock.monotonic)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 10]
    assert buckets.take("b") == 0
    clock.advance(timedelta(seconds=10))
    assert [buckets.take("a") for _ in range(2)] == [0, 10]


def test_callers_are_forgotten_when_their_buckets_are_full_or_when_there_are_too_many() -> None:
    clock = ManualClock(CLOCK)
    buckets = Buckets(2, 10, clock.monotonic)
    for number in range(rate.MAX_CALLERS + 5):
        buckets.take(str(number))
    assert len(buckets._full_at) == rate.MAX_CALLERS
    clock.advance(timedelta(seconds=20))
    buckets.take("x")
    assert list(buckets._full_at) == ["x"]


def test_what_was_not_used_is_given_back() -> None:
    buckets = Buckets(1, 10, ManualClock(CLOCK).monotonic)
    for _ in range(5):
        assert buckets.take("a") == 0
        buckets.give_back("a")
    assert [buckets.take("a"), buckets.take("a")] == [0, 10]
