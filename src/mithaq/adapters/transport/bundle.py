"""Bundles: sealed deliveries, or the sealed receipts that answer them, in files carried by hand.

A bundle is one line of canonical JSON, then frames: a length of four bytes (big endian) and so many sealed bytes. It
opens to nobody but the nation it is for, so it may travel on any medium. Where a medium is small, one bundle becomes
several files, each complete in itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from mithaq.errors import Invalid, Malformed
from mithaq.kernel import canonical
from mithaq.kernel.seal import MAX_SEALED
from mithaq.kernel.values import PartyId

MAX_HEAD = 512
_LENGTH = 4


class Head(Struct, frozen=True, forbid_unknown_fields=True, rename={"sender": "from", "receiver": "to"}):
    """The first line."""

    sender: PartyId
    receiver: PartyId
    holds: Literal["deliveries", "receipts"]
    format: Literal["mithaq-bundle/1"] = "mithaq-bundle/1"


def write_bundles(path: Path, head: Head, frames: Iterable[bytes], largest: int | None = None) -> list[Path]:
    """Write frames to files of at most ``largest`` bytes: ``path``, then ``name-2``, ``name-3``, … beside it.

    Each file is in place when it is whole. Invalid if one frame alone is larger, or a file cannot be written.
    """
    line = canonical.encode(head) + b"\n"
    written: list[Path] = []
    waiting: list[bytes] = []
    size = len(line)
    for frame in frames:
        needed = _LENGTH + len(frame)
        if largest is not None and len(line) + needed > largest:
            raise Invalid("size", f"one delivery alone needs {len(line) + needed} bytes", hint="allow larger files")
        if waiting and largest is not None and size + needed > largest:
            written.append(_write(_part(path, len(written) + 1), line, waiting))
            waiting, size = [], len(line)
        waiting.append(frame)
        size += needed
    if waiting:
        written.append(_write(_part(path, len(written) + 1), line, waiting))
    return written


def read_head(path: Path) -> Head:
    """The first line of a bundle; Malformed if the file is not one."""
    try:
        with path.open("rb") as file:
            line = file.readline(MAX_HEAD)
    except OSError as problem:
        raise Invalid("file", f"cannot be read: {problem.strerror}", where=str(path)) from None
    if not line.endswith(b"\n"):
        raise Malformed("bundle", "not a bundle", where=str(path), hint="see mithaq bundle write")
    return canonical.decode(line[:-1], Head)


def read_frames(path: Path) -> Iterator[bytes]:
    """The sealed documents of a bundle, one at a time. Malformed at the first that is cut off or too large."""
    with path.open("rb") as file:
        file.readline(MAX_HEAD)
        number = 0
        while prefix := file.read(_LENGTH):
            number += 1
            length = int.from_bytes(prefix, "big")
            if len(prefix) < _LENGTH or length > MAX_SEALED:
                raise Malformed("bundle", f"the length of part {number} cannot be right", where=str(path))
            frame = file.read(length)
            if len(frame) < length:
                raise Malformed(
                    "bundle", f"part {number} is cut off", where=str(path),
                    hint="what came before it was taken; copy the file again and read it again",
                )  # fmt: skip
            yield frame


def _part(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _write(path: Path, line: bytes, frames: list[bytes]) -> Path:
    part = path.with_name(f"{path.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(line)
            for frame in frames:
                file.write(len(frame).to_bytes(_LENGTH, "big") + frame)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise Invalid("file", f"cannot be written: {problem.strerror}", where=str(path)) from None
    return path
