"""A log as the files of C2SP tlog-tiles: ``checkpoint``, ``tile/<level>/<index>`` and ``tile/entries/<index>``.

A tile that is not full has ``.p/<width>`` after its index. Entries are the salted commitments of messages, 32 bytes
each behind their length in two bytes, never the messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mithaq.kernel.link.log.tree import HASH, TILE_WIDTH
from mithaq.kernel.ports import Transaction

Place = tuple[str, int, int]
"""(level or ``entries``, index, width)."""


class File(Struct, frozen=True):
    """One file of the log, by its path."""

    path: str
    data: bytes


def places(size: int) -> Iterator[Place]:
    """Every tile of a log of this size, entries first, then level by level.

    >>> list(places(257))
    [('entries', 0, 256), ('entries', 1, 1), ('0', 0, 256), ('0', 1, 1), ('1', 0, 1)]
    """
    yield from (("entries", index, width) for index, width in _row(size))
    level = 0
    while size:
        yield from ((str(level), index, width) for index, width in _row(size))
        size //= TILE_WIDTH
        level += 1


def path_of(place: Place) -> str:
    """The path of a tile: groups of three digits, all but the last with an ``x``.

    >>> path_of(("0", 1234067, 256)), path_of(("1", 0, 7))
    ('tile/0/x001/x234/067', 'tile/1/000.p/7')
    """
    level, index, width = place
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def read_tile(tx: Transaction, link: str, place: Place) -> File:
    """One tile of this node's log of a link."""
    level, index, width = place
    if level == "entries":
        found = tx.links.page(link, after=index * TILE_WIDTH, limit=width)
        data = b"".join(HASH.to_bytes(2, "big") + message.entry for message in found)
    else:
        edge = tx.links.edge(link)
        full = tx.links.tile(link, int(level), index)
        data = full if full is not None else edge.tiles[int(level)][: width * HASH]
    return File(path_of(place), data)


def _row(count: int) -> Iterator[tuple[int, int]]:
    full, rest = divmod(count, TILE_WIDTH)
    yield from ((index, TILE_WIDTH) for index in range(full))
    if rest:
        yield full, rest
