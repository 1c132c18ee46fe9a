"""What a key file holds: the seeds of several signing pairs and sealing keys, and the secret of pseudonyms.

Format 2 of the file is sealed in a box; format 1, of version 0.1.0, had one of each, in the clear.
"""

from __future__ import annotations

import secrets
from typing import Literal

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from msgspec import Struct

from mithaq.kernel import canonical
from mithaq.kernel.keys import key_id
from mithaq.kernel.ports import Signature
from mithaq.kernel.seal import HPKE_SUITE, sealing_key_id


class OldSeeds(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The file of version 0.1.0."""

    ed25519: bytes
    ml_dsa_65: bytes
    ml_kem_768: bytes
    x25519: bytes
    pseudonyms: bytes
    format: Literal["mithaq-keys/1"] = "mithaq-keys/1"


class SigningSeeds(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    ed25519: bytes
    ml_dsa_65: bytes


class SealingSeeds(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    ml_kem_768: bytes
    x25519: bytes


class Seeds(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest of each stands last. ``signing`` may be empty where that half is in a token."""

    signing: tuple[SigningSeeds, ...]
    sealing: tuple[SealingSeeds, ...]
    pseudonyms: bytes
    format: Literal["mithaq-keys/2"] = "mithaq-keys/2"


class LatticeHalf:
    """The ML-DSA-65 half of a signature."""

    def __init__(self, seed: bytes) -> None:
        self._private = mldsa.MLDSA65PrivateKey.from_seed_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self._name = key_id("ml-dsa-65", self.public)

    def sign(self, message: bytes) -> Signature:
        return Signature("ml-dsa-65", self._name, self._private.sign(message))


class SigningPair:
    """Both halves of a signature."""

    def __init__(self, seeds: SigningSeeds) -> None:
        self._ed25519 = ed25519.Ed25519PrivateKey.from_private_bytes(seeds.ed25519)
        self._lattice = LatticeHalf(seeds.ml_dsa_65)
        first = self._ed25519.public_key().public_bytes_raw()
        self.public = {"ed25519": first, "ml-dsa-65": self._lattice.public}
        self._name = key_id("ed25519", first)

    def sign(self, message: bytes) -> tuple[Signature, ...]:
        return Signature("ed25519", self._name, self._ed25519.sign(message)), self._lattice.sign(message)


class SealingPair:
    """A hybrid key that opens what was sealed to it."""

    def __init__(self, seeds: SealingSeeds) -> None:
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(seeds.ml_kem_768)
        curve = x25519.X25519PrivateKey.from_private_bytes(seeds.x25519)
        self._opening = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        self.id = sealing_key_id(self.public)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        return HPKE_SUITE.decrypt(sealed, self._opening, info=context)


def fresh() -> Seeds:
    """One of each, from the operating system's generator, through the library that defines each key type."""
    return Seeds((fresh_signing(),), (fresh_sealing(),), secrets.token_bytes(32))


def fresh_signing() -> SigningSeeds:
    return SigningSeeds(
        ed25519.Ed25519PrivateKey.generate().private_bytes_raw(), mldsa.MLDSA65PrivateKey.generate().private_bytes_raw()
    )


def fresh_sealing() -> SealingSeeds:
    return SealingSeeds(
        mlkem.MLKEM768PrivateKey.generate().private_bytes_raw(), x25519.X25519PrivateKey.generate().private_bytes_raw()
    )


def upgraded(old: OldSeeds) -> Seeds:
    """What a file of version 0.1.0 held."""
    signing, sealing = SigningSeeds(old.ed25519, old.ml_dsa_65), SealingSeeds(old.ml_kem_768, old.x25519)
    return Seeds((signing,), (sealing,), old.pseudonyms)


def plain(seeds: Seeds) -> bytes:
    """The file of version 0.1.0 with the first of each."""
    signing, sealing = seeds.signing[0], seeds.sealing[0]
    return canonical.encode(
        OldSeeds(signing.ed25519, signing.ml_dsa_65, sealing.ml_kem_768, sealing.x25519, seeds.pseudonyms)
    )
