"""Statistics for oversight: how much, how fast, how often late. In none of them can anybody be found again.

A count of fewer than five is told as *fewer than five*. Where one such count alone could be had by taking the others
from the total, the next smallest is kept back with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from mithaq.capabilities.oversight import clocks
from mithaq.capabilities.oversight.cases import COUNTS, both
from mithaq.errors import Invalid
from mithaq.kernel import tally
from mithaq.kernel.desk import Desk
from mithaq.kernel.people import glass
from mithaq.kernel.plug import Question
from mithaq.kernel.tally import Cell, Count, together

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$", description="a day in UTC: 2026-11-20")]
FEW = 5
LONGEST = timedelta(days=366 * 5)
USUAL = timedelta(days=90)
BY: dict[str, Callable[[Cell], str]] = {
    "post": lambda cell: cell.post, "script": lambda cell: cell.script, "hour": lambda cell: f"{cell.hour:02d}",
    "partner": lambda cell: cell.partner, "month": lambda cell: cell.day[:7],
}  # fmt: skip
"""What a total is divided by; a part that is not known is left out of the division, and is in the total."""


class Period(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From one day to another, both included, in UTC; the last 90 days if nothing is said. Exercises by themselves."""

    since: Day | None = None
    until: Day | None = None
    exercise: bool = False


class Figure(Struct, frozen=True, kw_only=True):
    """One figure: what, divided by what (*all*: not at all), and which part. ``count`` is nothing for fewer than five.

    ``median`` and ``p90`` are seconds, as the upper end of a class of durations.
    """

    what: str
    by: str
    part: str
    count: int | None
    median: int | None = None
    p90: int | None = None


class Statistics(Struct, frozen=True, kw_only=True):
    """Figures of a period, for a table, a chart or a file."""

    since: str
    until: str
    fewer_than: int
    figures: tuple[Figure, ...]


def statistics(desk: Desk, given: Period) -> Statistics:
    """Every figure of the period."""
    until = _day(given.until, "$.until") if given.until else desk.at.date()
    since = _day(given.since, "$.since") if given.since else until - USUAL
    if since > until or until - since > LONGEST:
        raise Invalid("period", "the period ends before it begins, or is too long", where="$.since", hint="5 years")
    counted: dict[str, list[tuple[Cell, Count]]] = defaultdict(list)
    sources = (
        (each for each in tally.tallies(desk.tx, since, until) if each[0].exercise == given.exercise),
        _journal(desk, since, until, given.exercise), _glass(desk, since, until, given.exercise),
        _late(desk, since, until, given.exercise),
    )  # fmt: skip
    for source in sources:
        for cell, count in source:
            counted[cell.what].append((cell, count))
    figures = (figure for what, found in sorted(counted.items()) for figure in divided(what, found))
    return Statistics(since=f"{since}", until=f"{until}", fewer_than=FEW, figures=tuple(figures))


def divided(what: str, found: Iterable[tuple[Cell, Count]]) -> Iterator[Figure]:
    """The total of one thing, and its divisions. One that could give a small count away is not given."""
    cells = list(found)
    total = together(count for _, count in cells)
    yield _figure(what, "all", "", total, shown=total.count >= FEW)
    for by, part_of in BY.items():
        parts: dict[str, list[Count]] = defaultdict(list)
        for cell, count in cells:
            parts[part_of(cell)].append(count)
        summed = {part: together(counts) for part, counts in parts.items()}
        open_ = kept_open({part: count.count for part, count in summed.items()})
        for part, count in sorted(summed.items()):
            if part:
                yield _figure(what, by, part, count, shown=part in open_)


def kept_open(counts: dict[str, int]) -> set[str]:
    """The parts whose counts are told: none below five, and never all but one of those that add up to the total.

    >>> sorted(kept_open({"a": 9, "b": 7, "c": 2})), sorted(kept_open({"a": 9, "b": 3, "c": 2}))
    (['a'], ['a'])
    >>> sorted(kept_open({"a": 9, "b": 7}))
    ['a', 'b']
    """
    small = {part for part, count in counts.items() if count < FEW}
    rest = sorted(counts.keys() - small, key=lambda part: (counts[part], part))
    if small and rest and (len(small) == 1 or sum(counts[part] for part in small) < FEW):
        rest = rest[1:]
    return set(rest)


def _figure(what: str, by: str, part: str, count: Count, *, shown: bool) -> Figure:
    timed = shown and sum(count.took.values()) >= FEW
    return Figure(
        what=what, by=by, part=part, count=count.count if shown else None,
        median=tally.quantile(count, 0.5) if timed else None, p90=tally.quantile(count, 0.9) if timed else None,
    )  # fmt: skip


def _journal(desk: Desk, since: date, until: date, exercise: bool) -> Iterator[tuple[Cell, Count]]:
    """What was released, withheld, received, refused and recalled, by partner."""
    after, end = f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}|~"
    while page := desk.tx.views.page(COUNTS, exercise=exercise, after=after, limit=500):
        for row in page:
            if row.key > end:
                return
            day, what, party, _ = row.key.split("|")
            yield Cell(day, what, partner=party), Count(row.body["count"])
        after = page[-1].key


def _glass(desk: Desk, since: date, until: date, exercise: bool) -> Iterator[tuple[Cell, Count]]:
    """Breaks of the glass, and those whose review was late. They are not of exercises: nobody breaks glass in one."""
    if exercise:
        return
    for broken in glass.broken(desk.tx):
        if since <= broken.at.date() <= until:
            yield _cell(broken.at, "glass_broken"), Count(1)
            if clocks.is_late(clocks.duty(desk, "glass", broken.id)):
                yield _cell(broken.at, "glass_reviewed_late"), Count(1)


def _late(desk: Desk, since: date, until: date, exercise: bool) -> Iterator[tuple[Cell, Count]]:
    """Complaints that were acknowledged, answered or decided late, by when they came."""
    for complaint in both(desk, "=sort:complaint"):
        for what in ("acknowledge_complaint", "answer_complaint", "await_decision", "decide_complaint"):
            duty = clocks.duty(desk, what, complaint.id)
            if duty is None or complaint.exercise != exercise or not since <= duty.since.date() <= until:
                continue
            if clocks.is_late(duty):
                yield _cell(duty.since, f"late_{what}"), Count(1)


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("period", f"{text} is no day", where=where, hint="such as 2026-11-20") from None


def _cell(at: datetime, what: str) -> Cell:
    return Cell(f"{at:%Y-%m-%d}", what, hour=at.hour)


QUESTIONS = (
    Question("oversight.statistics", "how much, how fast, how often late; of nobody", Period, Statistics, statistics,
             personal=False, roles=("oversight",)),
)  # fmt: skip
