"""Rows: what a list and a map have in common. The question is asked, its rows are taken out, each leads to a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from mithaq.console.cell import Cell, cell, plain
from mithaq.console.console import Console
from mithaq.console.entry import Entry, entries
from mithaq.console.pages import Listed
from mithaq.console.typed import Problem, read_typed
from mithaq.console.visit import Typed, Visit, first
from mithaq.errors import BadInput, NotFound
from mithaq.kernel.canonical import MAX_INT
from mithaq.kernel.page import at, rows_of

BY = ("before", "after")  # what a question calls the place from which it goes on
TURNING = frozenset({*BY, "limit"})
AT_ONCE = 50
LONGEST = 17  # digits, of which no number has so many: to read millions of them takes long


class Line(Struct, frozen=True):
    """One row: its cells, the one of them that names it, where it leads, and the marking that it carries."""

    cells: tuple[Cell, ...]
    lead: int = 0
    opens: str = ""
    exercise: bool = False
    place: str = ""


class Asked(Struct, frozen=True):
    """What a question brought: its rows, the words that were looked for, and where the next page begins."""

    rows: tuple[Any, ...]
    filters: tuple[Entry, ...]
    typed: Typed
    problems: dict[str, Problem]
    by: str = ""
    after: str = ""

    @property
    def sought(self) -> list[tuple[str, str]]:
        """What was typed, to be sent again with the next page."""
        return [(each.name, value) for each in self.filters for value in self.typed.get(each.name, ())]

    @property
    def is_private(self) -> bool:
        """Whether words were typed: they do not go into an address, which histories and proxies keep."""
        return any(
            value.strip() for each in self.filters if each.sort in _WORDS for value in self.typed.get(each.name, ())
        )


_KEYS = ("id", "about")  # what a row that leads on is called there
_WORDS = ("line", "long", "lines", "json")


def ask(console: Console, visit: Visit, listed: Listed) -> Asked:
    """Ask the question of a list or map with what the address or the search form holds."""
    filters = entries(listed.of.takes, listed.capability.kinds, parties=console.parties, leave=TURNING)
    typed = visit.typed if visit.posted else visit.query
    read = read_typed(filters, typed)
    if read.problems:
        return Asked((), filters, typed, read.problems)
    given = {name: value for name, value in read.given.items() if value is not False}
    takes = set(listed.of.takes.__struct_encode_fields__)
    if "limit" in takes:
        given["limit"] = AT_ONCE
    by = next((name for name in BY if name in takes), "")
    if by and (after := first(typed, by)):
        given[by] = _place(listed, by, after)
    try:
        answer = plain(console.node.ask(listed.of.name, given, who=visit.who))
    except BadInput as error:
        return Asked((), filters, typed, {error.where.rpartition(".")[2]: Problem(error.message, error.hint)})
    rows = tuple(rows_of(answer))
    return Asked(rows, filters, typed, {}, by, _next(answer, rows) if by else "")


def line(row: Any, listed: Listed, visit: Visit) -> Line:
    """A row as it is shown."""
    cells = tuple(cell(row, column, visit.tongue, "") for column in listed.page.columns)
    lead = next((n for n, column in enumerate(listed.page.columns) if column.path == "title"), 0)
    return Line(cells, lead, leads_to(row, listed, visit), is_exercise(row), place_of(row, listed))


def leads_to(row: Any, listed: Listed, visit: Visit) -> str:
    """The address of what a row opens; empty if that is not for this officer, or the row lacks what it needs."""
    opened = visit.opened(listed.page.opens)
    if opened is None or not isinstance(row, Mapping):
        return ""
    known = [name for name in _KEYS if name in opened.of.takes.__struct_encode_fields__]
    needs = known if known and opened.page.sort == "form" else {*known, *opened.required}
    held = {name: row.get(name, row.get("key") if name in _KEYS else None) for name in needs}
    if not held or any(not isinstance(value, str | int) for value in held.values()):
        return ""
    return f"/p/{opened.page.name}?{urlencode(held)}"


def is_exercise(row: Any) -> bool:
    """Whether a row says that it is of an exercise, itself or in what it holds."""
    if not isinstance(row, Mapping):
        return False
    body = row.get("body")
    return row.get("exercise") is True or (isinstance(body, Mapping) and body.get("exercise") is True)


def place_of(row: Any, listed: Listed) -> str:
    """Where a row is: by its first column that is a place, else by what every row of a view has."""
    path = next((column.path for column in listed.page.columns if column.as_ == "place"), "place")
    found = at(row, path)
    return found if isinstance(found, str) else ""


def _place(listed: Listed, by: str, text: str) -> int | str:
    """The place from which a list goes on, as its question takes it. NotFound if no page of it leads there."""
    if not any(each.sort == "number" for each in entries(listed.of.takes) if each.name == by):
        return text
    if not (text.isascii() and text.isdigit() and len(text) < LONGEST) or int(text) > MAX_INT:
        raise NotFound("page", "no page begins there")
    return int(text)


def _next(answer: Any, rows: tuple[Any, ...]) -> str:
    """Where the next page begins: as the answer says; else after the last row, if the page is full."""
    said = next((name for name in ("next", "after") if isinstance(answer, dict) and name in answer), "")
    if said:
        return str(answer[said] or "")
    if len(rows) < AT_ONCE or not isinstance(rows[-1], Mapping):
        return ""
    return str(rows[-1].get("key") or rows[-1].get("id") or "")
