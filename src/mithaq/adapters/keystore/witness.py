"""Witness keys: an Ed25519 and an ML-DSA-44 seed that sign nothing but cosignatures, in a locked file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from msgspec import Meta, Struct

from mithaq.adapters.keystore.box import lock, unlock
from mithaq.adapters.keystore.durable import write_new
from mithaq.adapters.keystore.file import read_private
from mithaq.errors import Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link.log.checkpoint import Checkpoint
from mithaq.kernel.link.log.note import NoteSignature
from mithaq.kernel.witness.cosignature import (
    COSIGN_ED25519,
    COSIGN_ML_DSA_44,
    VerifierKey,
    ed25519_message,
    line,
    ml_dsa_44_message,
)

HOLDS: Literal["witness-keys"] = "witness-keys"
Seed = Annotated[bytes, Meta(min_length=32, max_length=32)]


class WitnessSeeds(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What the file holds, once it is unlocked. ``name`` stands in every signature line."""

    name: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\s+]+(?!\n)$")]
    ed25519: Seed
    ml_dsa_44: Seed
    format: Literal["mithaq-witness-keys/1"] = "mithaq-witness-keys/1"


class WitnessKeys:
    """A Cosigner. Private keys do not leave this object."""

    def __init__(self, seeds: WitnessSeeds) -> None:
        self._curve = ed25519.Ed25519PrivateKey.from_private_bytes(seeds.ed25519)
        self._lattice = mldsa.MLDSA44PrivateKey.from_seed_bytes(seeds.ml_dsa_44)
        curve = self._curve.public_key().public_bytes_raw()
        lattice = self._lattice.public_key().public_bytes_raw()
        self.keys = (
            VerifierKey(seeds.name, COSIGN_ED25519, curve),
            VerifierKey(seeds.name, COSIGN_ML_DSA_44, lattice),
        )

    def __repr__(self) -> str:
        return f"WitnessKeys({self.keys[0].name})"

    @classmethod
    def create(cls, path: Path, secret: bytes, name: str) -> WitnessKeys:
        """Fresh keys, written durably and locked before they are used. Clash if the file exists."""
        seeds = fresh(name)
        write_new(path, lock(secret, HOLDS, canonical.encode(seeds)))
        return cls(seeds)

    @classmethod
    def load(cls, path: Path, secret: bytes | None) -> WitnessKeys:
        """The keys of this file. Untrusted if others may read it, or the secret does not open it."""
        data = read_private(path)
        if secret is None:
            raise Untrusted("locked", "the witness keys are locked", where=str(path), hint="see docs/keys.md")
        try:
            return cls(canonical.decode(unlock(secret, HOLDS, data), WitnessSeeds))
        except Untrusted as problem:
            raise problem.at(str(path)) from None

    def cosign(self, checkpoint: Checkpoint, time: int) -> tuple[NoteSignature, ...]:
        curve, lattice = self.keys
        message = ml_dsa_44_message(lattice.name, time, checkpoint.origin, checkpoint.size, checkpoint.root)
        return (
            line(curve, time, self._curve.sign(ed25519_message(checkpoint.text, time))),
            line(lattice, time, self._lattice.sign(message)),
        )


def fresh(name: str) -> WitnessSeeds:
    """Seeds from the operating system's generator, through the library that defines each key type."""
    return WitnessSeeds(
        name,
        ed25519.Ed25519PrivateKey.generate().private_bytes_raw(),
        mldsa.MLDSA44PrivateKey.generate().private_bytes_raw(),
    )
