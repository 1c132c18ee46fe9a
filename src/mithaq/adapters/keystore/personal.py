"""A personal key: the signing pair of one official, or of one custodian of the root, locked with a passphrase.

It is made and kept by its owner. Only the public half is handed in; the label on it is for people at home.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from mithaq.adapters.keystore.box import lock, unlock
from mithaq.adapters.keystore.durable import write_new
from mithaq.adapters.keystore.file import read_private
from mithaq.adapters.keystore.seeds import SigningPair, SigningSeeds, fresh_signing
from mithaq.errors import Clash, Invalid, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import check_public
from mithaq.kernel.manifest import PublicKeys
from mithaq.kernel.ports import Signature
from mithaq.kernel.values import Line

SHORTEST = 12  # characters of a passphrase


class PublicKey(Struct, frozen=True, forbid_unknown_fields=True):
    """The public half, to hand in."""

    label: Line
    keys: PublicKeys
    format: Literal["mithaq-public-key/1"] = "mithaq-public-key/1"


class PersonalKey:
    """Signer with one pair."""

    def __init__(self, seeds: SigningSeeds) -> None:
        self._pair = SigningPair(seeds)

    def __repr__(self) -> str:
        return "PersonalKey()"

    @property
    def keys(self) -> dict[str, bytes]:
        return self._pair.public

    def sign(self, message: bytes) -> tuple[Signature, ...]:
        return self._pair.sign(message)

    @classmethod
    def create(cls, path: Path, passphrase: bytes, label: str) -> PersonalKey:
        """A fresh key, locked; the public half beside it as ``<name>.public.json``. Clash if the file exists."""
        if len(passphrase.decode(errors="replace")) < SHORTEST:
            raise Invalid("passphrase", f"fewer than {SHORTEST} characters", hint="several words are easy to keep")
        if public_file(path).exists():
            raise Clash("key", "a public key is already there", where=str(public_file(path)), hint="choose a new name")
        made = fresh_signing()
        write_new(path, lock(passphrase, "personal-key", canonical.encode(made)))
        key = cls(made)
        public_file(path).write_bytes(canonical.encode(PublicKey(label, key.keys)))
        return key

    @classmethod
    def load(cls, path: Path, passphrase: bytes) -> PersonalKey:
        """The key in this file; Untrusted if the passphrase is not the one, or others may read the file."""
        try:
            return cls(canonical.decode(unlock(passphrase, "personal-key", read_private(path)), SigningSeeds))
        except Untrusted as problem:
            raise problem.at(str(path)) from None


def public_file(path: Path) -> Path:
    """Where the public half of a key file is."""
    return path.with_suffix(".public.json")


def read_public(data: bytes) -> PublicKey:
    """The public half in these bytes, its keys usable."""
    found = canonical.read(data, PublicKey)
    check_public(found.keys)
    return found
