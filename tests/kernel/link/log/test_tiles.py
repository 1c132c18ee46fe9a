"""A log as files of C2SP tlog-tiles: whoever has only the files computes the signed root."""

from __future__ import annotations

import pymerkle  # type: ignore[import-untyped]
import pytest

from mithaq.kernel.link.log.checkpoint import read_checkpoint
from mithaq.kernel.link.log.tiles import path_of
from mithaq.kernel.link.log.tree import leaf_hash
from mithaq.kernel.people.actor import HOME
from tests.worlds import World, alert


@pytest.mark.parametrize("count", [1, 255, 256, 257, 600])
def test_the_files_give_the_signed_root(world: World, count: int) -> None:
    for first in range(0, count, 500):
        rows = [alert(plate=f"P-{n}") for n in range(first, min(first + 500, count))]
        world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
    files: dict[str, bytes] = {}
    after: int | None = 0
    while after is not None:
        page = world.jo.ask("link.tiles", {"sender": "JO", "receiver": "SA", "after": after}, who=HOME)
        files |= {each.path: each.data for each in page.files}
        after = page.after
    signed, _ = read_checkpoint(files["checkpoint"].decode())
    bundles = [data for path, data in sorted(files.items()) if path.startswith("tile/entries/")]
    entries = [data[at + 2 : at + 34] for data in bundles for at in range(0, len(data), 34)]
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        theirs.append_entry(entry)
    assert (signed.size, signed.root) == (count, theirs.get_root())
    leaves = b"".join(data for path, data in sorted(files.items()) if path.startswith("tile/0/"))
    assert leaves == b"".join(map(leaf_hash, entries))


def test_places_have_the_paths_of_the_specification() -> None:
    assert path_of(("entries", 1000, 256)) == "tile/entries/x001/000"
    assert path_of(("0", 273, 112)) == "tile/0/273.p/112"
