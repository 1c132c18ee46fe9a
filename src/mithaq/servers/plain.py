"""A folder of plain files: one of lines (NDJSON) for each part, a table (CSV) of records, a README, and checksums."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

from mithaq.errors import Clash

PARTS = ("records", "decisions", "statements", "links")
TABLE = ("record", "version", "kind", "origin", "exercise", "purpose", "left_out")
Ask = Callable[[str, dict[str, Any]], Any]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(folder: Path, ask: Ask, *, audit: bool, about: dict[str, Any]) -> dict[str, int]:
    """Fill a new folder by asking the node page by page; how many lines each file has. Clash if there is one.

    ``audit``: also the audit log, which only oversight may read.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Clash("folder", "this folder is not empty", where=str(folder), hint="choose a new one")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    left: dict[str, int] = {}
    for part in PARTS:
        with _file(folder / f"{part}.ndjson") as lines:
            counts[part] = 0
            for page in _pages(ask, "export.page", {"part": part}):
                for name, count in page["left_out"].items():
                    left[name] = left.get(name, 0) + count
                counts[part] += _put(lines, page["lines"])
    if audit:
        with _file(folder / "audit.ndjson") as lines:
            counts["audit"] = sum(_put(lines, page["lines"]) for page in _pages(ask, "audit.list", {"limit": 1000}))
    _table(folder)
    with _file(folder / "about.json") as file:
        json.dump({**about, "lines": counts, "left_out": left}, file, ensure_ascii=False, indent=1)
    with _file(folder / "README.md") as file:
        file.write((resources.files("mithaq.servers") / "plain.md").read_text(encoding="utf-8"))
    _checksums(folder)
    return {**counts, **{f"left_out_{name}": count for name, count in left.items()}}


def _pages(ask: Ask, name: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        page = ask(name, {**given, "after": after})
        yield page
        after = page["after"]


def _put(file: TextIO, lines: list[dict[str, Any]]) -> int:
    for line in lines:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(lines)


def _table(folder: Path) -> None:
    """Records as a table: what every record has, and each field that any of them has."""
    fields: dict[str, None] = {}
    for line in _lines(folder / "records.ndjson"):
        fields.update(dict.fromkeys(line.get("fields", {})))
    with _file(folder / "records.csv") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*TABLE, *(f"field {name}" for name in fields)])
        for line in _lines(folder / "records.ndjson"):
            held = line.get("fields", {})
            rows.writerow([*(_cell(line.get(name)) for name in TABLE), *(_cell(held.get(name)) for name in fields)])


def _cell(value: Any) -> str:
    """One value as text that a spreadsheet does not run."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _checksums(folder: Path) -> None:
    """In the form that sha256sum --check reads."""
    names = sorted(path.name for path in folder.iterdir())
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    with _file(folder / "SHA256SUMS") as file:
        file.writelines(sums)


def _file(path: Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")
