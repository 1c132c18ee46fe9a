"""Sealing at dispatch, opening on arrival: HPKE (RFC 9180), hybrid ML-KEM-768 + X25519.

A sealed document is one line of canonical JSON, a newline, and the HPKE bytes (encapsulated key and ciphertext). The
line tells a gate where to carry it and is bound into the seal as HPKE ``info``: changing it breaks the seal. Sealing
proves nothing about the sender; what is inside is signed. Sealing again changes no identity.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from msgspec import Struct

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.ports import Opener
from mithaq.kernel.values import PartyId

HPKE_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
MAX_HEADER = 512
MAX_SEALED = canonical.MAX_BYTES + 4096
_CONTEXT = b"mithaq-seal/1\n"


class Header(Struct, frozen=True, forbid_unknown_fields=True, rename={"sender": "from", "receiver": "to"}):
    """What may be read on the outside: the two nations, the suite, and which of the receiver's keys opens it."""

    sender: PartyId
    receiver: PartyId
    key: str
    format: Literal["mithaq-sealed/1"] = "mithaq-sealed/1"
    suite: Literal["mithaq-1"] = "mithaq-1"


def sealing_key_id(public: bytes) -> str:
    """A short name of a sealing key.

    >>> sealing_key_id(bytes(1216))
    'mlkem768-x25519:5b8e8058b4b8c043'
    """
    return f"mlkem768-x25519:{hashlib.sha256(b'mlkem768-x25519|' + public).hexdigest()[:16]}"


def seal(plaintext: bytes, *, sender: str, receiver: str, public: bytes) -> bytes:
    """The sealed document that only the holder of the private half of ``public`` can open."""
    line = canonical.encode(Header(sender, receiver, sealing_key_id(public)))
    return line + b"\n" + HPKE_SUITE.encrypt(plaintext, _public_key(public), info=_CONTEXT + line)


def read_header(sealed: bytes) -> Header:
    """The outside of a sealed document. Nothing in it is proved yet."""
    if len(sealed) > MAX_SEALED:
        raise Malformed("too-large", f"{len(sealed)} sealed bytes; the limit is {MAX_SEALED}")
    line, newline, _ = sealed[: MAX_HEADER + 1].partition(b"\n")
    if not newline:
        raise Malformed("sealed", "not a sealed document: no header line")
    return canonical.decode(line, Header)


def unseal(sealed: bytes, opener: Opener, *, me: str) -> tuple[str, bytes]:
    """(claimed sender, plaintext). Untrusted if it is not for us, or was not sealed exactly so."""
    header = read_header(sealed)
    if header.receiver != me:
        raise Untrusted("receiver", f"sealed for {header.receiver}, not for {me}")
    line, _, body = sealed.partition(b"\n")
    return header.sender, opener.open(header.key, body, _CONTEXT + line)


def _public_key(public: bytes) -> hpke.MLKEM768X25519PublicKey:
    lattice = mlkem.MLKEM768PublicKey.from_public_bytes(public[:1184])
    curve = x25519.X25519PublicKey.from_public_bytes(public[1184:])
    return hpke.MLKEM768X25519PublicKey(lattice, curve)
