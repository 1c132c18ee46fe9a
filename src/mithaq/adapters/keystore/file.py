"""A key file: every private key of one node, in one file that only its owner may read.

Version 0.1 keeps the keys as a plain file with mode 0600 and refuses to read one that others can read. Encrypted key
files, national roots and PKCS#11 tokens fill the same two ports.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from msgspec import Struct

from mithaq.errors import Clash, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import key_id
from mithaq.kernel.ports import Signature
from mithaq.kernel.seal import HPKE_SUITE


class _Seeds(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    ed25519: bytes
    ml_dsa_65: bytes
    ml_kem_768: bytes
    x25519: bytes
    pseudonyms: bytes
    format: Literal["mithaq-keys/1"] = "mithaq-keys/1"


class KeyFile:
    """Signer, Opener and Keyed over one node's key file. Private keys do not leave this object."""

    def __init__(self, seeds: _Seeds) -> None:
        self._ed25519 = ed25519.Ed25519PrivateKey.from_private_bytes(seeds.ed25519)
        self._ml_dsa_65 = mldsa.MLDSA65PrivateKey.from_seed_bytes(seeds.ml_dsa_65)
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(seeds.ml_kem_768)
        curve = x25519.X25519PrivateKey.from_private_bytes(seeds.x25519)
        self._pseudonyms = seeds.pseudonyms
        self._opening = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.signing = {
            "ed25519": self._ed25519.public_key().public_bytes_raw(),
            "ml-dsa-65": self._ml_dsa_65.public_key().public_bytes_raw(),
        }
        self.sealing = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        self._ids = {algorithm: key_id(algorithm, public) for algorithm, public in self.signing.items()}

    @classmethod
    def generate(cls) -> KeyFile:
        """Fresh keys that live in memory only."""
        return cls(_fresh())

    @classmethod
    def create(cls, path: Path) -> KeyFile:
        """Fresh keys, written durably before they are used. Clash if the file exists: keys are never overwritten."""
        seeds = _fresh()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Clash(
                "keys", "a key file is already there", where=str(path), hint="keys are never overwritten"
            ) from None
        with os.fdopen(handle, "wb") as file:
            file.write(canonical.encode(seeds))
            file.flush()
            os.fsync(file.fileno())
        return cls(seeds)

    @classmethod
    def load(cls, path: Path) -> KeyFile:
        """The keys of this file. Untrusted if anyone but its owner may read it."""
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise NotFound("keys", "no key file", where=str(path), hint="run mithaq node init") from None
        if mode & 0o077:
            raise Untrusted(
                "keys", f"others may read the key file (mode {mode & 0o777:o})", where=str(path), hint="chmod 600"
            )
        return cls(canonical.read(path.read_bytes(), _Seeds))

    def sign(self, message: bytes) -> tuple[Signature, ...]:
        return (
            Signature("ed25519", self._ids["ed25519"], self._ed25519.sign(message)),
            Signature("ml-dsa-65", self._ids["ml-dsa-65"], self._ml_dsa_65.sign(message)),
        )

    def open(self, sealed: bytes, context: bytes) -> bytes:
        try:
            return HPKE_SUITE.decrypt(sealed, self._opening, info=context)
        except (InvalidTag, ValueError):
            raise Untrusted("seal", "the seal does not open with our key and this header") from None

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(self._pseudonyms, message, "sha256")


def _fresh() -> _Seeds:
    # The operating system's generator, through the library that defines each key type.
    return _Seeds(
        ed25519=ed25519.Ed25519PrivateKey.generate().private_bytes_raw(),
        ml_dsa_65=mldsa.MLDSA65PrivateKey.generate().private_bytes_raw(),
        ml_kem_768=mlkem.MLKEM768PrivateKey.generate().private_bytes_raw(),
        x25519=x25519.X25519PrivateKey.generate().private_bytes_raw(),
        pseudonyms=secrets.token_bytes(32),
    )
