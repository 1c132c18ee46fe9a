"""Cosignatures (C2SP tlog-cosignature): what a witness signs of a checkpoint, and how its keys are written.

    — mithaq/SA/witness <base64: key id, time, Ed25519 signature>     type 0x04: "cosignature/v1", time, note text
    — mithaq/SA/witness <base64: key id, time, ML-DSA-44 signature>   type 0x06: a cosigned_message

A key is written as a vkey (C2SP signed-note): ``name+hex(key id)+base64(type || public key)``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from msgspec import Struct

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel.link.log.checkpoint import Checkpoint
from mithaq.kernel.link.log.note import ED25519, ML_DSA_65, NoteSignature, SignedNote, key_id

COSIGN_ED25519 = b"\x04"
COSIGN_ML_DSA_44 = b"\x06"
TYPES = {COSIGN_ED25519: ("ed25519", 32), COSIGN_ML_DSA_44: ("ml-dsa-44", 1312)}
LOG_TYPES = {ED25519: ("ed25519", 32), ML_DSA_65: ("ml-dsa-65", 1952)}
LAST_TIME = 2**63 - 1
_NAME = re.compile(r"[^\s+]{1,255}")
_ID = re.compile(r"[0-9a-f]{8}")


class VerifierKey(Struct, frozen=True):
    """A public key with its name and its signature type."""

    name: str
    type: bytes
    public: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.type, self.public)

    @property
    def text(self) -> str:
        """As a vkey."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.type + self.public).decode()}"


class Cosigned(Struct, frozen=True):
    """A cosignature that holds: whose it is, and when it says it was made (POSIX seconds)."""

    key: VerifierKey
    time: int


class Cosigner(Protocol):
    """The witness key pair of one witness, apart from every key that signs a log. Each half signs, always both."""

    @property
    def keys(self) -> tuple[VerifierKey, ...]: ...

    def cosign(self, checkpoint: Checkpoint, time: int) -> tuple[NoteSignature, ...]:
        """One line of each of ``keys``. It keeps no state: the caller has made durable what it is about to sign."""


def read_vkey(text: str) -> VerifierKey:
    """The key in a vkey of any signature type that is known here; Malformed unless it is spelt exactly."""
    name, plus, rest = text.partition("+")
    short, second, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Malformed("vkey", "the key of a vkey is not base64") from None
    if not plus or not second or not _NAME.fullmatch(name) or not _ID.fullmatch(short):
        raise Malformed("vkey", "a vkey is a name, eight hex digits and base64, joined by +")
    for sort, (_, length) in {**TYPES, **LOG_TYPES}.items():
        if raw.startswith(sort) and len(raw) == len(sort) + length:
            found = VerifierKey(name, sort, raw[len(sort) :])
            if found.text != text:
                raise Malformed("vkey", "the key id is not that of this name and key")
            return found
    raise Malformed("vkey", "a vkey of a signature type, or a length, that is not known here")


def ed25519_message(text: str, time: int) -> bytes:
    """What an Ed25519 cosignature signs.

    >>> ed25519_message("example.com/log\\n1\\nAA==\\n", 7)
    b'cosignature/v1\\ntime 7\\nexample.com/log\\n1\\nAA==\\n'
    """
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def ml_dsa_44_message(name: str, time: int, origin: str, size: int, root: bytes) -> bytes:
    """What an ML-DSA-44 cosignature signs: a cosigned_message of the whole tree, in TLS presentation (RFC 8446, 3)."""
    numbers = time.to_bytes(8, "big"), (0).to_bytes(8, "big") + size.to_bytes(8, "big")
    return b"subtree/v1\n\0" + _opaque(name) + numbers[0] + _opaque(origin) + numbers[1] + root


def line(key: VerifierKey, time: int, signature: bytes) -> NoteSignature:
    """A cosignature as a signature line of a note."""
    return NoteSignature(key.name, key.id, time.to_bytes(8, "big") + signature)


def cosignatures(found: Checkpoint, note: SignedNote, keys: Iterable[VerifierKey]) -> list[Cosigned]:
    """The cosignatures of a note by these keys. One by a known key that does not hold is Untrusted; others are ignored.

    The newest of each key counts. A time of zero states nothing of when, and is refused (C2SP tlog-witness).
    """
    newest: dict[bytes, Cosigned] = {}
    for key in keys:
        for each in note.signatures:
            if (each.name, each.key) == (key.name, key.id):
                time = _verified(found, note.text, key, each.value)
                if key.id not in newest or newest[key.id].time < time:
                    newest[key.id] = Cosigned(key, time)
    return list(newest.values())


def cosigned_by(found: Sequence[Cosigned], witnesses: Mapping[str, Sequence[VerifierKey]]) -> dict[str, int]:
    """Witness to the time of its cosignature, for each that signed with all of its keys: half of a pair is nothing."""
    times = {each.key.text: each.time for each in found}
    whole = {name: [key.text for key in keys] for name, keys in witnesses.items() if keys}
    return {name: min(times[key] for key in keys) for name, keys in whole.items() if all(key in times for key in keys)}


def _verified(found: Checkpoint, text: str, key: VerifierKey, value: bytes) -> int:
    time, signature = int.from_bytes(value[:8], "big"), value[8:]
    if len(value) <= 8 or not 0 < time <= LAST_TIME:
        raise Untrusted("cosignature", f"a cosignature of {key.name} without a time")
    try:
        if key.type == COSIGN_ED25519:
            public = ed25519.Ed25519PublicKey.from_public_bytes(key.public)
            public.verify(signature, ed25519_message(text, time))
        elif key.type == COSIGN_ML_DSA_44:
            lattice = mldsa.MLDSA44PublicKey.from_public_bytes(key.public)
            lattice.verify(signature, ml_dsa_44_message(key.name, time, found.origin, found.size, found.root))
        else:
            raise Untrusted("cosignature", f"{key.name} has no key that cosigns")
    except (InvalidSignature, ValueError):
        raise Untrusted("cosignature", f"a cosignature of {key.name} does not hold") from None
    return time


def _opaque(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= 255:
        raise Malformed("cosignature", "a name has 1 to 255 bytes")
    return len(data).to_bytes(1, "big") + data
