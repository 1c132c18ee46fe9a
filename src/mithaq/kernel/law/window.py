"""Windows of time: when a clause holds. Two forms, both in UTC, start included and end not.

2027-01-01T00:00:00Z/2028-01-01T00:00:00Z     from one instant until another
T18:00Z/T06:00Z                               the same hours of every day; may pass midnight
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

from mithaq.errors import Malformed
from mithaq.kernel.clock import read_instant

_DAILY = re.compile(r"T([01][0-9]|2[0-3]):([0-5][0-9])Z/T([01][0-9]|2[0-3]):([0-5][0-9])Z")
_MIDNIGHT = 24 * 60


class Window(Struct, frozen=True):
    """Either ``start`` and ``end``, or ``opens`` and ``closes`` in minutes after midnight UTC."""

    start: datetime | None = None
    end: datetime | None = None
    opens: int = 0
    closes: int = 0

    def holds(self, instant: datetime) -> bool:
        if self.start is not None and self.end is not None:
            return self.start <= instant < self.end
        minute = instant.hour * 60 + instant.minute
        return (minute - self.opens) % _MIDNIGHT < (self.closes - self.opens) % _MIDNIGHT


def read_window(text: str) -> Window:
    """The window written in one of the two forms; Malformed for any other, and for an empty one.

    >>> read_window("T18:00Z/T06:00Z").opens
    1080
    """
    daily = _DAILY.fullmatch(text)
    if daily is not None:
        h1, m1, h2, m2 = (int(part) for part in daily.groups())
        window = Window(opens=h1 * 60 + m1, closes=h2 * 60 + m2)
        if window.opens == window.closes:
            raise Malformed("window", f"{text!r} is empty", hint="leave the condition out for the whole day")
        return window
    start, slash, end = text.partition("/")
    if not slash:
        raise Malformed("window", f"{text!r} is not a window of time", hint="write T18:00Z/T06:00Z or INSTANT/INSTANT")
    first, last = read_instant(start), read_instant(end)
    if first >= last:
        raise Malformed("window", f"{text!r} ends before it starts")
    return Window(start=first, end=last)
