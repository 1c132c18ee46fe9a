"""Reading: rows of views as one reader may see them, by our own law. What may not be read at all is not there."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.reading import Seen, seen_in, seen_of
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Holding, Row


def readable(desk: Desk, holding: Holding) -> bool:
    """Whether whoever acts may know that a record is here."""
    if not holding.content:
        return False
    if holding.link:
        seen = seen_in(canonical.fit(canonical.decode(holding.content, dict), Release))
    else:
        seen = seen_of(canonical.decode(holding.content, Record))
    return desk.read(seen) is not None


def seen_row(row: Row) -> Seen:
    """A row of a view of this capability as what the law is asked about."""
    body = row.body
    return Seen(
        id=row.key, version=body["version"], kind=body["kind"], origin=body["origin"], purpose=body["purpose"],
        exercise=row.exercise, caveats=tuple(body["caveats"]), fields=body["fields"], handling=body.get("handling", {}),
    )  # fmt: skip


def shown(desk: Desk, row: Row) -> Row | None:
    """The row as the reader may see it, with the names of what is kept from them; None if it is not theirs to know."""
    reading = desk.read(seen_row(row))
    if reading is None:
        return None
    kind = desk.node.kinds[row.body["kind"]]
    fields: dict[str, Any] = reading.fields
    hidden = {"hidden": list(reading.hidden)} if reading.hidden else {}
    return replace(
        row,
        title=str(fields.get(kind.title, "")),
        time=str(fields.get(kind.time or "", "")),
        place=str(fields.get(kind.place or "", "")),
        body={**row.body, "fields": fields, **hidden},
        terms=(),
    )
