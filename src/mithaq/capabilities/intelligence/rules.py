"""The rules of alerts, as pure functions: measures and their substitutes, categories, reviews, states.

The model for measures is Regulation (EU) 2018/1862, art. 24, 26, 32, 34 and 36 to 38, known from summaries (secondary):
it binds neither state. The rule that is taken from it: where the law of whoever finds somebody does not permit what the
origin asks, the next milder measure that it permits takes its place, and nothing stronger ever does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from mithaq.errors import Invalid
from mithaq.kernel.clock import after, is_instant, read_instant
from mithaq.kernel.law.decision import Basis

CHAIN = ("specific_check", "inquiry", "discreet", "inform")
"""From the strongest to the mildest of the checks (art. 36 and 37: search, questions, observation)."""

SUBSTITUTES: dict[str, tuple[str, ...]] = {
    "specific_check": CHAIN,
    "inquiry": CHAIN[1:],
    "discreet": CHAIN[2:],
    "arrest": ("arrest", "locate", "inform"),  # art. 24 and 25: with a flag, the whereabouts are told instead
    "protect": ("protect", "locate", "inform"),  # art. 32: missing and vulnerable persons
    "seize": ("seize", "locate", "inform"),  # art. 38: objects as evidence
    "refuse_entry": ("refuse_entry", "inform"),
    "locate": ("locate", "inform"),  # art. 34: to assist with a judicial procedure
    "inform": ("inform",),
}
"""For each measure, what may be done in its place, in the order in which it is tried: itself first."""

ADVERSE = frozenset({"specific_check", "inquiry", "discreet", "seize", "refuse_entry", "arrest"})
"""What bears hard on somebody: it is asked for with grounds, or not at all."""

SECOND = frozenset({"arrest", "refuse_entry"})
"""What is asked about a person only with a second person's agreement."""

OF_CATEGORY: dict[str, frozenset[str]] = {
    "arrest": frozenset({"arrest", "locate"}),
    "missing": frozenset({"protect", "locate", "inform"}),
    "judicial": frozenset({"locate", "inform"}),
    "check": frozenset(CHAIN),
    "refuse_entry": frozenset({"refuse_entry", "inform"}),
    "seize": frozenset({"seize", "locate", "inform"}),
    "inform": frozenset({"inform"}),
}
"""The measures that an alert of each category may ask for."""

ONLY_PERSONS = frozenset({"arrest", "refuse_entry", "protect"})
ONLY_THINGS = frozenset({"seize"})

REVIEWED_AFTER: dict[str, str] = {
    "person": "P1Y", "organisation": "P1Y", "vehicle": "P3Y", "document": "P3Y", "vessel": "P3Y", "goods": "P3Y",
}  # fmt: skip
CHECK_REVIEWED_AFTER = "P1Y"
"""An alert that asks for checks is looked at anew after a year, whatever it is about (art. 53 and 54)."""

State = Literal["active", "expired", "ended", "recalled"]


class Allowed(Struct, frozen=True):
    """What our own law lets be done on a hit, *once a person has confirmed the match*, and by which clause.

    ``passed_over`` are the measures that were asked for, or would have come before, and are not permitted here.
    """

    requested: str
    allowed: str | None
    basis: Basis | None
    passed_over: tuple[str, ...] = ()


def substituted(requested: str, permits: Callable[[str], Basis | None]) -> Allowed:
    """The first measure of the chain that the law permits; none where it permits not even the mildest."""
    passed: list[str] = []
    for measure in SUBSTITUTES[requested]:
        basis = permits(measure)
        if basis is not None:
            return Allowed(requested, measure, basis, tuple(passed))
        passed.append(measure)
    return Allowed(requested, None, None, tuple(passed))


def check_measure(sort: str, body: Mapping[str, Any]) -> None:
    """Refuse a measure that the category or the sort of alert does not know, or that bears hard and has no grounds."""
    measure, category = body.get("measure"), body.get("category")
    if measure is None:
        return
    if category is not None and measure not in OF_CATEGORY[category]:
        known = ", ".join(sorted(OF_CATEGORY[category]))
        raise Invalid("measure", f"{measure} is no measure of the category {category}", where="$.measure", hint=known)
    if measure in (ONLY_THINGS if sort == "person" else ONLY_PERSONS):
        raise Invalid("measure", f"{measure} cannot be asked about a {sort}", where="$.measure")
    if measure in ADVERSE and not body.get("grounds"):
        hint = "say why it is needed and in proportion"
        raise Invalid("grounds", f"{measure} is asked for with grounds, or not at all", where="$.grounds", hint=hint)


def review_by(sort: str, category: str | None, made: datetime) -> datetime:
    """When an alert of this sort and category is to be looked at anew at the latest."""
    return after(made, CHECK_REVIEWED_AFTER if category == "check" else REVIEWED_AFTER[sort])


def check_clocks(sort: str, body: Mapping[str, Any], made: datetime) -> None:
    """Refuse a review that comes later than it must, and an alert that has expired before it begins."""
    latest = review_by(sort, body.get("category"), made)
    if (given := body.get("review_by")) is not None and read_instant(given) > latest:
        raise Invalid("review", "it is to be looked at anew sooner", where="$.review_by", hint=f"by {latest:%Y-%m-%d}")
    if (given := body.get("expires")) is not None and read_instant(given) <= made:
        raise Invalid("expires", "it would have expired already", where="$.expires", hint="end it: intelligence.review")


def state_of(*, made: str, expires: object, recalled: bool, at: datetime) -> State:
    """Whether an alert still stands. One whose newest version expires at the instant at which it was made was *ended*.

    What a reader is shown in place of an instant tells them nothing of its end.
    """
    if recalled:
        return "recalled"
    if not is_instant(expires) or read_instant(str(expires)) > at:
        return "active"
    return "ended" if expires == made else "expired"
