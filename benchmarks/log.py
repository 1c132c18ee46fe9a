"""The log: appends, proofs and verifications a second; the peer is pymerkle, where it is installed."""

from __future__ import annotations

import random
import time
from typing import Any

from benchmarks.measure import per_second, run
from mithaq.kernel.link.log.proof import Tree, verify_inclusion
from mithaq.kernel.link.log.tree import append, root
from mithaq.kernel.ports import Edge


def measure(full: bool, seed: int) -> dict[str, Any]:
    size = 1_000_000 if full else 100_000
    draw = random.Random(seed)
    entries = [draw.randbytes(32) for _ in range(size)]
    edge, filled = append(Edge(), entries)
    tiles = {(level, index): hashes for level, index, hashes in filled}

    def tree() -> Tree:
        return Tree(edge, lambda level, index: tiles.get((level, index)))

    made, signed = tree(), root(edge)
    index = draw.randrange(size)
    path = made.inclusion(index)

    def verify() -> int:
        verify_inclusion(entries[index], index, size, path, signed)
        return 1

    def append_batch() -> int:
        append(edge, entries[:500])
        return 500

    return {
        "size": size,
        "appends_per_s": per_second(append_batch),
        "proofs_per_s": per_second(lambda: bool(tree().inclusion(draw.randrange(size))) * 1),
        "proofs_per_s_in_a_batch": per_second(lambda: bool(made.inclusion(draw.randrange(size))) * 1),
        "verifications_per_s": per_second(verify),
        "pymerkle": peer(entries[:20_000]),
    }


def peer(entries: list[bytes]) -> dict[str, Any] | None:
    try:
        import pymerkle  # type: ignore[import-untyped]
    except ImportError:
        return None
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    started = time.perf_counter()
    for entry in entries:
        tree.append_entry(entry)
    appends = round(len(entries) / (time.perf_counter() - started))
    return {"appends_per_s": appends, "same_root": tree.get_root() == root(append(Edge(), entries)[0])}


if __name__ == "__main__":
    run(measure)
