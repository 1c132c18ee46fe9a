"""Following a folder that a store is shipped to: base, then increment after increment, onto a store of our own.

An increment is written whole and flushed before it is noted as done. One that was broken off is written again: the same
pages with the same bytes. Nobody may open the store meanwhile.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgspec
from msgspec import Struct

from mithaq.adapters.copies.sealed_file import Secret, open_file, open_stream
from mithaq.adapters.copies.ship import BASE, Changed
from mithaq.errors import NotFound, Untrusted

LARGEST = 1 << 31


class Followed(Struct, frozen=True):
    """Which generation this store follows, and how many increments of it it has."""

    generation: str = ""
    number: int = 0


def generations(folder: Path) -> list[str]:
    """The generations of a folder that are complete, the newest last."""
    return sorted(path.parent.name for path in folder.glob(f"[0-9]*/{BASE}"))


def newest(folder: Path) -> str:
    found = generations(folder)
    if not found:
        raise NotFound("standby", "nothing was shipped here yet", where=str(folder), hint="mithaq standby ship")
    return found[-1]


def follow(folder: Path, store: Path, secret: Secret, noted: Path) -> Followed:
    """Bring a store up to what was shipped. Safe to break off, and to do again."""
    at, generation = read_noted(noted), newest(folder)
    if at.generation != generation or not store.exists():
        for leftover in store.parent.glob(store.name + "-*"):
            leftover.unlink()
        fresh = store.with_name(f".{store.name}.base")
        open_file(folder / generation / BASE, fresh, secret, f"{generation}/{BASE}")
        fresh.replace(store)
        at = _note(noted, Followed(generation, 0))
    while (path := folder / generation / f"{at.number + 1:08}.sealed").exists():
        _apply(store, path, secret, f"{generation}/{path.name}")
        at = _note(noted, Followed(generation, at.number + 1))
    return at


def read_noted(noted: Path) -> Followed:
    try:
        return msgspec.json.decode(noted.read_bytes(), type=Followed)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Followed()


def _apply(store: Path, path: Path, secret: Secret, name: str) -> None:
    packed = b"".join(open_stream(path, secret, name))
    change = msgspec.msgpack.decode(zlib.decompress(packed), type=Changed)
    if not 0 < change.count * change.page_size < LARGEST * 4096:
        raise Untrusted("standby", "this is no increment of a store", where=str(path))
    handle = os.open(store, os.O_RDWR)
    try:
        for number, page in change.pages.items():
            os.pwrite(handle, page, (number - 1) * change.page_size)
        os.ftruncate(handle, change.count * change.page_size)
        os.fsync(handle)
    finally:
        os.close(handle)


def _note(noted: Path, at: Followed) -> Followed:
    fresh = noted.with_name(noted.name + ".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(at))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(noted)
    return at
