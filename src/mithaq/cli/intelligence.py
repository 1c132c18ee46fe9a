"""``mithaq intelligence``: alerts on vehicles."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from mithaq.capabilities.intelligence import capability
from mithaq.cli.common import json_option, pass_home
from mithaq.cli.generated import command_for
from mithaq.cli.show import cell, emit, table
from mithaq.config import Home
from mithaq.kernel.plug import Command, Question

if TYPE_CHECKING:
    from mithaq.capabilities.intelligence.formats.table import Row
    from mithaq.cli.reach import Reached

CHUNK = 500
SHOWN_PROBLEMS = 50


@click.group()
def intelligence() -> None:
    """Alerts on vehicles: raise, correct, import, list."""


@intelligence.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_home
def import_(home: Home, file: Path, as_json: bool) -> None:
    """Take in alerts from a CSV FILE. Good rows are kept, bad rows listed by line and reason (then exit 1).

    Taking the same file in again changes nothing; a row whose reference is known corrects that alert.
    """
    from mithaq.capabilities.intelligence.formats.table import read_rows
    from mithaq.cli.reach import reach

    started = time.monotonic()
    rows = list(read_rows(file))
    report = Import(len(rows), [(row.line, row.problem) for row in rows if row.alert is None])
    good = [row for row in rows if row.alert is not None]
    with reach(home) as reached:
        for chunk in _progress(_chunks(good), len(good)):
            _take(reached, chunk, report)
    found = report.told(str(file), time.monotonic() - started)
    emit(found, as_json=as_json, text=_tell(found))
    if report.problems:
        raise SystemExit(1)


class Import:
    """What an import did so far."""

    def __init__(self, rows: int, problems: list[tuple[int, str]]) -> None:
        self.rows = rows
        self.problems = problems
        self.stated = self.unchanged = self.withheld = 0
        self.released: dict[str, int] = {}

    def add(self, line: int, taken: dict[str, Any]) -> None:
        stated = taken.get("stated")
        if stated is None:
            self.problems.append((line, taken["problem"]))
        elif stated["unchanged"]:
            self.unchanged += 1
        else:
            self.stated += 1
            self.withheld += len(stated["withheld"])
            for party in stated["released"]:
                self.released[party] = self.released.get(party, 0) + 1

    def told(self, file: str, seconds: float) -> dict[str, Any]:
        return {
            "file": file,
            "rows": self.rows,
            "stated": self.stated,
            "unchanged": self.unchanged,
            "released": self.released,
            "withheld": self.withheld,
            "problems": [{"line": line, "reason": reason} for line, reason in sorted(self.problems)],
            "seconds": round(seconds, 3),
        }


def _take(reached: Reached, chunk: list[Row], report: Import) -> None:
    given = {"rows": [msgspec.to_builtins(row.alert) for row in chunk]}
    for row, taken in zip(chunk, reached.do("intelligence.alert-vehicles", given), strict=True):
        report.add(row.line, taken)


def _chunks(rows: list[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


def _progress(chunks: Iterable[list[Row]], total: int) -> Iterator[list[Row]]:
    """The chunks, with a bar on standard error while a person is watching."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("alerts", total=total)
        for chunk in chunks:
            yield chunk
            progress.advance(task, len(chunk))


def _tell(found: dict[str, Any]) -> str:
    released = ", ".join(f"{count} to {party}" for party, count in found["released"].items()) or "none"
    lines = [
        f"{found['rows']} rows: {found['stated']} stated, {found['unchanged']} unchanged, "
        f"{len(found['problems'])} not taken; released: {released}; withheld: {found['withheld']}"
    ]
    lines += [f"  line {each['line']}: {each['reason']}" for each in found["problems"][:SHOWN_PROBLEMS]]
    hidden = len(found["problems"]) - SHOWN_PROBLEMS
    return "\n".join([*lines, f"  … and {hidden} more: use --json"] if hidden > 0 else lines)


def _stated(found: dict[str, Any]) -> str:
    if found["unchanged"]:
        return f"{found['id']} v{found['version']}: nothing changed"
    lines = [f"{found['id']} v{found['version']}"]
    lines += [f"  released to {party}" for party in found["released"]]
    lines += [
        f"  withheld from {party}: {'; '.join(by) or 'no clause permits it'}" for party, by in found["withheld"].items()
    ]
    return "\n".join([*lines, f"  see: mithaq why {found['id']}"])


def _alerts(found: list[dict[str, Any]]) -> str:
    rows = [
        (row["key"], row["title"], row["body"]["origin"], str(row["body"]["version"]), row["time"], row["place"],
         "EXERCISE" if row["exercise"] else "")
        for row in found
    ]  # fmt: skip
    table("alerts", ("id", "plate", "from", "v", "time", "place", ""), rows)
    return f"{len(rows)} shown"


def _alert(found: dict[str, Any]) -> str:
    body = found["body"]
    rows = [(name, cell(value), body.get("levels", {}).get(name, "")) for name, value in body["fields"].items()]
    withheld = [(name, "▨ withheld", level) for name, level in body.get("levels", {}).items() if level == "absent"]
    table(f"{found['key']} v{body['version']} from {body['origin']}", ("field", "value", "level"), rows + withheld)
    if "basis" not in body:
        return ""
    handling = ", ".join(f"{what} {value}" for what, value in body["handling"].items())
    return f"basis {body['basis']['law']} {body['basis']['clause']}; {handling}; delete by {body['delete_by']}"


_SHOW: dict[str, Callable[[Any], str]] = {
    "intelligence.alert-vehicle": _stated,
    "intelligence.correct-vehicle": _stated,
    "intelligence.alerts": _alerts,
    "intelligence.alert": _alert,
}
_DECLARED: tuple[Command | Question, ...] = (*capability.commands, *capability.questions)
for _each in _DECLARED:
    if _each.name in _SHOW:
        intelligence.add_command(command_for(_each, _SHOW[_each.name]))
