"""The committed vectors, read by this implementation and by the verifier that imports nothing of it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.keystore.seeds import OldSeeds, upgraded
from mithaq.adapters.transport.bundle import read_frames, read_head
from mithaq.errors import MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.link import receive
from mithaq.kernel.link.export import first_difference
from mithaq.kernel.link.log.proof import verify_consistency, verify_inclusion
from mithaq.kernel.link.log.tree import append, entry_of, leaf_hash, root
from mithaq.kernel.link.message import Delivery, Receipt
from mithaq.kernel.party import pinned, read_card
from mithaq.kernel.seal import unseal
from mithaq.kernel.shelves import Edge
from mithaq.kernel.statement import verified

HERE = Path(__file__).parent
VERIFIER = HERE.parent.parent / "tools" / "verify_link.py"


def load(name: str) -> Any:
    return json.loads((HERE / name).read_bytes())


def keys(party: str) -> KeyFile:
    return KeyFile(upgraded(canonical.read((HERE / f"{party}-keys.json").read_bytes(), OldSeeds)))


NOW = datetime(2026, 11, 20, tzinfo=UTC)
CARDS = {party: read_card((HERE / f"{party.lower()}-card.json").read_bytes()) for party in ("JO", "SA")}


@pytest.mark.parametrize("vector", load("canonical.json")["good"], ids=lambda each: each["sha256"][7:15])
def test_canonical_bytes(vector: dict[str, Any]) -> None:
    data = base64.b64decode(vector["canonical"])
    assert canonical.encode(vector["value"]) == data
    assert canonical.decode(data, object) == vector["value"]
    assert canonical.digest_of(vector["value"]) == vector["sha256"]


@pytest.mark.parametrize("vector", load("canonical.json")["refused"], ids=lambda each: each["why"])
def test_other_spellings_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(MithaqError):
        canonical.decode(base64.b64decode(vector["bytes"]), object)


def test_the_log() -> None:
    found = load("log.json")
    entries = []
    for each in found["entries"]:
        entry = entry_of(bytes.fromhex(each["salt"]), base64.b64decode(each["message"]))
        assert (entry.hex(), leaf_hash(entry).hex()) == (each["entry"], each["leaf"])
        entries.append(entry)
    roots = [bytes.fromhex(each) for each in found["roots"]]
    assert [root(append(Edge(), entries[:size])[0]) for size in range(len(entries) + 1)] == roots
    for each in found["inclusion"]:
        path = [bytes.fromhex(part) for part in each["path"]]
        verify_inclusion(entries[each["index"]], each["index"], each["size"], path, roots[each["size"]])
    for each in found["consistency"]:
        path = [bytes.fromhex(part) for part in each["path"]]
        verify_consistency(each["old"], each["new"], path, roots[each["old"]], roots[each["new"]])


def test_what_crossed() -> None:
    seen = set()
    for each in load("crossed.json")["crossed"]:
        sender, plain = unseal(base64.b64decode(each["sealed_delivery"]), keys("sa"), me="SA")
        delivery = canonical.decode(plain, Delivery)
        assert sender == "JO"
        receive.check(delivery, me="SA", ring=pinned(CARDS["JO"]).ring, at=NOW)
        seen |= {"question"} if not delivery.messages else {"overtaking" if delivery.overtakes else "run"}
        seen |= {str(one.tombstone) for one in delivery.messages if one.tombstone}
        _, envelope = unseal(base64.b64decode(each["sealed_receipt"]), keys("jo"), me="JO")
        receipt = verified("receipt", envelope, Receipt, CARDS["SA"].keys)
        assert receipt.outcome == each["outcome"]
    assert seen == {"question", "overtaking", "run", "recalled"}


def test_the_bundle() -> None:
    assert read_head(HERE / "jo-sa.bundle").receiver == "SA"
    numbers = []
    for sealed in read_frames(HERE / "jo-sa.bundle"):
        _, plain = unseal(sealed, keys("sa"), me="SA")
        numbers += [one.seq for one in canonical.decode(plain, Delivery).messages]
    assert numbers == list(range(1, 14))


@pytest.mark.parametrize(
    "words",
    [
        ["export", "jo.ndjson", "--sender", "jo-card.json", "--receiver", "sa-card.json"],
        ["export", "sa.ndjson", "--sender", "jo-card.json"],
        ["proof", "7.tlog-proof", "--sender", "jo-card.json", "--message", "7.json"],
    ],
)
def test_the_other_verifier(words: list[str]) -> None:
    run = subprocess.run([sys.executable, VERIFIER, *words], cwd=HERE, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.startswith("holds")) == (0, True), run.stdout + run.stderr


def test_both_sides_are_the_same() -> None:
    with (HERE / "jo.ndjson").open("rb") as ours, (HERE / "sa.ndjson").open("rb") as theirs:
        assert first_difference(iter(ours), iter(theirs)) == ""
