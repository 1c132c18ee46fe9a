"""Verifiers that others wrote accept our proofs and roots, and reject forged ones."""

from __future__ import annotations

import os
import secrets
from types import SimpleNamespace
from typing import Any

import pymerkle  # type: ignore[import-untyped]
import pytest
import scitt_cose  # type: ignore[import-untyped]
import sigstore._internal.merkle as sigstore_merkle

from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.log.tree import append, root
from mithaq.kernel.shelves import Edge

COUNT = 777
ENTRIES = [os.urandom(32) for _ in range(COUNT)]
EDGE, FULL = append(Edge(), ENTRIES)
TREE = Tree(EDGE, lambda level, index: {(a, b): hashes for a, b, hashes in FULL}.get((level, index)))
DRAWS = [(size, secrets.randbelow(size)) for size in (secrets.randbelow(COUNT - 2) + 2 for _ in range(200))]


def test_scitt_cose_accepts_inclusion_and_rejects_forgeries() -> None:
    for size, index in DRAWS:
        path, signed = [part.hex() for part in TREE.inclusion(index, size)], TREE.root(size).hex()
        assert scitt_cose.verify_inclusion(ENTRIES[index].hex(), index, size, path, signed)
        assert not scitt_cose.verify_inclusion(os.urandom(32).hex(), index, size, path, signed)


def test_scitt_cose_accepts_consistency_and_rejects_forgeries() -> None:
    for size, index in DRAWS:
        old = max(1, index)
        path = [part.hex() for part in TREE.consistency(old, size)]
        ours, signed = TREE.root(old).hex(), TREE.root(size).hex()
        assert scitt_cose.verify_consistency(ours, signed, old, size, path)
        assert not scitt_cose.verify_consistency(os.urandom(32).hex(), signed, old, size, path)


def test_sigstore_accepts_inclusion_and_rejects_forgeries() -> None:
    for size, index in DRAWS:
        proof = SimpleNamespace(
            log_index=index, tree_size=size, hashes=TREE.inclusion(index, size), root_hash=TREE.root(size)
        )
        sigstore_merkle.verify_merkle_inclusion(_entry(proof, ENTRIES[index]))
        with pytest.raises(Exception, match="root"):
            sigstore_merkle.verify_merkle_inclusion(_entry(proof, os.urandom(32)))


def test_pymerkle_builds_the_same_root() -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        tree.append_entry(entry)
    assert tree.get_root() == root(EDGE)
    tree.append_entry(b"one more")
    assert tree.get_root() != root(EDGE)


def _entry(proof: object, body: bytes) -> Any:
    return SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=body))
