"""Spools: folders of bundles that a data diode or a courier carries one way, in order, none taken before it is whole.

``JO-SA-000000000001-000000000120.bundle`` holds the numbers 1 to 120 from JO to SA, so names sort as they are to be
taken. ``….bundle.sha256`` beside it (as ``sha256sum -c`` reads it) is written last: a bundle without it, or that does
not match it yet, is still on its way. Receipts are named by when they were made: ``JO-SA-20261125T101500Z-….receipts``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from msgspec import Struct

from mithaq.adapters.transport.bundle import Head, write_bundles
from mithaq.errors import Invalid

SUM = ".sha256"
LATE = 300.0  # seconds that a file may stay as it is without matching its sum, before it is set aside
_NAME = re.compile(r"[A-Z]{2}-[A-Z]{2}-[0-9TZ]+-[0-9a-f]+\.(bundle|receipts)")
_PIECE = 1024 * 1024


class Lying(Struct, frozen=True):
    """A file of a spool: ``whole``, ``coming`` (wait for the rest) or ``bad`` with the reason."""

    path: Path
    state: str
    reason: str = ""


def place(folder: Path, head: Head, first: int, last: int, frames: list[bytes]) -> Path:
    """Put one bundle of these numbers into a spool: the file, then its sum. Durable when it returns."""
    name = f"{head.sender}-{head.receiver}-{first:012}-{last:012}.bundle"
    return _placed(folder / name, head, frames)


def place_receipts(folder: Path, head: Head, at: str, frames: list[bytes]) -> Path:
    """Put receipts into a spool, named by the moment and by what they are."""
    named = hashlib.sha256(b"".join(frames)).hexdigest()[:16]
    return _placed(folder / f"{head.sender}-{head.receiver}-{at}-{named}.receipts", head, frames)


def lying(folder: Path, now: float) -> list[Lying]:
    """The bundles and receipts of a spool in the order in which they are to be taken; ``now``: seconds since 1970.

    What is not named like one is left alone: it is not ours.
    """
    found = []
    for path in sorted(folder.iterdir()):
        if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            found.append(_looked_at(path, now))
    return found


def held(folder: Path) -> int:
    """Bytes of bundles that still lie in a spool."""
    return sum(path.stat().st_size for path in folder.glob("*.bundle"))


def done(path: Path) -> None:
    """A file that was taken goes: its sum last, so that nothing looks whole that is not."""
    path.unlink(missing_ok=True)
    _sum_of(path).unlink(missing_ok=True)


def set_aside(path: Path, reason: str) -> Path:
    """Move a file that cannot be taken into ``bad`` beside it, with why. It is kept for a person to look at."""
    folder = path.parent / "bad"
    folder.mkdir(mode=0o700, exist_ok=True)
    aside = folder / path.name
    path.replace(aside)
    if _sum_of(path).exists():
        _sum_of(path).replace(folder / _sum_of(path).name)
    aside.with_name(f"{path.name}.reason").write_text(f"{reason}\n", encoding="utf-8")
    return aside


def numbers(path: Path) -> tuple[int, int]:
    """The first and last number that the name of a bundle tells; (0, 0) of receipts. The name proves nothing."""
    if path.suffix != ".bundle":
        return 0, 0
    _, _, first, last = path.stem.split("-")
    return int(first), int(last)


def _placed(path: Path, head: Head, frames: list[bytes]) -> Path:
    write_bundles(path, head, frames)
    content = f"{_digest(path)}  {path.name}\n"
    part = _sum_of(path).with_suffix(".part")
    try:
        part.write_text(content, encoding="ascii")
        part.replace(_sum_of(path))
    except OSError as problem:
        raise Invalid("file", f"cannot be written: {problem.strerror}", where=str(path)) from None
    return path


def _looked_at(path: Path, now: float) -> Lying:
    try:
        expected, _, named = _sum_of(path).read_text(encoding="ascii").strip().partition("  ")
    except FileNotFoundError:
        return _coming(path, now, "its sum did not come")
    except UnicodeDecodeError:
        expected, named = "", path.name
    if named == path.name and expected == _digest(path):
        return Lying(path, "whole")
    return _coming(path, now, "it is not what its sum says: cut off, or changed on its way")


def _coming(path: Path, now: float, reason: str) -> Lying:
    late = now - path.stat().st_mtime > LATE
    return Lying(path, "bad" if late else "coming", reason)


def _sum_of(path: Path) -> Path:
    return path.with_name(path.name + SUM)


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
