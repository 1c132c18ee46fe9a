"""A box: a file whose content opens only with a secret. AES-256-GCM, the header bound into the seal.

A secret that a machine made (``mithaq-unlock:`` and 64 hex digits) has all the strength it needs, so its key is derived
by HKDF (RFC 5869) at once. What a person types is stretched by Argon2id (RFC 9106), which takes a moment and much
memory, so that guessing does too.
"""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta, Struct

from mithaq.errors import Invalid, Untrusted
from mithaq.kernel import canonical

MACHINE_MADE = re.compile(rb"mithaq-unlock:[0-9a-f]{64}")
Holds = Literal["node-keys", "personal-key", "witness-keys"]
Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]


class Hkdf(Struct, frozen=True, forbid_unknown_fields=True, tag_field="name", tag="hkdf-sha256"):
    salt: Bytes16


class Argon2(Struct, frozen=True, forbid_unknown_fields=True, tag_field="name", tag="argon2id"):
    """The limits keep a planted file from taking all memory."""

    salt: Bytes16
    memory_kib: Annotated[int, Meta(ge=8 * 1024, le=1024 * 1024)] = 64 * 1024
    iterations: Annotated[int, Meta(ge=1, le=20)] = 3
    lanes: Annotated[int, Meta(ge=1, le=16)] = 4


class Box(Struct, frozen=True, forbid_unknown_fields=True):
    holds: Holds
    kdf: Hkdf | Argon2
    nonce: Annotated[bytes, Meta(min_length=12, max_length=12)]
    sealed: bytes
    format: Literal["mithaq-box/1"] = "mithaq-box/1"


def make_secret() -> bytes:
    """A secret for a machine to unlock with."""
    return f"mithaq-unlock:{secrets.token_hex(32)}".encode()


def lock(secret: bytes, holds: Holds, plain: bytes) -> bytes:
    """The box as bytes of a file. A secret that was typed is stretched; Invalid if it is empty."""
    if not secret:
        raise Invalid("unlock", "the secret is empty")
    kdf, nonce = fresh_kdf(secret), secrets.token_bytes(12)
    sealed = AESGCM(key_of(secret, kdf)).encrypt(nonce, plain, _bound(holds, kdf))
    return canonical.encode(Box(holds, kdf, nonce, sealed))


def unlock(secret: bytes, holds: Holds, data: bytes) -> bytes:
    """What was locked; Untrusted if the secret is another one or anything was changed, BadInput if it is no box."""
    box = canonical.decode(data, Box)
    try:
        if box.holds != holds:
            raise InvalidTag
        return AESGCM(key_of(secret, box.kdf)).decrypt(box.nonce, box.sealed, _bound(box.holds, box.kdf))
    except InvalidTag:
        raise Untrusted("unlock", f"this secret does not open it, or it does not hold {holds}") from None


def is_box(data: bytes) -> bool:
    return b'"mithaq-box/' in data[:65536]


def fresh_kdf(secret: bytes) -> Hkdf | Argon2:
    """How a key is derived from this secret: at once if a machine made it, else stretched."""
    salt = secrets.token_bytes(16)
    return Hkdf(salt) if MACHINE_MADE.fullmatch(secret) is not None else Argon2(salt)


def key_of(secret: bytes, kdf: Hkdf | Argon2) -> bytes:
    """The key that a secret gives: 32 bytes."""
    if isinstance(kdf, Hkdf):
        return HKDF(hashes.SHA256(), length=32, salt=kdf.salt, info=b"mithaq-box/1").derive(secret)
    stretch = Argon2id(
        salt=kdf.salt, length=32, iterations=kdf.iterations, lanes=kdf.lanes, memory_cost=kdf.memory_kib
    )  # fmt: skip
    return stretch.derive(secret)


def _bound(holds: str, kdf: Hkdf | Argon2) -> bytes:
    return canonical.encode({"format": "mithaq-box/1", "holds": holds, "kdf": canonical.plain(kdf)})
