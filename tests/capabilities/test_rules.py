"""The rules of alerts: measures and their substitutes, grounds, clocks, states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from mithaq.capabilities.intelligence import rules, words
from mithaq.errors import Invalid
from mithaq.kernel.clock import write_instant
from mithaq.kernel.law.decision import Basis

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BASIS = Basis("law-JO/1", "6", "sha256:" + "0" * 64)
SEVERITY = ("inform", "locate", "discreet", "inquiry", "specific_check", "protect", "seize", "refuse_entry", "arrest")
"""From the mildest to the strongest, for this test only."""


def permits(*measures: str) -> Any:
    return lambda measure: BASIS if measure in measures else None


@pytest.mark.parametrize(
    ("permitted", "allowed", "passed_over"),
    [
        (("specific_check", "inquiry", "discreet", "inform"), "specific_check", ()),
        (("inquiry", "discreet", "inform"), "inquiry", ("specific_check",)),
        (("discreet", "inform"), "discreet", ("specific_check", "inquiry")),
        (("inform",), "inform", ("specific_check", "inquiry", "discreet")),
        (("arrest", "locate"), None, ("specific_check", "inquiry", "discreet", "inform")),
    ],
)
def test_a_specific_check_gives_way_to_the_next_milder_check(
    permitted: tuple[str, ...], allowed: str | None, passed_over: tuple[str, ...]
) -> None:
    found = rules.substituted("specific_check", permits(*permitted))
    assert (found.requested, found.allowed, found.passed_over) == ("specific_check", allowed, passed_over)
    assert (found.basis is None) == (allowed is None)


def test_an_arrest_gives_way_to_telling_where_somebody_is() -> None:
    assert rules.substituted("arrest", permits("locate", "inform", "seize")).allowed == "locate"


def test_no_substitute_is_ever_stronger_than_what_was_asked_for() -> None:
    assert set(rules.SUBSTITUTES) == set(get_args(words.Measure)) == set(SEVERITY)
    for asked, chain in rules.SUBSTITUTES.items():
        assert chain[0] == asked
        assert all(SEVERITY.index(each) < SEVERITY.index(asked) for each in chain[1:])


def test_every_category_knows_its_measures() -> None:
    assert set(rules.OF_CATEGORY) == set(get_args(words.Category))


@pytest.mark.parametrize("measure", sorted(rules.ADVERSE))
def test_what_bears_hard_on_somebody_is_asked_for_with_grounds(measure: str) -> None:
    sort = "vehicle" if measure == "seize" else "person"
    with pytest.raises(Invalid) as refused:
        rules.check_measure(sort, {"measure": measure})
    assert refused.value.where == "$.grounds"
    rules.check_measure(sort, {"measure": measure, "grounds": "a reason that holds"})


@pytest.mark.parametrize(
    ("sort", "body"),
    [
        ("person", {"measure": "seize", "grounds": "a reason that holds"}),
        ("vehicle", {"measure": "arrest", "grounds": "a reason that holds"}),
        ("goods", {"measure": "protect"}),
        ("person", {"measure": "arrest", "category": "missing", "grounds": "a reason that holds"}),
        ("person", {"measure": "specific_check", "category": "judicial", "grounds": "a reason that holds"}),
    ],
)
def test_a_measure_that_does_not_fit_is_refused(sort: str, body: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_measure(sort, body)
    assert refused.value.where == "$.measure"


@pytest.mark.parametrize(
    ("sort", "category", "days"),
    [("person", None, 365), ("person", "arrest", 365), ("vehicle", None, 1095), ("vehicle", "check", 365),
     ("document", "seize", 1095), ("organisation", None, 365)],
)  # fmt: skip
def test_an_alert_is_reviewed_after_a_year_or_three(sort: str, category: str | None, days: int) -> None:
    assert rules.review_by(sort, category, NOW) == NOW + timedelta(days=days)


def test_a_review_may_be_sooner_but_not_later() -> None:
    rules.check_clocks("person", {"review_by": write_instant(NOW + timedelta(days=30))}, NOW)
    with pytest.raises(Invalid, match="sooner"):
        rules.check_clocks("person", {"review_by": write_instant(NOW + timedelta(days=366))}, NOW)


def test_what_has_expired_already_is_not_raised() -> None:
    with pytest.raises(Invalid, match="expired already"):
        rules.check_clocks("person", {"expires": write_instant(NOW)}, NOW)


@pytest.mark.parametrize(
    ("expires", "recalled", "state"),
    [(None, False, "active"), (1, False, "active"), (-1, False, "expired"), (-2, False, "ended"),
     (None, True, "recalled"), (1, True, "recalled")],
)  # fmt: skip
def test_an_alert_stands_until_it_expires_or_is_ended_or_recalled(
    expires: int | None, recalled: bool, state: str
) -> None:
    made = write_instant(NOW - timedelta(hours=2))
    when = write_instant(NOW + timedelta(hours=expires)) if expires is not None else None
    assert rules.state_of(made=made, expires=when, recalled=recalled, at=NOW) == state
