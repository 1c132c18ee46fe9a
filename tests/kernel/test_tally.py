"""Tallies: counted in the transaction of what is counted, never by person, and with times that are true to a class."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.adapters.store.sql import open_store
from mithaq.kernel import tally
from mithaq.kernel.tally import CLASSES, Cell, Count, count, quantile, tallies, together

AT = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


def test_what_is_counted_is_found_by_its_day() -> None:
    store = open_store(":memory:")

    def job(tx: object) -> None:
        for days in (-1, 0, 0, 1):
            count(tx, "read", AT + timedelta(days=days), post="JO/PSD", seconds=7)  # type: ignore[arg-type]
        count(tx, "read", AT, exercise=True)  # type: ignore[arg-type]

    store.write(job).result()
    with store.read() as tx:
        found = dict(tallies(tx, date(2026, 11, 20), date(2026, 11, 20)))
        assert found == {
            Cell("2026-11-20", "read", "JO/PSD", "", 12): Count(2, {3: 2}),
            Cell("2026-11-20", "read", hour=12, exercise=True): Count(1),
        }
        assert together(each for _, each in tallies(tx, date(2026, 11, 1), date(2026, 11, 30))).count == 5
    store.close()


def test_a_job_that_is_undone_counts_nothing() -> None:
    store = open_store(":memory:")

    def job(tx: object) -> None:
        count(tx, "read", AT)  # type: ignore[arg-type]
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(job).result()
    with store.read() as tx:
        assert list(tallies(tx, AT.date(), AT.date())) == []
    store.close()


@given(st.lists(st.integers(0, CLASSES[-1]), min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_a_quantile_is_the_end_of_the_class_in_which_the_true_one_lies(times: list[int], share: float) -> None:
    took: dict[int, int] = {}
    for each in times:
        place = next(n for n, end in enumerate(CLASSES) if each <= end)
        took[place] = took.get(place, 0) + 1
    found = quantile(Count(len(times), took), share)
    within = sum(each <= (found or 0) for each in times)
    assert within >= share * len(times)
    before = [end for end in CLASSES if end < (found or 0)]
    assert not before or sum(each <= before[-1] for each in times) < share * len(times)


def test_a_script_is_told_by_letters_alone() -> None:
    assert [tally.script_of(text) for text in ("سامر", "Samer 12", "СаМ", "سامر Al", "-")] == [
        "Arab", "Latn", "", "mixed", "",
    ]  # fmt: skip
