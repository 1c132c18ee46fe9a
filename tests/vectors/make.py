"""Writes the test vectors of docs/protocol.md anew: ``python -m tests.vectors.make``. Keys are fresh and of nobody."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

from mithaq.adapters.transport.bundle import Head, write_bundles
from mithaq.kernel import canonical
from mithaq.kernel.link.export import page
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.log.proof_file import ProofFile, write_proof
from mithaq.kernel.link.log.tree import append, entry_of, leaf_hash, root
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.shelves import Edge
from tests.worlds import World, alert, two_nations

HERE = Path(__file__).parent
LEAVES = 11


def main() -> None:
    write("canonical.json", canonical_vectors())
    write("log.json", log_vectors())
    with tempfile.TemporaryDirectory() as folder, two_nations(Path(folder)) as world:
        link_vectors(world)


def canonical_vectors() -> dict[str, Any]:
    """Values and their canonical bytes; and spellings that must be refused."""
    values: list[Any] = [
        {"b": 1, "a": [True, None, "ميثاق"], "_": {}},
        {"text": 'quote " backslash \\ newline \n tab \t nul \x00 é €'},
        [0, -1, 2**53 - 1, -(2**53 - 1)],
        {"z": {"y": {"x": "深"}}, "a": ""},
    ]
    good = [{"value": each, "canonical": b64(canonical.encode(each)), "sha256": digest(each)} for each in values]
    refused = [
        ('{"a":1.0}', "a float"), ('{"a":9007199254740992}', "an integer beyond 2^53 - 1"),
        ('{"a":1,"a":1}', "a key twice"), ('{"b":1,"a":1}', "keys not in order"),
        ('{ "a":1}', "white space"), ('"\\u0041"', "another spelling of A"),
        ('"e\u0301"', "not in normal form C"), ('{"é":1}', "a key that is not ASCII"),
        ('"\\ud800"', "a lone surrogate"),
        ("NaN", "not a number"), ("-0", "minus zero"), ("\ufeff1", "a byte order mark"),
    ]  # fmt: skip
    return {"good": good, "refused": [{"bytes": b64(text.encode()), "why": why} for text, why in refused]}


def log_vectors() -> dict[str, Any]:
    """A small log: entries, the root at every size, and proofs."""
    messages = [f"message {n}".encode() for n in range(LEAVES)]
    salts = [bytes([n]) * 32 for n in range(LEAVES)]
    entries = [entry_of(salt, message) for salt, message in zip(salts, messages, strict=True)]
    edge, _ = append(Edge(), entries)
    tree = Tree(edge, lambda level, index: None)
    return {
        "entries": [
            {"salt": salt.hex(), "message": b64(message), "entry": entry.hex(), "leaf": leaf_hash(entry).hex()}
            for salt, message, entry in zip(salts, messages, entries, strict=True)
        ],
        "roots": [root(append(Edge(), entries[:size])[0]).hex() for size in range(LEAVES + 1)],
        "inclusion": [
            {"index": index, "size": size, "path": [part.hex() for part in tree.inclusion(index, size)]}
            for size in (1, 7, LEAVES)
            for index in range(size)
        ],
        "consistency": [
            {"old": old, "new": LEAVES, "path": [part.hex() for part in tree.consistency(old)]}
            for old in range(1, LEAVES + 1)
        ],
    }


def link_vectors(world: World) -> None:
    """What crosses a link, as bytes: a question, an overtaking flash, runs, receipts; and the auditor's files."""
    for party, nation in world.rehearsal.nations.items():
        (HERE / f"{party.lower()}-card.json").write_bytes(nation.home.card.read_bytes())
        (HERE / f"{party.lower()}-keys.json").write_bytes(nation.home.keys.read_bytes())
    crossed: list[dict[str, str]] = []
    honest = world.sa.receive

    def receive(sealed: bytes) -> Answer:
        answer = honest(sealed)
        crossed.append(
            {"sealed_delivery": b64(sealed), "sealed_receipt": b64(answer.sealed), "outcome": answer.outcome}
        )
        return answer

    world.wire.join("SA", receive)
    for n in range(LEAVES):
        world.jo.do("intelligence.alert-vehicle", alert(plate=f"V-{n}"), who=HOME).result()
    stated = world.jo.do("intelligence.alert-vehicle", alert(plate="F-1", flash=True), who=HOME).result()
    doomed = world.jo.do("intelligence.alert-vehicle", alert(plate="R-1"), who=HOME).result()
    world.jo.do("link.recall", {"id": doomed.id}, who=HOME).result()
    frames = [sealed for _, sealed in world.jo.pack("SA", after=0, size=4096)]
    (HERE / "jo-sa.bundle").unlink(missing_ok=True)
    write_bundles(HERE / "jo-sa.bundle", Head("JO", "SA", "deliveries"), frames)
    world.jo.line("SA").size = 4096
    world.step()
    write("crossed.json", {"link": "JO>SA", "flash": stated.id, "crossed": crossed})
    for party, node in (("jo", world.jo), ("sa", world.sa)):
        lines = [canonical.write_line({"link": "JO>SA", "by": party.upper(), "format": "mithaq-export/1"})]
        with node.store.read() as tx:
            after: int | None = 0
            while after is not None:
                found = page(tx, "JO>SA", after)
                lines += [canonical.write_line(line) for line in found.lines]
                after = found.after
        (HERE / f"{party}.ndjson").write_bytes(b"".join(lines))
    with world.jo.store.read() as tx:
        message, note, edge = tx.links.get("JO>SA", 7), tx.links.checkpoint("JO>SA"), tx.links.edge("JO>SA")
    assert message is not None
    assert message.content is not None
    path = tuple(Tree(edge, lambda level, index: None).inclusion(6))
    (HERE / "7.tlog-proof").write_text(write_proof(ProofFile(6, path, note or "", message.salt)))
    (HERE / "7.json").write_bytes(message.content)


def write(name: str, value: object) -> None:
    (HERE / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def digest(value: object) -> str:
    return canonical.digest_of(value)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    main()
