"""Generalising: what a place or a time becomes at a level, and how a receiver checks that it did.

A place becomes the centre of its grid cell, a time the start of its hour, day or month. The same place always gives
the same centre, so releasing it again tells nothing more. That protects one place; it does *not* protect a moving
thing: many snapped positions of a track can be smoothed back to within metres, so tracks need thinning, delay and a
secret offset as well, and are never released by this rule alone.
"""

from __future__ import annotations

from datetime import datetime

from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.law.level import PRECISIONS, precision
from mithaq.lib import geometry

_ZERO = {"minute": 2, "hour": 1, "day": 0, "month": 0}  # how many of hour and minute stay


def generalise(value: str, level: str) -> str:
    """A ``PlaceText`` or instant at a generalised level; any other level leaves it as it is.

    >>> generalise("31.4912,36.9987", "generalised:10km")
    '31.455,37'
    >>> generalise("2027-03-01T04:10:59Z", "generalised:hour")
    '2027-03-01T04:00:00Z'
    """
    to = precision(level)
    if to is None:
        return value
    if to in PRECISIONS["place"]:
        return geometry.write_point(geometry.cell_centre(geometry.read_point(value), to))
    return write_instant(_truncate(read_instant(value), to))


def is_generalised(value: object, level: str) -> bool:
    """Whether a value could be the result of generalising to this level: on the grid, or at the start of its unit."""
    try:
        return isinstance(value, str) and generalise(value, level) == value
    except (ValueError, KeyError):
        return False


def _truncate(instant: datetime, to: str) -> datetime:
    kept = instant.replace(second=0, microsecond=0)
    if _ZERO[to] < 2:
        kept = kept.replace(minute=0)
    if _ZERO[to] < 1:
        kept = kept.replace(hour=0)
    return kept.replace(day=1) if to == "month" else kept
