"""What was typed into a form, as what a command takes; and for each field that cannot be used, why.

Nothing that was typed is changed or lost: the form is drawn again with exactly that. Every field is looked at, so that
all that is to be mended is told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mithaq.console.entry import Entry
from mithaq.console.visit import Typed, first
from mithaq.errors import MithaqError
from mithaq.kernel import canonical


class Problem(Struct, frozen=True):
    """Why a field cannot be used: ``missing``, or what the node said of it, with its hint and the place below it."""

    message: str
    hint: str = ""
    place: str = ""
    is_missing: bool = False


class Reading(Struct, frozen=True):
    """What a form gives a command, and the problems by field."""

    given: dict[str, Any]
    problems: dict[str, Problem]


def read_typed(entries: Iterable[Entry], typed: Typed) -> Reading:
    """Read every field."""
    given: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for entry in entries:
        try:
            value = _value(entry, typed)
            if value is not None:
                canonical.fit(value, entry.type)
                given[entry.name] = value
            elif entry.required:
                problems[entry.name] = Problem("", is_missing=True)
        except MithaqError as error:
            problems[entry.name] = problem(error)
    return Reading(given, problems)


def problem(error: MithaqError, field: str = "") -> Problem:
    """What is told at a field of an error of the node; ``place`` is where in the field it is."""
    place = error.where.removeprefix("$").removeprefix(".body").removeprefix(f".{field}")
    return Problem(error.message, error.hint, place)


def field_of(error: MithaqError, entries: Iterable[Entry]) -> str:
    """The field that an error is about, by its JSON path; empty if it is about none of them.

    >>> from mithaq.errors import Invalid
    >>> entries = [Entry(name="colour", label="colour", sort="line", type=str)]
    >>> field_of(Invalid("word", "no such word", where="$.body.colour"), entries)
    'colour'
    """
    path = error.where.removeprefix("$").removeprefix(".body").lstrip(".")
    name = path.replace("[", ".").partition(".")[0]
    return name if any(entry.name == name for entry in entries) else ""


def retyped(entries: Iterable[Entry], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Values as they would have been typed: what a form of something that is there already begins with."""
    return {entry.name: _typed(entry, values[entry.name]) for entry in entries if values.get(entry.name) is not None}


def defaults(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """What an empty form begins with."""
    return {entry.name: _typed(entry, canonical.plain(entry.default)) for entry in entries if entry.default is not None}


def _value(entry: Entry, typed: Typed) -> Any:
    """The plain value of one field; None where nothing was filled in."""
    if entry.sort == "tick":
        return bool(typed.get(entry.name))
    if entry.sort == "several":
        return [entry.options.get(each, each) for each in typed.get(entry.name, ())] or None
    text = first(typed, entry.name)
    text = text if entry.sort == "long" else text.strip()
    if not text.strip():
        return None
    match entry.sort:
        case "choice":
            return entry.options.get(text, text)
        case "number":
            return int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 17 else text
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "json":
            return canonical.read(text.encode(), object)
    return text


def _typed(entry: Entry, value: Any) -> list[str]:
    if entry.sort == "tick":
        return ["on"] if value else []
    if entry.sort == "several":
        return [str(each) for each in value]
    if entry.sort == "lines":
        return ["\n".join(str(each) for each in value)]
    if entry.sort == "json":
        return [json.dumps(value, ensure_ascii=False, indent=1)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
