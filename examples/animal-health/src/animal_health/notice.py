"""A notice: a consignment as one reader may see it, our own or a partner's, with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mithaq.errors import NotFound
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.reading import Seen, seen_in, seen_of
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Holding
from msgspec import Struct

from animal_health.records import CONSIGNMENT


class Notice(Struct, frozen=True, kw_only=True):
    """``hidden`` are fields that our own law keeps from this reader; ``levels`` are those of a partner's release."""

    id: str
    version: int
    origin: str
    exercise: bool
    fields: dict[str, Any]
    hidden: tuple[str, ...] = ()
    levels: dict[str, str] = {}
    result: str = ""  # of the inspection
    inspected_by: str = ""


def notice(desk: Desk, id: str, more: Mapping[str, str] = {}) -> Notice:
    """The consignment of that id, as whoever acts may read it. NotFound also where they may not."""
    holding = desk.tx.records.get(id)
    found = readable(desk, holding, more) if holding and holding.kind == CONSIGNMENT.name else None
    if found is None:
        raise NotFound("consignment", f"no consignment {id}")
    return found


def readable(desk: Desk, holding: Holding, more: Mapping[str, str]) -> Notice | None:
    """A consignment as whoever acts may read it, with ``more`` of what became of it; None if they may not."""
    told, levels = seen(holding)
    reading = desk.read(told)
    if reading is None:
        return None
    return Notice(
        id=told.id, version=told.version, origin=told.origin, exercise=told.exercise, fields=reading.fields,
        hidden=reading.hidden, levels=levels, **more,
    )  # fmt: skip


def seen(holding: Holding) -> tuple[Seen, dict[str, str]]:
    """A record as it is held here, and the levels at which a partner released it."""
    if not holding.link:
        return seen_of(canonical.decode(holding.content, Record)), {}
    release = canonical.fit(canonical.decode(holding.content, dict), Release)
    return seen_in(release), dict(release.levels)
