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

from msgspec import Struct

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel.keys import SIGNING, VerifyKeys, verify
from mithaq.kernel.keys import key_id as full_key_id
from mithaq.kernel.link.log.note import ED25519, ML_DSA_65, NoteSignature, SignedNote, key_id, read_note, write_note
from mithaq.kernel.ports import Signature, Signer
from mithaq.kernel.values import ends

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
    """
    return "mithaq/" + "/".join(ends(link))


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer, keys: VerifyKeys) -> str:
    """The signed note, with both halves of the suite."""
    name = checkpoint.origin
    lines = tuple(
        NoteSignature(name, key_id(name, _TYPES[one.algorithm], keys[one.algorithm]), one.value)
        for one in signer.sign(checkpoint.text.encode())
    )
    return write_note(SignedNote(checkpoint.text, lines))


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
    found, note = read_checkpoint(data)
    if found.origin != expected_origin:
        raise Untrusted("origin", f"a checkpoint of {found.origin}, not of {expected_origin}")
    signatures = []
    for algorithm in SIGNING:
        short = key_id(expected_origin, _TYPES[algorithm], keys[algorithm])
        for line in note.signatures:
            if (line.name, line.key) == (expected_origin, short):
                signatures.append(Signature(algorithm, full_key_id(algorithm, keys[algorithm]), line.value))
    verify(keys, note.text.encode(), signatures)
    return found
