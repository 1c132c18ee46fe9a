"""Files out of a capability: ``mithaq CAPABILITY export QUESTION FILE``, every row of the answer, page by page.

What is exported is what the asking person may read, as they may read it, and that it was asked is audited.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from mithaq.cli.common import json_option
from mithaq.cli.options import field_of, fields_of, gather, parameters
from mithaq.cli.show import emit
from mithaq.config import write_private
from mithaq.errors import Invalid
from mithaq.kernel.page import at, rows_of
from mithaq.kernel.plug import Capability, Question

if TYPE_CHECKING:
    from mithaq.cli.reach import Reached

PAGE = 500
_TURNING = {"after", "before", "cells", "limit"}
_FORMULA = re.compile(r"[=+@\t\r]|-(?!{number}(?:,-?{number})?\Z)".format(number=r"[0-9]+(?:\.[0-9]+)?"))
"""How a cell begins that a spreadsheet would run. A number below zero, or a place south of the equator, is none."""


class Source(Struct, frozen=True):
    """What can be exported under one name: a question, and what it is given beside what is asked for."""

    question: Question
    preset: dict[str, Any] = {}
    summary: str = ""


def export_group(capability: Capability) -> click.Group:
    """``export``: a command for each question, and for each sort of file that the capability also takes in.

    A question ``export`` gives flat rows for files: it takes the ``kind``, which is the last word of a feed's name, and
    ``cells``, for a file of text cells.
    """
    made = click.Group("export", help="Write every row that answers a question to a file, for its owner's eyes only.")
    for name, source in _sources(capability).items():
        made.add_command(_command(name, source, capability))
    return made


def _sources(capability: Capability) -> dict[str, Source]:
    verbs = {each.name.partition(".")[2]: each for each in capability.questions}
    files = verbs.pop("export", None)
    found: dict[str, Source] = {}
    if files is not None:
        kinds = {each.name.rpartition(".")[2]: each.summary for each in capability.feeds}
        found = {kind: Source(files, {"kind": kind}, summary) for kind, summary in kinds.items()}
    return found | {verb: Source(each, {}, each.summary) for verb, each in verbs.items()}


def _command(name: str, source: Source, capability: Capability) -> click.Command:
    question = source.question

    def run(file: Path, given_in: str | None, as_json: bool, **options: Any) -> None:
        from mithaq.cli.reach import reach

        write = _writer(file)
        takes = {each.encode_name for each in fields_of(question.takes)}
        preset = source.preset | ({"cells": file.suffix.lower() == ".csv"} if "cells" in takes else {})
        given = gather(question, options, given_in, preset)
        with reach(click.get_current_context().obj) as reached:
            found = list(_pages(reached, question, given))
        rows = [row for row in found if may_leave(row)]
        left_out = len(found) - len(rows)
        try:
            write_private(file, write(rows))
        except OSError as problem:
            raise Invalid("file", f"cannot be written: {problem.strerror}", where=str(file)) from None
        told = f"{file}: {len(rows)} rows" + (f"; {left_out} may never be passed on and were left out" * bool(left_out))
        emit({"file": str(file), "rows": len(rows), "left_out": left_out}, as_json=as_json, text=told)

    made = click.command(name, help=f"Export to FILE (.json, .ndjson or .csv): {source.summary}.")(json_option(run))
    left = _TURNING | source.preset.keys()
    made.params = [
        *(each for each in parameters(question, capability) if field_of(each) not in left),
        click.Option(["--from", "given_in"], metavar="FILE", help="What the question takes, as JSON; - reads it."),
        click.Argument(["file"], type=click.Path(path_type=Path)),
        *made.params,
    ]
    return made


def may_leave(row: dict[str, Any]) -> bool:
    """Whether a row may stand in a file: not what its origin said may never be passed on. A file goes anywhere."""
    within = row.get("body") if isinstance(row.get("body"), dict) else row
    handling = within.get("handling") if isinstance(within, dict) else None
    said = handling.get("onward") if isinstance(handling, dict) else row.get("onward")
    return said != "never"


def _pages(reached: Reached, question: Question, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every row of the answer, asked page by page where the question has pages, each after the one before."""
    takes = {each.encode_name for each in fields_of(question.takes)}
    if "limit" in takes:
        given = {"limit": PAGE, **given}
    while True:
        answer = reached.ask(question.name, given)
        rows = rows_of(answer)
        yield from rows
        following = _next(answer, rows, takes)
        if "limit" not in takes or following is None or not rows:
            return
        given = given | following


def _next(answer: Any, rows: list[Any], takes: set[str]) -> dict[str, Any] | None:
    """What to ask for the next page: as the answer says, else what comes after its last row. None after the last."""
    turns = [name for name in ("after", "before") if name in takes]
    if isinstance(answer, dict):
        told = next((answer[name] for name in (*turns, "next") if name in answer), None)
        return {turns[0]: told} if told and turns else None
    if not rows or not turns:
        return None
    last = rows[-1].get("position") if turns[0] == "before" else rows[-1].get("key") or rows[-1].get("id")
    return {turns[0]: last} if last else None


def _writer(file: Path) -> Callable[[list[dict[str, Any]]], bytes]:
    known = {".json": _as_json, ".ndjson": _as_lines, ".csv": as_csv}
    try:
        return known[file.suffix.lower()]
    except KeyError:
        raise Invalid("suffix", f"{file.suffix!r} is not known", where=str(file), hint=", ".join(known)) from None


def _paths(row: Any, before: str = "") -> Iterator[str]:
    """The dotted path of everything in a row that is not nested further."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _as_json(rows: list[dict[str, Any]]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"


def _as_lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Rows as a table: a column for each dotted path that is in any of them."""
    columns = list(dict.fromkeys(path for row in rows for path in _paths(row)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_guarded, columns))
    writer.writerows([_cell(at(row, path)) for path in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """One value as text."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = "|".join(value)
    text = "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _guarded(text)


def _guarded(text: str) -> str:
    """Text that a spreadsheet does not run: an apostrophe stands before what may be a formula; import takes it off."""
    return f"'{text}" if _FORMULA.match(text) else text
