"""Statistics: what happened, by post, script, hour and partner; and no small number gives anybody away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.capabilities.oversight.statistics import FEW, divided, kept_open
from mithaq.errors import Invalid, NotAllowed
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.tally import Cell, Count
from tests.capabilities.cases import PLACE, TIME, person
from tests.capabilities.oversight.desk import (
    ADMINISTRATOR,
    ANALYST,
    LEGAL,
    ON_DUTY,
    REASONS,
    ask,
    complain,
    do,
    look,
    raise_,
    settle,
)
from tests.worlds import World, alert


def figures(world: World, **given: Any) -> dict[tuple[str, str, str], int | None]:
    told = ask(world.jo, "statistics", **given)
    return {(each.what, each.by, each.part): each.count for each in told.figures}


def test_hits_false_hits_and_seconds_are_counted_by_script_and_partner(world: World) -> None:
    made = [raise_(world.sa, "alert-person", person(name=name)).id for name in ("سامر الخطيب", "Samer Khatib")]
    settle(world)
    for n in range(6):
        for id in made:
            given = {"about": id, "likeness": "certain" if n < 5 else "not_the_same", "place": PLACE, "time": TIME,
                     "flags": []}  # fmt: skip
            world.jo.do("intelligence.report-sighting", given, who=ON_DUTY).result()
    found = figures(world)
    assert found["hit_confirmed", "all", ""] == 10
    assert found["hit_confirmed", "partner", "SA"] == 10
    assert found["false_hit", "all", ""] is None
    text = json.dumps([list(key) for key in found])
    assert "Khatib" not in text
    assert "سامر" not in text


def test_reads_releases_glass_and_complaints_are_counted(world: World) -> None:
    ids = [raise_(world.jo, "alert-vehicle", alert(plate=f"10-{n:05}")).id for n in range(6)]
    for n in range(5):
        raise_(world.jo, "alert-vehicle", alert(plate=f"20-{n:05}", purpose="domestic_inquiry"))
        barred = person(name=f"A B{n}", measure="refuse_entry", category="refuse_entry")
        world.jo.do("intelligence.alert-person", barred, who=ANALYST, glass="nobody is on duty tonight").result()
        made = complain(world.jo)
        world.clock_on(60)
        do(world.jo, "close", id=made.id, outcome="nothing_held", reasons=REASONS)
    for id in ids:
        look(world.jo, id, ANALYST)
    settle(world)
    world.clock_on(2 * 86_400)
    world.step()
    found = figures(world)
    assert found["read", "all", ""] == 6
    assert found["withheld", "partner", "SA"] is not None
    assert (found["glass_broken", "all", ""], found["glass_reviewed_late", "all", ""]) == (5, 5)
    assert (found["complaint_correction", "all", ""], found["closed_nothing_held", "all", ""]) == (5, 5)
    closed = next(each for each in ask(world.jo, "statistics").figures if each.what == "closed_nothing_held")
    assert (closed.median, closed.p90) == (60, 60)
    assert figures(world, exercise=True) == {}
    assert figures(world, since="2020-01-01", until="2020-02-01") == {}


def test_figures_are_for_oversight_and_an_odd_period_is_refused(world: World) -> None:
    for who in (ANALYST, ADMINISTRATOR, LEGAL):
        with pytest.raises(NotAllowed):
            ask(world.jo, "statistics", who)
    assert ask(world.jo, "statistics", HOME).fewer_than == FEW
    odd: list[dict[str, Any]] = [
        {"since": "2026-13-01"}, {"since": "2026-11-20", "until": "2026-11-19"}, {"since": "2001-01-01"},
    ]  # fmt: skip
    for period in odd:
        with pytest.raises(Invalid):
            ask(world.jo, "statistics", **period)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 12), min_size=1))
def test_no_small_count_is_told_or_follows_from_the_total(counts: dict[str, int]) -> None:
    shown = kept_open(counts)
    assert all(counts[part] >= FEW for part in shown)
    hidden = counts.keys() - shown
    if hidden:
        assert len(hidden) > 1 or len(counts) == 1
        assert sum(counts[part] for part in hidden) >= FEW or not shown


@given(st.lists(st.tuples(st.sampled_from(["JO/PSD", "JO/CUSTOMS", ""]), st.integers(0, 23), st.integers(1, 3))))
def test_a_figure_that_is_told_is_never_below_five(events: list[tuple[str, int, int]]) -> None:
    found = [(Cell("2026-11-20", "read", post, hour=hour), Count(n)) for post, hour, n in events]
    for figure in divided("read", found):
        assert figure.count is None or figure.count >= FEW
