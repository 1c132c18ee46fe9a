"""The log: appends, proofs and verifications a second in memory; and durable numbers a second, by batch size.

The peer is pymerkle, which appends in memory.
"""

from __future__ import annotations

import random
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import per_second, run
from mithaq.adapters.store.sql import open_store
from mithaq.kernel.link.log.proof import Tree, verify_inclusion
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.sequence import extend
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Edge, Message


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
        "durable_per_s_by_batch": durable(full),
        **peer(entries[:20_000]),
    }


def durable(full: bool) -> dict[int, int]:
    """Numbers a second in a store on disk, by how many share a commit: message, log and edge, flushed each time."""
    found = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        store = open_store(Path(folder) / "node.db")
        numbered = 0
        for batch, commits in ((1, 200), (10, 100), (100, 40), (500, 20 if full else 10)):
            started = time.perf_counter()
            for _ in range(commits):
                store.write(partial(number_some, numbered, batch)).result()
                numbered += batch
            found[batch] = round(batch * commits / (time.perf_counter() - started))
        store.close()
    return found


def number_some(after: int, count: int, tx: Transaction) -> None:
    """Number messages of a kilobyte and append them to the log."""
    entries = []
    for seq in range(after + 1, after + count + 1):
        content = b"%01024d" % seq
        entry = entry_of(bytes(32), content)
        tx.links.add(Message("JO>SA", seq, "record", bytes(32), content, entry, "waiting"))
        entries.append(entry)
    extend(tx, "JO>SA", entries)


def peer(entries: list[bytes]) -> dict[str, Any]:
    try:
        import pymerkle  # type: ignore[import-untyped]
    except ImportError:
        return {"pymerkle": None, "pymerkle_reason": "not installed: pip install mithaq[peers]"}
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    started = time.perf_counter()
    for entry in entries:
        tree.append_entry(entry)
    appends = round(len(entries) / (time.perf_counter() - started))
    same = tree.get_root() == root(append(Edge(), entries)[0])
    return {"pymerkle": {"appends_per_s": appends, "same_root": same}}


if __name__ == "__main__":
    run(measure)
