"""The log: RFC 9162 trees kept as tiles, proofs that hold and cannot be forged, and signed checkpoints."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from mithaq.adapters.keystore.file import KeyFile
from mithaq.errors import Malformed, MithaqError, Unavailable, Untrusted
from mithaq.kernel.link.log.checkpoint import (
    Checkpoint,
    is_signed_with,
    origin,
    sign_checkpoint,
    verify_checkpoint,
    verify_checkpoint_any,
)
from mithaq.kernel.link.log.note import ED25519, key_id, read_note, write_note
from mithaq.kernel.link.log.proof import Tree, verify_consistency, verify_inclusion
from mithaq.kernel.link.log.tree import append, entry_of, leaf_hash, node_hash, root
from mithaq.kernel.shelves import Edge
from tests.examples import examples

KEYS = KeyFile.generate()
SIZES = st.one_of(st.integers(1, 20), st.integers(250, 260), st.integers(500, 520), st.integers(1, 900))


def entries(count: int) -> list[bytes]:
    return [hashlib.sha256(b"%d" % n).digest() for n in range(count)]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def tree(count: int) -> Tree:
    edge, full = append(Edge(), entries(count))
    tiles = {(level, index): hashes for level, index, hashes in full}
    return Tree(edge, lambda level, index: tiles.get((level, index)))


@examples(20)
@given(SIZES, st.data())
def test_roots_and_proofs_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    leaves, made = entries(size), tree(size)
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, old - 1))
    assert made.root() == naive_root(leaves)
    assert made.root(old) == naive_root(leaves[:old])
    verify_inclusion(leaves[index], index, old, made.inclusion(index, old), naive_root(leaves[:old]))
    verify_consistency(old, size, made.consistency(old), naive_root(leaves[:old]), naive_root(leaves))


@given(st.integers(0, 600), st.integers(0, 600))
@examples(15)
def test_appending_in_parts_gives_the_same_log(first: int, more: int) -> None:
    leaves = entries(first + more)
    half, _ = append(Edge(), leaves[:first])
    parts, _ = append(half, leaves[first:])
    assert parts == append(Edge(), leaves)[0]
    assert root(parts) == naive_root(leaves)


def test_a_log_past_the_second_level_of_tiles() -> None:
    made = tree(66_000)
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        verify_inclusion(entries(66_000)[index], index, 66_000, made.inclusion(index), made.root())


@examples(20)
@given(st.integers(2, 300), st.data())
def test_a_proof_that_was_touched_does_not_hold(size: int, data: st.DataObject) -> None:
    made, leaves = tree(size), entries(size)
    index = data.draw(st.integers(0, size - 1))
    path = made.inclusion(index)
    at = data.draw(st.integers(0, len(path) - 1))
    flipped = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
    for entry, where, tried in (
        (leaves[index], index, flipped),
        (leaves[index], index, path[:-1]),
        (leaves[index], index, [*path, path[0]]),
        (leaves[(index + 1) % size], index, path),
        (leaves[index], size, path),
    ):
        with pytest.raises(Untrusted):
            verify_inclusion(entry, where, size, tried, made.root())


@examples(20)
@given(st.integers(2, 300), st.data())
def test_a_forked_log_is_not_consistent(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    made = tree(size)
    forged = naive_root([b"x" * 32, *entries(old)[1:]])
    with pytest.raises(Untrusted):
        verify_consistency(old, size, made.consistency(old), forged, made.root())
    with pytest.raises(Untrusted):
        verify_consistency(old, size, made.consistency(old)[:-1], made.root(old), made.root())


def test_an_entry_commits_to_its_content_and_hides_it_behind_a_salt() -> None:
    assert entry_of(b"a" * 32, b"x") != entry_of(b"b" * 32, b"x")
    assert entry_of(b"a" * 32, b"x") != entry_of(b"a" * 32, b"y")
    with pytest.raises(ValueError, match="32"):
        entry_of(b"short", b"x")


def signed(size: int = 3) -> str:
    return sign_checkpoint(Checkpoint(origin("JO>SA"), size, b"r" * 32), KEYS, KEYS.signing)


def test_a_checkpoint_is_verified_for_its_log_only() -> None:
    assert verify_checkpoint(signed(), "mithaq/JO/SA", KEYS.signing).size == 3
    with pytest.raises(Untrusted):
        verify_checkpoint(signed(), "mithaq/JO/EG", KEYS.signing)
    with pytest.raises(Untrusted):
        verify_checkpoint(signed(), "mithaq/JO/SA", KeyFile.generate().signing)


def test_a_checkpoint_tells_which_of_several_pairs_signed_it() -> None:
    other = KeyFile.generate()
    assert verify_checkpoint_any(signed(), "mithaq/JO/SA", [other.signing, KEYS.signing])[1] == KEYS.signing
    assert is_signed_with(signed(), KEYS.signing)
    assert not is_signed_with(signed(), other.signing)
    with pytest.raises(Untrusted):
        verify_checkpoint_any(signed(), "mithaq/JO/SA", [])
    with pytest.raises(Unavailable):  # nothing is signed with a key that is not ours
        sign_checkpoint(Checkpoint(origin("JO>SA"), 3, b"r" * 32), KEYS, other.signing)


def test_a_checkpoint_with_half_a_signature_is_refused() -> None:
    lines = signed().splitlines(keepends=True)
    for kept in (lines[:5], [*lines[:4], lines[5]]):
        with pytest.raises(Untrusted):
            verify_checkpoint("".join(kept), "mithaq/JO/SA", KEYS.signing)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n3\n", "\n03\n"),
        lambda note: note.replace("\n3\n", "\n3\nextension\n", 1),
        lambda note: note.replace("—", "-"),
        lambda note: note[:-1],
        lambda note: note + "x",
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("mithaq/JO/SA\n", "mithaq/JO/SA\r\n", 1),
        lambda note: "",
        lambda note: "x" * 100_000,
        lambda note: note + note.splitlines(keepends=True)[-1] * 16,
        lambda note: note.replace("\n3\n", "\n-3\n"),
        lambda note: note.replace("\n3\n", "\n4\n"),
    ],
)
def test_a_checkpoint_spelt_otherwise_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MithaqError):
        verify_checkpoint(change(signed()), "mithaq/JO/SA", KEYS.signing)


def test_the_example_of_the_signed_note_specification_verifies() -> None:
    """Key and note from C2SP signed-note, "Example"."""
    vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    text = (
        "This is an example message.\n\n"
        "— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    name, short, key = vkey.split("+")
    public = base64.b64decode(key)[1:]
    note = read_note(text)
    assert write_note(note) == text
    assert key_id(name, ED25519, public).hex() == short == note.signatures[0].key.hex()
    Ed25519PublicKey.from_public_bytes(public).verify(note.signatures[0].value, note.text.encode())


@given(st.text(max_size=200))
def test_no_text_escapes_the_error_tree(text: str) -> None:
    try:
        read_note(text)
    except Malformed:
        return
