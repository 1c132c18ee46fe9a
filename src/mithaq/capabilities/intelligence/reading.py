"""Reading: rows of views as one reader may see them, by our own law. What may not be read at all is not there."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.reading import Reading, Seen, seen_in, seen_of
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Holding, Row


def readable(desk: Desk, holding: Holding) -> bool:
    """Whether whoever acts may know that a record is here."""
    if holding.link:
        seen = seen_in(canonical.fit(canonical.decode(holding.content, dict), Release))
    else:
        seen = seen_of(canonical.decode(holding.content, Record))
    return read(desk, seen) is not None


def read(desk: Desk, seen: Seen) -> Reading | None:
    """What may be seen of a record, by ``desk.read``.

    A nation whose words are older than the Kind of a record has not said who reads it: then it is read as the version
    of the Kind that it has words for, as far as it can be made into that.
    """
    while (reading := desk.read(seen)) is None:
        kind = desk.node.kinds.get(seen.kind)
        if kind is None or kind.name in desk.law.book.vocabulary.kinds or kind.before is None or kind.down is None:
            return None
        fields = kind.down(dict(seen.fields))
        if fields is None:
            return None
        seen = replace(seen, kind=kind.before.name, fields=fields)
    return reading


def seen_row(row: Row) -> Seen:
    """A row of a view of this capability as what the law is asked about."""
    body = row.body
    return Seen(
        id=row.key, version=body["version"], kind=body["kind"], origin=body["origin"], purpose=body["purpose"],
        exercise=row.exercise, caveats=tuple(body["caveats"]), fields=body["fields"], handling=body.get("handling", {}),
    )  # fmt: skip


def shown(desk: Desk, row: Row) -> Row | None:
    """The row as the reader may see it, with the names of what is kept from them; None if it is not theirs to know."""
    reading = read(desk, seen_row(row))
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
