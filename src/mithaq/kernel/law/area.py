"""Areas: named pieces of ground that clauses speak of. Each law carries its own, so its digest covers theirs; an area's
own digest says whether two laws, or a map and a law, mean the same ground.

An area is either a polygon (``ring``) or everything within some metres of a line (``line`` and ``within``), which is
how a border belt is agreed. Drawing a line here says nothing about where a boundary runs.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from msgspec import Meta, Struct

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.values import Digest, Line, PlaceText
from mithaq.lib import geometry

Corners = Annotated[tuple[PlaceText, ...], Meta(max_length=10_000)]


class Area(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, dict=True):
    """A piece of ground, and where its corners were taken from."""

    source: Line
    ring: Corners = ()
    line: Corners = ()
    within: Annotated[int, Meta(ge=1, le=100_000, description="metres")] | None = None

    def holds(self, place: str) -> bool:
        """Whether a ``PlaceText`` lies in it; its edge belongs to it. Raises ValueError for a place off the globe."""
        point = geometry.read_point(place)
        if self.within is not None:
            return geometry.near(point, self.corners, self.within)
        return geometry.inside(point, self.corners)

    @cached_property
    def digest(self) -> Digest:
        return canonical.digest_of(self)

    @cached_property
    def corners(self) -> tuple[geometry.Point, ...]:
        return tuple(map(geometry.read_point, self.ring or self.line))


def check(area: Area, where: str) -> None:
    """Refuse an area that is neither a polygon nor a belt, has a corner off the globe, or spans half of it."""
    polygon = len(area.ring) >= 3 and not area.line and area.within is None
    belt = len(area.line) >= 2 and not area.ring and area.within is not None
    if not (polygon or belt):
        raise Invalid("area", "an area is a ring of 3 or more corners, or a line of 2 or more with within", where=where)
    try:
        longitudes = [longitude for _, longitude in area.corners]
    except ValueError as problem:
        raise Invalid("area", str(problem), where=where) from None
    if max(longitudes) - min(longitudes) >= 180 * geometry.MICRO:
        raise Invalid("area", "an area may not span half the earth", where=where, hint="split it in two")
