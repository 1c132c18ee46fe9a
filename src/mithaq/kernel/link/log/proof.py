"""Inclusion and consistency proofs (RFC 9162 §2.1.3 and §2.1.4): made from tiles, verified from hashes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mithaq.errors import Untrusted
from mithaq.kernel.link.log.tree import EMPTY_ROOT, HASH, leaf_hash, node_hash, subtree
from mithaq.kernel.shelves import Edge

ReadTile = Callable[[int, int], bytes | None]


class Tree:
    """Proofs over one log up to ``edge.size``. Node hashes are remembered, so the proofs of a batch are cheap."""

    def __init__(self, edge: Edge, read_tile: ReadTile) -> None:
        self._edge = edge
        self._read_tile = read_tile
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` entries (all of them by default)."""
        size = self._edge.size if size is None else size
        self._within(size)
        return EMPTY_ROOT if size == 0 else self._range(0, size)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The path that proves entry ``index`` (from 0) to the root at ``size``."""
        size = self._edge.size if size is None else size
        self._within(size)
        if not 0 <= index < size:
            raise ValueError(f"no entry {index} in a log of size {size}")
        return self._path(index, 0, size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The path that proves the log at ``old`` (> 0) to be the beginning of the log at ``new``."""
        new = self._edge.size if new is None else new
        self._within(new)
        if not 0 < old <= new:
            raise ValueError(f"no consistency from size {old} to {new}")
        return self._subproof(old, 0, new, complete=True)

    def _within(self, size: int) -> None:
        if not 0 <= size <= self._edge.size:
            raise ValueError(f"the log has {self._edge.size} entries, not {size}")

    def _path(self, index: int, low: int, high: int) -> list[bytes]:
        if high - low == 1:
            return []
        middle = low + _split(high - low)
        if index < middle:
            return [*self._path(index, low, middle), self._range(middle, high)]
        return [*self._path(index, middle, high), self._range(low, middle)]

    def _subproof(self, old: int, low: int, high: int, complete: bool) -> list[bytes]:
        if old == high:
            return [] if complete else [self._range(low, high)]
        middle = low + _split(high - low)
        if old <= middle:
            return [*self._subproof(old, low, middle, complete), self._range(middle, high)]
        return [*self._subproof(old, middle, high, False), self._range(low, middle)]

    def _range(self, low: int, high: int) -> bytes:
        """The hash over entries [low, high); ``low`` is a multiple of the largest power of two below the width."""
        width = high - low
        if width & (width - 1) == 0:
            return self._node(width.bit_length() - 1, low // width)
        middle = low + _split(width)
        return node_hash(self._range(low, middle), self._range(middle, high))

    def _node(self, level: int, index: int) -> bytes:
        """The complete node ``index`` of a tree level, from the tile that holds what is below it."""
        known = self._nodes.get((level, index))
        if known is None:
            below = level % 8
            first = index << below
            tile = self._tile(level // 8, first // 256)
            start = first % 256 * HASH
            known = self._nodes[level, index] = subtree(tile[start : start + (HASH << below)])
        return known

    def _tile(self, level: int, index: int) -> bytes:
        known = self._tiles.get((level, index))
        if known is None:
            last = index == (self._edge.size >> (8 * level)) // 256
            found = self._edge.tiles[level] if last else self._read_tile(level, index)
            if found is None:
                raise Untrusted("tile", f"tile {level}/{index} of the log is missing", hint="restore the node's store")
            known = self._tiles[level, index] = found
        return known


def verify_inclusion(entry: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """``entry`` is number ``index`` (from 0) of the log of that size and root; else Untrusted. RFC 9162 §2.1.3.2."""
    if not 0 <= index < size:
        raise Untrusted("proof", f"entry {index} cannot be in a log of size {size}")
    node, last, found = index, size - 1, leaf_hash(entry)
    for part in path:
        if last == 0 or len(part) != HASH:
            raise Untrusted("proof", "the inclusion proof has the wrong length")
        if node & 1 or node == last:
            found = node_hash(part, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, part)
        node, last = node >> 1, last >> 1
    if last != 0 or found != root:
        raise Untrusted("proof", "the inclusion proof does not lead to the signed root")


def verify_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """The log of size ``old`` is the beginning of the log of size ``new``; else Untrusted. RFC 9162 §2.1.4.2."""
    if not 0 < old <= new:
        raise Untrusted("proof", f"no log of size {old} is the beginning of one of size {new}")
    if old == new:
        if path or old_root != new_root:
            raise Untrusted("proof", "two roots for one size")
        return
    parts = [old_root, *path] if old & (old - 1) == 0 else list(path)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not parts or any(len(part) != HASH for part in parts):
        raise Untrusted("proof", "the consistency proof has the wrong length")
    before = after = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise Untrusted("proof", "the consistency proof has the wrong length")
        if node & 1 or node == last:
            before, after = node_hash(part, before), node_hash(part, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, part)
        node, last = node >> 1, last >> 1
    if last != 0 or before != old_root or after != new_root:
        raise Untrusted("proof", "the consistency proof does not join the two roots")


def _split(width: int) -> int:
    """The largest power of two smaller than ``width``."""
    return 1 << ((width - 1).bit_length() - 1)
