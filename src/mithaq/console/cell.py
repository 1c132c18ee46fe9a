"""Cells: how one value of an answer is drawn. Nothing here is markup; a template writes each sort of cell, escaped.

What is not there says why, in words: kept from this reader by our own law, withheld by its origin, or never stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from mithaq.console.language import Tongue
from mithaq.kernel.clock import is_instant, read_instant
from mithaq.kernel.law.level import ABSENT, CLEAR, PSEUDONYM
from mithaq.kernel.page import at
from mithaq.kernel.plug import Column

Sort = Literal["text", "words", "code", "time", "place", "mark", "many", "pairs", "record"]
_AS = {"to": "link", "from": "link", "origin": "code", "released": "code", "deferred": "code"}
_ID = re.compile("[A-Z]{2}-[0-9A-HJKMNP-TV-Z]{26}")


class Cell(Struct, frozen=True):
    """``machine`` is the value as a program reads it, ``note`` a mark beside it, ``inner`` what a list holds."""

    sort: Sort
    text: str = ""
    machine: str = ""
    note: str = ""
    inner: tuple[Cell, ...] = ()
    label: str = ""

    @property
    def says(self) -> bool:
        """Whether it says anything: a value, or why there is none."""
        return self.sort != "mark" or self.machine != ""


def plain(answer: Any) -> Any:
    """An answer as a program that calls the API gets it."""
    return msgspec.json.decode(msgspec.json.encode(answer))


def cell(row: Any, column: Column, tongue: Tongue, records: str) -> Cell:
    """What a column shows of one row. ``records`` is the path of the page that shows a record by its id, or nothing."""
    value, mark = at(row, column.path), _mark(row, column.path, tongue)
    if value is None or value == "":
        return Cell("mark", mark or tongue.say("not-stated"), machine="withheld" if mark else "")
    drawn = draw(value, tongue, column.as_, records)
    return Cell(drawn.sort, drawn.text, drawn.machine, mark, drawn.inner)


def draw(value: Any, tongue: Tongue, as_: str = "text", records: str = "") -> Cell:
    """Any value of an answer."""
    if value is None or value == "" or value in ([], {}):
        return Cell("mark", tongue.say("not-stated"))
    if isinstance(value, bool):
        return Cell("words", tongue.say("yes" if value else "no"))
    if isinstance(value, list):
        return Cell("many", inner=tuple(draw(each, tongue, as_, records) for each in value))
    if isinstance(value, dict):
        return Cell("pairs", inner=tuple(pairs(value, tongue, records)))
    return _text(str(value), tongue, as_, records)


def pairs(values: Mapping[str, Any], tongue: Tongue, records: str = "") -> Iterator[Cell]:
    """Each entry of an object under its label, those that say nothing left out."""
    for name, value in values.items():
        if value not in (None, "", [], {}):
            drawn = draw(value, tongue, _AS.get(name, "any"), records)
            yield Cell(drawn.sort, drawn.text, drawn.machine, "", drawn.inner, tongue.label(name))


def _text(text: str, tongue: Tongue, as_: str, records: str) -> Cell:
    if as_ == "link" and records and _ID.fullmatch(text):
        return Cell("record", text, f"{records}?{urlencode({'id': text})}")
    if as_ == "time" or is_instant(text):
        return Cell("time", tongue.instant(read_instant(text)), text) if is_instant(text) else Cell("text", text)
    if as_ == "place":
        return Cell("place", text)
    if as_ == "code":
        named = tongue.nation(text)
        return Cell("words", f"{named} ({text})" if named else tongue.word(text))
    if as_ == "any" and tongue.knows(text):  # what a column calls text may be a person's own words: not translated
        return Cell("words", tongue.word(text))
    return Cell("code" if as_ in ("link", "picture") else "text", text)


def _mark(row: Any, path: str, tongue: Tongue) -> str:
    """Why a field is not, or not fully, there: by what stands beside the object of fields it is in."""
    above, _, name = path.rpartition(".")
    beside = above.rpartition(".")[0]
    holder = at(row, beside) if beside else row
    if not above.endswith("fields") or not isinstance(holder, dict):
        return ""
    if name in (holder.get("hidden") or ()):
        return tongue.say("hidden")
    level = (holder.get("levels") or {}).get(name, CLEAR)
    if level == CLEAR:
        return ""
    if level == ABSENT:
        return tongue.say("withheld")
    return tongue.say("pseudonym") if level == PSEUDONYM else tongue.say("coarser", level=level)
