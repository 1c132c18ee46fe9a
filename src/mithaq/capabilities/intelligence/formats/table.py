"""Alerts in a CSV file: one row an alert, the columns named as the fields of ``AlertVehicle``.

UTF-8, a header line, comma separated; several caveats are separated by ``|``; an empty cell is *not known*. Good rows
and bad rows are told apart one by one, each with its line.
"""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from mithaq.capabilities.intelligence.commands import AlertVehicle
from mithaq.errors import BadInput, Invalid, Malformed, NotFound
from mithaq.kernel import canonical
from mithaq.lib.nearest import did_you_mean

MAX_FILE = 64 * 1024 * 1024
MAX_CELL = 20_000
COLUMNS = tuple(field.name for field in msgspec.structs.fields(AlertVehicle))
REQUIRED = tuple(field.name for field in msgspec.structs.fields(AlertVehicle) if field.required)
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Row(Struct, frozen=True):
    """One row of the file: an alert, or the reason why it is none."""

    line: int
    alert: AlertVehicle | None = None
    problem: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of the file, in order. A file that cannot be used at all raises, naming the file and what to do."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise Malformed("too-large", f"the file is larger than {MAX_FILE} bytes", where=str(path), hint="split it")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(path)) from None
    except UnicodeDecodeError as problem:
        raise Malformed(
            "not-utf8", f"byte {problem.start} is not UTF-8", where=str(path), hint="save it as UTF-8"
        ) from None
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    header = _header(path, next(reader, []))
    yield from _rows(path, reader, header)


def _header(path: Path, names: list[str]) -> list[str]:
    header = [name.strip() for name in names]
    for name in header:
        if name not in COLUMNS:
            raise Invalid(
                "column", f"unknown column {name!r}", where=f"{path}: line 1", hint=did_you_mean(name, COLUMNS)
            )
    missing = [name for name in REQUIRED if name not in header]
    if missing or len(set(header)) != len(header):
        what = f"the column {missing[0]!r} is missing" if missing else "a column stands twice"
        raise Invalid("column", what, where=f"{path}: line 1", hint="columns: " + ", ".join(COLUMNS))
    return header


def _rows(path: Path, reader: Any, header: list[str]) -> Iterator[Row]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Row(reader.line_num, problem=f"not CSV: {problem}; the rows after it were not read")
            return
        if cells:
            yield _row(reader.line_num, header, cells)


def _row(line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        return Row(line, problem=f"{len(cells)} cells where the header has {len(header)}")
    try:
        given = {name: _value(name, cell.strip()) for name, cell in zip(header, cells, strict=True) if cell.strip()}
        given.setdefault("reference", _own_reference(given))
        return Row(line, canonical.fit(given, AlertVehicle))
    except BadInput as problem:
        return Row(line, problem=f"{problem.where.removeprefix('$.') or 'row'}: {problem.message}")


def _value(name: str, cell: str) -> Any:
    if len(cell) > MAX_CELL or any(unicodedata.category(c) == "Cc" and c not in "\n\t\r" for c in cell):
        raise Invalid("cell", "too long, or holds a control character", where=name)
    if name == "caveats":
        return [word.strip() for word in cell.split("|") if word.strip()]
    if name == "exercise":
        if cell.lower() not in _YES:
            raise Invalid("cell", f"{cell!r} is neither yes nor no", where=name)
        return _YES[cell.lower()]
    return unicodedata.normalize("NFC", cell)


def _own_reference(given: dict[str, Any]) -> str:
    """The row itself as its reference, so that taking a file in again changes nothing."""
    return "row:" + hashlib.sha256(canonical.encode(given)).hexdigest()[:32]
