"""Columns: how the fields of an alert stand in the cells of a file. The same in what is taken in and what is given out.

A column is named as the field of the command. Several values of one field are separated by ``|``: caveats and flags as
words (``none``: a screening found nothing), identifiers as ``type=value`` or ``type=value@issuer``, names as they are,
links as ``relation=id``. An empty cell is *not known*. Photos are attachments and have no column.

What a file that was given out says beside an alert (``PROVENANCE``) is passed over when it is taken in; but a row that
a partner stated is not: a nation states only its own. A cell that a spreadsheet would run as a formula begins with an
apostrophe, which is taken off again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import Struct, inspect

from mithaq.capabilities.intelligence.parts import Identifier, IdentifierType, Link, OtherName
from mithaq.capabilities.intelligence.records import ALERTS
from mithaq.errors import Invalid
from mithaq.kernel.shelves import Row
from mithaq.lib.nearest import did_you_mean

MAX_CELL = 20_000
NOT_IN_FILES = frozenset({"photos", "screened"})
YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
NONE = "none"

PROVENANCE = ("key", "version", "origin", "state", "received", "onward")
_FORMULA = re.compile(r"'*[=+@\t\r-]")


def columns_of(form: type[Struct]) -> tuple[str, ...]:
    """The columns of a file of alerts, by the command that takes them."""
    return tuple(field.name for field in msgspec.structs.fields(form) if field.name not in NOT_IN_FILES)


def required_of(form: type[Struct]) -> tuple[str, ...]:
    """Those that a file must have."""
    return tuple(field.name for field in msgspec.structs.fields(form) if field.required)


def read_cell(form: type[Struct], name: str, cell: str) -> Any:
    """What a cell that is not empty stands for; Invalid, with the column, if it cannot."""
    if len(cell) > MAX_CELL or any(unicodedata.category(c) == "Cc" and c not in "\n\t\r" for c in cell):
        raise Invalid("cell", "too long, or holds a control character", where=name)
    text = bare(unicodedata.normalize("NFC", cell))
    kind, item = _sorts(form)[name]
    if kind is bool:
        if text.lower() not in YES:
            raise Invalid("cell", f"{text!r} is neither yes nor no", where=name)
        return YES[text.lower()]
    if kind is int:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise Invalid("cell", f"{text!r} is not a whole number", where=name)
        return int(text)
    return _read_items(name, item, text) if kind is tuple else text


def write_cell(value: Any) -> str:
    """The text of a value in a cell, which ``read_cell`` reads again and no spreadsheet runs.

    >>> write_cell("=1+1"), write_cell("12-3"), write_cell("'-1")
    ("'=1+1", '12-3', "''-1")
    """
    text = _written(value)
    return f"'{text}" if _FORMULA.match(text) else text


def bare(cell: str) -> str:
    """The text of a cell without the apostrophe that ``write_cell`` puts before a formula.

    >>> bare("'=1+1"), bare("'quoted'"), bare("''-1")
    ('=1+1', "'quoted'", "'-1")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def without_provenance(given: dict[str, Any]) -> dict[str, Any]:
    """A row without what was given out beside the alert; Invalid if a partner stated it."""
    if given.get("received") in (True, "yes"):
        raise Invalid("received", "a partner stated it: a nation states only its own", where="received")
    return {name: value for name, value in given.items() if name not in PROVENANCE}


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "|".join(_write_item(each) for each in value) if value else NONE
    return str(value)


def flat(sort: str, row: Row, *, cells: bool) -> dict[str, Any]:
    """One alert as a flat row: where it is from and how it stands, then its fields as the reader sees them."""
    onward = row.body.get("handling", {}).get("onward", "consent" if "message" in row.body else "free")
    known = {**row.body, "key": row.key, "received": "message" in row.body, "onward": onward}
    found = {name: known[name] for name in (*PROVENANCE, "purpose")} | {"exercise": row.exercise}
    found |= {"caveats": row.body["caveats"]} if row.body["caveats"] else {}
    fields = row.body["fields"]
    found |= {name: fields[name] for name in ALERTS[sort].fields if name in fields and name not in NOT_IN_FILES}
    return {name: write_cell(value) for name, value in found.items()} if cells else found


def _read_items(name: str, item: type | None, text: str) -> list[Any]:
    if name == "flags" and text.lower() == NONE:
        return []
    read = _READ.get(item, _plain) if item is not None else _plain
    return [read(name, part.strip()) for part in text.split("|") if part.strip()]


def _plain(_: str, part: str) -> Any:
    return part


def _identifier(name: str, part: str) -> Any:
    type_, _, value = part.partition("=")
    known = get_args(IdentifierType)
    if type_ not in known or not value:
        raise Invalid("cell", f"{part!r} is not type=value", where=name, hint=did_you_mean(type_, known))
    number, at, issuer = value.rpartition("@")
    return {"type": type_, "value": number, "issuer": issuer} if at else {"type": type_, "value": value}


def _other_name(_: str, part: str) -> Any:
    return {"name": part}


def _link(name: str, part: str) -> Any:
    relation, _, to = part.partition("=")
    if not to:
        raise Invalid("cell", f"{part!r} is not relation=id", where=name)
    return {"to": to, "relation": relation}


def _write_item(each: Any) -> str:
    if not isinstance(each, dict):
        return str(each)
    if "to" in each:
        return f"{each['relation']}={each['to']}"
    if "type" in each:
        return f"{each['type']}={each['value']}" + (f"@{each['issuer']}" if each.get("issuer") else "")
    return str(each["name"])


_READ: dict[type, Callable[[str, str], Any]] = {Identifier: _identifier, OtherName: _other_name, Link: _link}


@cache
def _sorts(form: type[Struct]) -> dict[str, tuple[type, type | None]]:
    """For each field whether it is text, a number, yes or no, or several, and of which struct."""
    found = inspect.type_info(form)
    assert isinstance(found, inspect.StructType)  # noqa: S101
    return {field.name: _sort(field.type) for field in found.fields}


def _sort(kind: inspect.Type) -> tuple[type, type | None]:
    kind = _bare(kind)
    if isinstance(kind, inspect.BoolType):
        return bool, None
    if isinstance(kind, inspect.IntType):
        return int, None
    if isinstance(kind, inspect.CollectionType):
        item = _bare(kind.item_type)
        return tuple, item.cls if isinstance(item, inspect.StructType) else None
    return str, None


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type without its constraints, and without the None that it may be."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        return _bare(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
    return kind
