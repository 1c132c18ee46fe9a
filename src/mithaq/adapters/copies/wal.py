"""Reading SQLite's write-ahead log: which pages were committed since a place in it.

The format is SQLite's own (its documentation, *File Format*, section 4): a header of 32 bytes, then frames of 24 bytes
and a page. Frames are chained by a checksum, and the last frame of a commit tells the size of the database after it.
What is not whole, or was not committed, is not read.
"""

from __future__ import annotations

import struct
from pathlib import Path

from msgspec import Struct

HEADER, FRAME = 32, 24
_MAGIC = (0x377F0682, 0x377F0683)


class Place(Struct, frozen=True):
    """So many frames of the log that begins with these salts were read. ``sums``: the checksum there."""

    salts: bytes = b""
    frames: int = 0
    sums: tuple[int, int] = (0, 0)


class Pages(Struct, frozen=True):
    """The newest content of each page that changed, how many pages the database has after it, and where to go on."""

    place: Place
    count: int
    pages: dict[int, bytes]
    page_size: int


def read(log: Path, since: Place) -> Pages:
    """What was committed since a place; from the beginning, where the log was begun anew."""
    try:
        data = _Log(log.read_bytes() if since.salts == b"" else _from(log, since))
    except FileNotFoundError:
        return Pages(since, 0, {}, 0)
    return data.committed(since)


class _Log:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def committed(self, since: Place) -> Pages:
        if len(self._data) < HEADER:
            return Pages(since, 0, {}, 0)
        magic, _, page_size, _ = struct.unpack(">4I", self._data[:16])
        salts = self._data[16:24]
        order = ">" if magic == _MAGIC[1] else "<"
        sums = _sums(order, self._data[:24], (0, 0))
        if magic not in _MAGIC or sums != struct.unpack(">2I", self._data[24:32]):
            return Pages(since, 0, {}, 0)
        place = since if since.salts == salts else Place(salts, 0, sums)
        at = HEADER + (0 if since.salts == salts else place.frames) * (FRAME + page_size)
        frames, sums = place.frames, place.sums
        found: dict[int, bytes] = {}
        waiting: dict[int, bytes] = {}
        count = 0
        while at + FRAME + page_size <= len(self._data):
            head, page = self._data[at : at + FRAME], self._data[at + FRAME : at + FRAME + page_size]
            if head[8:16] != salts:
                break
            sums = _sums(order, page, _sums(order, head[:8], sums))
            if sums != struct.unpack(">2I", head[16:24]):
                break
            number, after = struct.unpack(">2I", head[:8])
            waiting[number] = page
            at, frames = at + FRAME + page_size, frames + 1
            if after:
                found.update(waiting)
                waiting.clear()
                count, place = after, Place(salts, frames, sums)
        return Pages(place, count, {n: page for n, page in found.items() if n <= count}, page_size)


def _from(log: Path, since: Place) -> bytes:
    """The header and what follows on a place: what was read before is not read again, if the log is the same."""
    with log.open("rb") as file:
        head = file.read(HEADER)
        if head[16:24] == since.salts:
            page_size = struct.unpack(">I", head[8:12])[0]
            file.seek(HEADER + since.frames * (FRAME + page_size))
        return head + file.read()


def _sums(order: str, data: bytes, start: tuple[int, int]) -> tuple[int, int]:
    one, two = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        one = (one + words[index] + two) & 0xFFFFFFFF
        two = (two + words[index + 1] + one) & 0xFFFFFFFF
    return one, two
