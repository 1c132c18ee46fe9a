"""Tallies: how often something happened, and how long it took, of which nobody can be found again.

A tally is counted by day, nation asked or asking, post, script and hour (UTC), never by person, record or plate.
Durations go into a few classes of seconds, so that a median and a ninetieth percentile can be told, as the upper end of
a class. Whoever counts does so in the transaction of what is counted: both are durable, or neither.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from mithaq.kernel.ports import Transaction

if TYPE_CHECKING:
    from mithaq.kernel.desk import Desk

SORT = "tally"
CLASSES = (
    1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800,
    2592000,
)  # fmt: skip
"""Upper ends of the classes of durations, seconds; what takes longer is told as the last."""
PAGE = 500


class Cell(Struct, frozen=True, order=True):
    """One thing that is counted, on one day."""

    day: str  # 2026-11-20
    what: str
    post: str = ""
    script: str = ""
    hour: int = 0
    partner: str = ""
    exercise: bool = False


class Count(Struct, frozen=True, omit_defaults=True):
    """How often, and how many took how long: by the number of the class."""

    count: int = 0
    took: dict[int, int] = {}


def note(
    desk: Desk, what: str, *, post: str | None = None, script: str = "", hour: int | None = None,
    seconds: float | None = None, partner: str = "", exercise: bool = False,
) -> None:  # fmt: skip
    """Count one thing that whoever acts has done now. ``post`` is their agency, unless another one is named."""
    where = (desk.actor.agency or "") if post is None else post
    at = desk.at if hour is None else desk.at.replace(hour=hour)
    count(
        desk.tx, what, at, post=where, script=script, seconds=seconds, partner=partner, exercise=exercise
    )  # fmt: skip


def count(
    tx: Transaction, what: str, at: datetime, *, post: str = "", script: str = "", seconds: float | None = None,
    partner: str = "", exercise: bool = False, times: int = 1,
) -> None:  # fmt: skip
    """Count something so many times."""
    cell = Cell(f"{at:%Y-%m-%d}", what, post, script, at.hour, partner, exercise)
    id = _id(cell)
    found = tx.papers.get(SORT, id)
    known = msgspec.json.decode(found, type=Count) if found is not None else Count()
    took = dict(known.took)
    if seconds is not None:
        place = min(bisect_left(CLASSES, max(0.0, seconds)), len(CLASSES) - 1)
        took[place] = took.get(place, 0) + times
    tx.papers.put(SORT, id, msgspec.json.encode(Count(known.count + times, took)))


def tallies(tx: Transaction, since: date, until: date) -> Iterator[tuple[Cell, Count]]:
    """Everything that was counted from one day to another, both included."""
    after, end = f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}|~"
    while page := tx.papers.page(SORT, after=after, limit=PAGE):
        for id, content in page:
            if id > end:
                return
            yield _cell(id), msgspec.json.decode(content, type=Count)
        after = page[-1][0]


def together(counts: Iterable[Count]) -> Count:
    """One count of many."""
    total, took = 0, dict[int, int]()
    for each in counts:
        total += each.count
        for place, times in each.took.items():
            took[place] = took.get(place, 0) + times
    return Count(total, took)


def quantile(counted: Count, share: float) -> int | None:
    """The seconds within which this share was done: the upper end of its class. None where nothing was timed.

    >>> quantile(Count(3, {2: 2, 8: 1}), 0.5), quantile(Count(3, {2: 2, 8: 1}), 0.9), quantile(Count(3), 0.5)
    (5, 60, None)
    """
    timed, reached = sum(counted.took.values()), 0
    for place, times in sorted(counted.took.items()):
        reached += times
        if reached >= share * timed:
            return CLASSES[place]
    return None


def script_of(text: str) -> str:
    """The script of the letters of a text: Arab, Latn, or mixed; empty where it is another, or there are none.

    >>> script_of("سامر"), script_of("Samer"), script_of("سامر Samer"), script_of("4821")
    ('Arab', 'Latn', 'mixed', '')
    """
    letters = {unicodedata.name(each, "").partition(" ")[0] for each in text if each.isalpha()}
    found = {name for name, begin in (("Arab", "ARABIC"), ("Latn", "LATIN")) if begin in letters}
    return "mixed" if len(found) > 1 else next(iter(found), "")


def _id(cell: Cell) -> str:
    mark = "x" if cell.exercise else ""
    return f"{cell.day}|{cell.what}|{cell.post}|{cell.script}|{cell.hour:02d}|{cell.partner}|{mark}"


def _cell(id: str) -> Cell:
    day, what, post, script, hour, partner, mark = id.split("|")
    return Cell(day, what, post, script, int(hour), partner, mark == "x")
