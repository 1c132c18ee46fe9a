"""The Merkle tree of a link's log (RFC 9162 §2.1), kept as tiles of 256 hashes (C2SP tlog-tiles).

An Edge is all that appending needs: the size, and per tile level the hashes of the last, incomplete tile. Tile level
``L`` holds hashes of tree level ``8 L``; a tile that fills up is handed out to be kept, and its root goes one level up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from mithaq.kernel.shelves import Edge

HASH = 32
TILE_WIDTH = 256
EMPTY_ROOT = hashlib.sha256(b"").digest()

FullTile = tuple[int, int, bytes]
"""(tile level, index, 256 hashes)."""


def entry_of(salt: bytes, content: bytes) -> bytes:
    """The log entry of a message: a salted commitment to its exact bytes. Without the salt it tells nothing of them."""
    if len(salt) != 32:
        raise ValueError("a salt has 32 bytes")
    return hashlib.sha256(b"mithaq-entry/1\n" + salt + content).digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(edge: Edge, entries: Iterable[bytes]) -> tuple[Edge, list[FullTile]]:
    """The edge after these entries, and the tiles that they filled."""
    tiles = [bytearray(tile) for tile in edge.tiles]
    full: list[FullTile] = []
    size = edge.size
    for entry in entries:
        size += 1
        _push(tiles, full, 0, leaf_hash(entry), size - 1)
    return Edge(size, tuple(bytes(tile) for tile in tiles)), full


def _push(tiles: list[bytearray], full: list[FullTile], level: int, hash: bytes, index: int) -> None:
    """Put the ``index``-th hash of a tile level into its tile; a tile that is full moves up as one hash."""
    if level == len(tiles):
        tiles.append(bytearray())
    tiles[level] += hash
    if len(tiles[level]) == TILE_WIDTH * HASH:
        done = bytes(tiles[level])
        tiles[level] = bytearray()
        full.append((level, index // TILE_WIDTH, done))
        _push(tiles, full, level + 1, subtree(done), index // TILE_WIDTH)


def root(edge: Edge) -> bytes:
    """The root hash of the whole log. Incomplete subtrees join from the right, smallest first."""
    found: bytes | None = None
    for tile in edge.tiles:
        for part in _complete_parts(tile):
            found = part if found is None else node_hash(part, found)
    return EMPTY_ROOT if found is None else found


@lru_cache(maxsize=2048)
def subtree(hashes: bytes) -> bytes:
    """The root over a run of hashes whose number is a power of two. Remembered: a growing log asks again and again."""
    row = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _complete_parts(tile: bytes) -> list[bytes]:
    """Roots of the complete subtrees that an incomplete tile consists of, the smallest (rightmost) first."""
    count, parts, end = len(tile) // HASH, [], len(tile)
    for power in range(8):
        if count >> power & 1:
            start = end - (HASH << power)
            parts.append(subtree(tile[start:end]))
            end = start
    return parts
