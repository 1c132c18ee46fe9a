"""Alerts in a CSV file: one row an alert, the columns named as the fields of the command (``columns.py``).

UTF-8, a header line, comma separated. Good rows and bad rows are told apart one by one, each with its line.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from mithaq.capabilities.intelligence.commands import AlertVehicle
from mithaq.capabilities.intelligence.formats.columns import (
    PROVENANCE,
    columns_of,
    read_cell,
    required_of,
    without_provenance,
)
from mithaq.errors import BadInput, Invalid, Malformed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.plug import Line
from mithaq.lib.nearest import did_you_mean

MAX_FILE = 64 * 1024 * 1024


class Row(Struct, frozen=True):
    """One row of the file: an alert, or the reason why it is none."""

    line: int
    alert: Any = None
    problem: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of a file of vehicles, in order. A file that cannot be used at all raises, naming what to do."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_FILE else b" " * (MAX_FILE + 1)
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(path)) from None
    for line in read_csv(AlertVehicle, data, str(path)):
        alert = canonical.fit(line.given, AlertVehicle) if line.given is not None else None
        yield Row(line.number, alert, line.problem)


def read_csv(form: type[Struct], data: bytes, where: str) -> Iterator[Line]:
    """Every row, in order, as what the command is to be given. A file that cannot be used at all raises."""
    reader = csv.reader(read_text(data, where).splitlines(keepends=True), strict=True)
    try:
        names = next(reader, [])
    except csv.Error as problem:
        raise Malformed("not-csv", f"not CSV: {problem}", where=f"{where}: line 1") from None
    header = _header(form, names, where)
    yield from _rows(form, reader, header)


def read_text(data: bytes, where: str) -> str:
    """The text of a file. Malformed if it is too large, or is not UTF-8."""
    if len(data) > MAX_FILE:
        raise Malformed("too-large", f"the file is larger than {MAX_FILE} bytes", where=where, hint="split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        message = f"byte {problem.start} is not UTF-8"
        raise Malformed("not-utf8", message, where=where, hint="save it as UTF-8") from None


def with_reference(given: dict[str, Any]) -> dict[str, Any]:
    """A row without a reference has itself as its reference, so that taking a file in again changes nothing."""
    if "reference" in given:
        return given
    return {**given, "reference": "row:" + hashlib.sha256(canonical.encode(given)).hexdigest()[:32]}


def _header(form: type[Struct], names: list[str], where: str) -> list[str]:
    columns, header = columns_of(form), [name.strip() for name in names]
    for name in header:
        if name not in columns and name not in PROVENANCE:
            raise Invalid(
                "column", f"unknown column {name!r}", where=f"{where}: line 1", hint=did_you_mean(name, columns)
            )
    missing = [name for name in required_of(form) if name not in header]
    if missing or len(set(header)) != len(header):
        what = f"the column {missing[0]!r} is missing" if missing else "a column stands twice"
        raise Invalid("column", what, where=f"{where}: line 1", hint="columns: " + ", ".join(columns))
    return header


def _rows(form: type[Struct], reader: Any, header: list[str]) -> Iterator[Line]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Line(reader.line_num, problem=f"not CSV: {problem}; the rows after it were not read")
            return
        if cells:
            yield _row(form, reader.line_num, header, cells)


def _row(form: type[Struct], line: int, header: list[str], cells: list[str]) -> Line:
    if len(cells) != len(header):
        return Line(line, problem=f"{len(cells)} cells where the header has {len(header)}")
    try:
        named = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
        named = without_provenance(named)
        given = with_reference({name: read_cell(form, name, cell) for name, cell in named.items()})
        canonical.fit(given, form)
    except BadInput as problem:
        return Line(line, problem=f"{problem.where.removeprefix('$.') or 'row'}: {problem.message}")
    return Line(line, given)
