"""Checkpoints (C2SP tlog-checkpoint): the size and root of one link's log, signed by its sender.

    mithaq/JO/SA
    12
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — mithaq/JO/SA <base64, Ed25519>
    — mithaq/JO/SA <base64, ML-DSA-65>

Both signatures are required: one alone is a downgrade. There are no extension lines.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from msgspec import Struct

from mithaq.errors import Malformed, Unavailable, Untrusted
from mithaq.kernel.keys import SIGNING, VerifyKeys, verify
from mithaq.kernel.keys import key_id as full_key_id
from mithaq.kernel.link.log.note import ED25519, ML_DSA_65, NoteSignature, SignedNote, key_id, read_note, write_note
from mithaq.kernel.ports import Signature, Signer

_TYPES = {"ed25519": ED25519, "ml-dsa-65": ML_DSA_65}


class Checkpoint(Struct, frozen=True):
    """What is signed: which log, how many entries, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin(link: str) -> str:
    """The name of a link's log, and of the key that signs it.

    >>> origin("JO>SA")
    'mithaq/JO/SA'
    >>> origin("JO>SA/2")
    'mithaq/JO/SA/2'
    """
    return "mithaq/" + link.replace(">", "/")


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer, *sets: VerifyKeys) -> str:
    """The signed note, with both halves of the suite. ``sets`` are the pairs that the signer may be using."""
    name = checkpoint.origin
    known = {full_key_id(algorithm, public): public for keys in sets for algorithm, public in keys.items()}
    made = signer.sign(checkpoint.text.encode())
    if any(one.key not in known for one in made):
        raise Unavailable("keys", "the node signs with a key that is not its own", hint="mithaq keys status")
    lines = (NoteSignature(name, key_id(name, _TYPES[one.algorithm], known[one.key]), one.value) for one in made)
    return write_note(SignedNote(checkpoint.text, tuple(lines)))


def read_checkpoint(data: str) -> tuple[Checkpoint, SignedNote]:
    """The checkpoint of a note, unverified; Malformed unless it is spelt exactly."""
    note = read_note(data)
    lines = note.text.split("\n")
    if len(lines) != 4:
        raise Malformed("checkpoint", "a checkpoint has three lines: origin, size, root")
    try:
        found = Checkpoint(lines[0], int(lines[1]) if lines[1].isdecimal() else -1, base64.b64decode(lines[2]))
    except (ValueError, binascii.Error):
        raise Malformed("checkpoint", "the size or root of a checkpoint cannot be read") from None
    if found.text != note.text or len(found.root) != 32 or found.size >= 2**53:
        raise Malformed("checkpoint", "not the exact spelling of a checkpoint")
    return found, note


def verify_checkpoint(data: str, expected_origin: str, keys: VerifyKeys) -> Checkpoint:
    """The checkpoint, signed by the holder of ``keys`` with the whole suite, for exactly that log; else Untrusted."""
    return verify_checkpoint_any(data, expected_origin, [keys])[0]


def verify_checkpoint_any(data: str, expected_origin: str, sets: Iterable[VerifyKeys]) -> tuple[Checkpoint, VerifyKeys]:
    """The same, by the holder of any of several sets of keys, and of which."""
    found, note = read_checkpoint(data)
    if found.origin != expected_origin:
        raise Untrusted("origin", f"a checkpoint of {found.origin}, not of {expected_origin}")
    for keys in sets:
        signatures = _signatures(note, keys)
        if {one.algorithm for one in signatures} == set(SIGNING):
            verify(keys, note.text.encode(), signatures)
            return found, keys
    raise Untrusted("signature", "no valid signature by an expected key, with both halves of the suite")


def is_signed_with(data: str, keys: VerifyKeys) -> bool:
    """Whether a note of our own names this pair. Verifies nothing."""
    return bool(_signatures(read_checkpoint(data)[1], keys))


def _signatures(note: SignedNote, keys: VerifyKeys) -> list[Signature]:
    """The signatures of a note that name these keys."""
    found = []
    name = note.text.partition("\n")[0]
    for algorithm in SIGNING:
        short = key_id(name, _TYPES[algorithm], keys[algorithm])
        for line in note.signatures:
            if (line.name, line.key) == (name, short):
                found.append(Signature(algorithm, full_key_id(algorithm, keys[algorithm]), line.value))
    return found
