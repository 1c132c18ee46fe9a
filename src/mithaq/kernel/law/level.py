"""Levels: how much of one field may be seen. A chain from ``clear`` to ``absent``; the join is the more protective.

    clear < generalised:<precision> < pseudonym < absent

Precisions are ordered too, finest first. One field is a place or a time, never both, so the chain has no branches;
should two precisions of different sorts ever meet, the join is the least level above both, ``pseudonym``.
"""

from __future__ import annotations

from functools import reduce
from typing import Annotated, Final

from msgspec import Meta

PRECISIONS: Final = {"place": ("100m", "1km", "10km", "100km"), "time": ("minute", "hour", "day", "month")}
"""Finest first. A place becomes the centre of its grid cell, a time the start of its minute, hour, day or month."""

Level = Annotated[str, Meta(pattern=r"^(clear|generalised:[a-z0-9]{1,16}|pseudonym|absent)(?!\n)$")]

CLEAR, PSEUDONYM, ABSENT = "clear", "pseudonym", "absent"
_PREFIX = "generalised:"
_RANKS = {f"{_PREFIX}{p}": (sort, n) for sort, all_of in PRECISIONS.items() for n, p in enumerate(all_of)}


def generalised(precision: str) -> Level:
    """The level that shows a place or a time only to this precision."""
    return _PREFIX + precision


def precision(level: str) -> str | None:
    """The precision of a generalised level, None for the others."""
    return level.removeprefix(_PREFIX) if level.startswith(_PREFIX) else None


def join(*levels: str) -> Level:
    """The most protective of these levels.

    >>> join("generalised:1km", "clear", "generalised:10km")
    'generalised:10km'
    """
    return reduce(_join, levels, CLEAR)


def protects(level: str, at_least: str) -> bool:
    """Whether ``level`` shows no more than ``at_least`` does."""
    return join(level, at_least) == level


def rank(level: str) -> int:
    """How much a level withholds: 0 for ``clear``, more for every step up its chain.

    >>> rank("clear") < rank("generalised:hour") < rank("generalised:day") < rank("pseudonym") < rank("absent")
    True
    """
    if level in _RANKS:
        return 1 + _RANKS[level][1]
    return {CLEAR: 0, PSEUDONYM: 8, ABSENT: 9}[level]


def _join(a: str, b: str) -> str:
    for strongest in (ABSENT, PSEUDONYM):
        if strongest in (a, b):
            return strongest
    if a == b or b == CLEAR:
        return a
    if a == CLEAR:
        return b
    (sort_a, rank_a), (sort_b, rank_b) = _RANKS[a], _RANKS[b]
    if sort_a != sort_b:
        return PSEUDONYM
    return a if rank_a > rank_b else b


def is_level(level: str) -> bool:
    """Whether there is such a level."""
    return level in (CLEAR, PSEUDONYM, ABSENT) or level in _RANKS


def is_known(level: str, sort: str) -> bool:
    """Whether the level makes sense for a field of this sort: only places and times can be generalised."""
    return level in (CLEAR, PSEUDONYM, ABSENT) or (level in _RANKS and _RANKS[level][0] == sort)
