"""Where time comes from. Nothing else in Mithaq asks the machine what time it is."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol

from mithaq.errors import Malformed

_PERIOD = re.compile(r"P(?:([0-9]+)([YMWD])|T([0-9]+)([HMS]))")
_DATE_UNITS = {"Y": timedelta(days=365), "M": timedelta(days=30), "W": timedelta(weeks=1), "D": timedelta(days=1)}
_TIME_UNITS = {"H": timedelta(hours=1), "M": timedelta(minutes=1), "S": timedelta(seconds=1)}
LAST = datetime(9999, 12, 31, tzinfo=UTC)


class Clock(Protocol):
    """Tells the instant in UTC, in whole seconds, and a monotonic count of seconds for waiting."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to: for tests, rehearsals and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC).replace(microsecond=0)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._elapsed += by.total_seconds()


def write_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, the one spelling that is signed.

    >>> write_instant(datetime(2027, 3, 1, 4, 10, tzinfo=UTC))
    '2027-03-01T04:10:00Z'
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_instant(text: str) -> datetime:
    """The inverse of ``write_instant``; any other spelling is Malformed."""
    try:
        if len(text) != 20 or text[4::3] != "--T::Z":  # every other spelling of ISO 8601 that Python reads
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(
            "instant", f"{text!r} is not an instant", hint="write it in UTC as 2027-03-01T04:10:00Z"
        ) from None


def is_instant(value: object) -> bool:
    """Whether this is text in the one spelling of instants.

    >>> is_instant("2027-03-01T04:10:00Z"), is_instant("2027-3-1T4:10:00Z"), is_instant("2027-02-30T00:00:00Z")
    (True, False, False)
    """
    if not isinstance(value, str):
        return False
    try:
        read_instant(value)
    except Malformed:
        return False
    return True


def after(instant: datetime, text: str) -> datetime:
    """The instant so much later; the last one there is where it would lie beyond.

    >>> after(datetime(2027, 1, 1, tzinfo=UTC), "P9999Y") == LAST
    True
    """
    try:
        return instant + period(text)
    except OverflowError:
        return LAST


@cache
def period(text: str) -> timedelta:
    """The length of an ISO 8601 period of one unit; a year counts 365 days, a month 30 (never longer than agreed).

    >>> period("P1Y").days
    365
    >>> period("PT48H") == timedelta(days=2)
    True
    """
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise Malformed("period", f"{text!r} is not a period", hint="write it as P30D, P1Y or PT48H")
    days, day_unit, clock, clock_unit = match.groups()
    return int(days) * _DATE_UNITS[day_unit] if days else int(clock) * _TIME_UNITS[clock_unit]
