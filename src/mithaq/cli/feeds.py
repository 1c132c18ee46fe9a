"""Files into a capability: ``mithaq CAPABILITY import FILE``, through its feeds.

Which feed a file is for, its suffix says; where several have it, the one that can read its beginning; else ``--feed``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.options import fields_of
from mithaq.cli.show import emit, shown
from mithaq.config import Home
from mithaq.errors import Invalid, Malformed, MithaqError, NotFound
from mithaq.kernel.page import rows_of
from mithaq.kernel.plug import Capability, Feed, Line
from mithaq.lib.nearest import did_you_mean

if TYPE_CHECKING:
    from mithaq.cli.reach import Reached

CHUNK = 500  # rows
CHUNK_BYTES = 2 * 1024 * 1024  # well under what a node takes in one request
MAX_FILE = 64 * 1024 * 1024
SHOWN_PROBLEMS = 50


def import_command(capability: Capability) -> click.Command:
    """``import`` for the feeds of a capability."""

    told = "Which of: " + "; ".join(f"{each.name} ({each.summary})" for each in capability.feeds) + "."

    @click.command("import")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--feed", "name", metavar="NAME", help=told)
    @click.option("--dry-run", is_flag=True, help="Say what would become of each row, and keep nothing.")
    @json_option
    @pass_home
    def run(home: Home, file: Path, name: str | None, dry_run: bool, as_json: bool) -> None:
        """Take in FILE. Good rows are kept, bad rows listed by line and reason (then exit 1).

        Taking the same file in again changes nothing; a row whose reference is known corrects what it names.
        """
        started = time.monotonic()
        data = _read(file)
        feed = choose(capability.feeds, file, data, name)
        if dry_run and not _can_rehearse(capability, feed):
            raise Invalid("dry-run", f"{feed.command} cannot be tried without being done", where="--dry-run")
        report = _import(home, feed, list(feed.read(data, str(file))), dry_run)
        found = report.told(str(file), time.monotonic() - started, dry_run)
        emit(found, as_json=as_json, text=_tell(found))
        if report.problems:
            raise SystemExit(1)

    return run


def choose(feeds: Iterable[Feed], file: Path, data: bytes, name: str | None) -> Feed:
    """The feed that a file is for. NotFound or Invalid, saying which there are, if it is not clear."""
    known = {each.name: each for each in feeds}
    if name is not None:
        if name not in known:
            raise NotFound("feed", f"no feed {name!r}", hint=did_you_mean(name, known))
        return known[name]
    fitting = [each for each in known.values() if each.suffix == file.suffix.lower()]
    if not fitting:
        hint = "it takes " + ", ".join(sorted({each.suffix for each in known.values()}))
        raise Invalid("feed", f"no feed takes {file.suffix or 'a file without a suffix'}", where=str(file), hint=hint)
    if len(fitting) == 1:
        return fitting[0]
    begun = [(each, _begins(each, data, str(file))) for each in fitting]
    able = [each for each, found in begun if not isinstance(found, MithaqError)]
    if not able and isinstance(problem := begun[0][1], MithaqError):
        raise problem
    able = [each for each, found in begun if isinstance(found, Line) and found.given is not None] or able
    if len(able) > 1:
        raise Invalid("feed", "more than one feed can read it", where=str(file),
                      hint="name one with --feed: " + ", ".join(each.name for each in able))  # fmt: skip
    return able[0]


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

    def told(self, file: str, seconds: float, dry_run: bool) -> dict[str, Any]:
        return {
            "file": file,
            "rows": self.rows,
            "stated": self.stated,
            "unchanged": self.unchanged,
            "released": self.released,
            "withheld": self.withheld,
            "problems": [{"line": line, "reason": reason} for line, reason in sorted(self.problems)],
            "seconds": round(seconds, 3),
            "dry_run": dry_run,
        }


def _import(home: Home, feed: Feed, lines: list[Line], dry_run: bool) -> Import:
    from mithaq.cli.reach import reach

    report = Import(len(lines), [(line.number, line.problem) for line in lines if line.given is None])
    good = [line for line in lines if line.given is not None]
    with reach(home) as reached:
        for chunk in _progress(chunks(good), len(good), feed.summary):
            _take(reached, feed, chunk, report, dry_run)
    return report


def _take(reached: Reached, feed: Feed, chunk: list[Line], report: Import, dry_run: bool) -> None:
    given: dict[str, Any] = {"rows": [line.given for line in chunk]}
    answer = reached.do(feed.command, given | ({"dry_run": True} if dry_run else {}))
    for line, taken in zip(chunk, rows_of(answer), strict=True):
        report.add(line.number, taken)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE:
            raise Malformed("too-large", f"the file is larger than {MAX_FILE} bytes", where=str(file), hint="split it")
        return file.read_bytes()
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(file)) from None


def _begins(feed: Feed, data: bytes, where: str) -> Line | MithaqError | None:
    """The first line that the feed makes of the file; None if it is empty; or why it cannot even be begun."""
    try:
        return next(feed.read(data, where), None)
    except MithaqError as problem:
        return problem


def _can_rehearse(capability: Capability, feed: Feed) -> bool:
    command = next(each for each in capability.commands if each.name == feed.command)
    return "dry_run" in {each.encode_name for each in fields_of(command.takes)}


def chunks(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines in parts that a node takes at once: so many rows, and no more than so many bytes."""
    chunk: list[Line] = []
    size = 0
    for line in lines:
        more = len(msgspec.json.encode(line.given))
        if chunk and (len(chunk) == CHUNK or size + more > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += more
    if chunk:
        yield chunk


def _progress(chunks: Iterable[list[Line]], total: int, what: str) -> Iterator[list[Line]]:
    """The chunks, with a bar on standard error while a person is watching."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=total)
        for chunk in chunks:
            yield chunk
            progress.advance(task, len(chunk))


def _tell(found: dict[str, Any]) -> str:
    released = ", ".join(f"{count} to {party}" for party, count in found["released"].items()) or "none"
    kept = "would be stated" if found["dry_run"] else "stated"
    lines = [
        f"{found['rows']} rows: {found['stated']} {kept}, {found['unchanged']} unchanged, "
        f"{len(found['problems'])} not taken; released: {released}; withheld: {found['withheld']}"
    ]
    lines += [f"  line {each['line']}: {shown(each['reason'])}" for each in found["problems"][:SHOWN_PROBLEMS]]
    hidden = len(found["problems"]) - SHOWN_PROBLEMS
    return "\n".join([*lines, f"  … and {hidden} more: use --json"] if hidden > 0 else lines)
