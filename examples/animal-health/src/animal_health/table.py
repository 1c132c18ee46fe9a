"""Consignments in a CSV file: one row each, the columns named as the fields of ``Notify``; an empty cell is not known."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import msgspec
from mithaq.errors import BadInput, Invalid, Malformed
from mithaq.kernel import canonical
from mithaq.kernel.plug import Feed, Line
from mithaq.lib.nearest import did_you_mean

from animal_health.commands import Notify

COLUMNS = {each.encode_name: each for each in msgspec.structs.fields(Notify)}


def read(data: bytes, where: str) -> Iterator[Line]:
    """Every row, in order. A file that cannot be used at all raises, naming the place."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Malformed("not-utf8", f"byte {problem.start} is not UTF-8", where=where) from None
    reader = csv.reader(text.splitlines(keepends=True))
    header = [name.strip() for name in next(reader, [])]
    for name in header:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS)
            raise Invalid("column", f"unknown column {name!r}", where=f"{where}: line 1", hint=hint)
    for cells in reader:
        if cells:
            yield _line(reader.line_num, dict(zip(header, cells, strict=False)))


def _line(number: int, cells: dict[str, str]) -> Line:
    given = {name: _value(name, cell.strip()) for name, cell in cells.items() if cell.strip()}
    try:
        canonical.fit(given, Notify)
    except BadInput as problem:
        return Line(number, problem=f"{problem.where.removeprefix('$.')}: {problem.message}")
    return Line(number, given)


def _value(name: str, cell: str) -> Any:
    if name == "count":
        return int(cell) if cell.isdecimal() else cell
    if name == "exercise":
        return {"yes": True, "no": False}.get(cell.lower(), cell)
    return cell


FEEDS = (
    Feed("animal-health.csv", "consignments in CSV", ".csv", "text/csv", "animal-health.notify-many", read),
)  # fmt: skip
