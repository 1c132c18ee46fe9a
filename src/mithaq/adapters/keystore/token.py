"""Token keys: the node's keys with the Ed25519 half of every signing pair in a PKCS#11 token, where it stays.

The token has no ML-DSA, ML-KEM or secret of pseudonyms (SoftHSM 2.6 has none of them, other devices few), so these are
in a file beside it, in a box whose secret only the token can unwrap. Whoever copies the file has nothing without the
token; whoever reads the memory of the running node has that half, but never the Ed25519 half. No signature holds
without both.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.adapters.keystore import seeds as sorts
from mithaq.adapters.keystore.box import lock, make_secret, unlock
from mithaq.adapters.keystore.durable import alone, rewrite, write_new
from mithaq.adapters.keystore.file import read_private
from mithaq.adapters.keystore.held import Held, Pair
from mithaq.adapters.keystore.pkcs11 import Token, Wrapped
from mithaq.adapters.keystore.seeds import LatticeHalf, SealingPair, SealingSeeds
from mithaq.errors import MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys, key_id
from mithaq.kernel.ports import Signature

TokenId = Annotated[bytes, Meta(min_length=16, max_length=16)]
_CONTEXT = b"mithaq-token/1"


class TokenSigning(Struct, frozen=True, forbid_unknown_fields=True):
    """A signing pair: where its first half is in the token, and the seed of the second."""

    id: TokenId
    ed25519_public: Annotated[bytes, Meta(min_length=32, max_length=32)]
    ml_dsa_65: bytes


class TokenSeeds(Struct, frozen=True, forbid_unknown_fields=True):
    """What the box holds. The newest of each stands last."""

    signing: Annotated[tuple[TokenSigning, ...], Meta(min_length=1)]
    sealing: Annotated[tuple[SealingSeeds, ...], Meta(min_length=1)]
    pseudonyms: bytes
    format: Literal["mithaq-token-keys/1"] = "mithaq-token-keys/1"


class TokenFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: the wrapped secret, the token's key that unwraps it, and the box."""

    wrap: TokenId
    secret: Wrapped
    box: bytes
    format: Literal["mithaq-token/1"] = "mithaq-token/1"


class TokenPair:
    """Both halves of a signature, one of them made in the token."""

    def __init__(self, token: Token, seeds: TokenSigning) -> None:
        self._token, self.seeds = token, seeds
        self._lattice = LatticeHalf(seeds.ml_dsa_65)
        self._name = key_id("ed25519", seeds.ed25519_public)

    @property
    def public(self) -> dict[str, bytes]:
        return {"ed25519": self.seeds.ed25519_public, "ml-dsa-65": self._lattice.public}

    def sign(self, message: bytes) -> tuple[Signature, ...]:
        made = self._token.sign_ed25519(self.seeds.id, message)
        return Signature("ed25519", self._name, made), self._lattice.sign(message)


class TokenKeys(Held):
    """Signer, Opener and Keyed over a token and the file beside it."""

    def __init__(self, token: Token, seeds: TokenSeeds, path: Path, wrap: bytes) -> None:
        self._token, self._seeds, self._path, self._wrap = token, seeds, path, wrap
        self._seen = path.stat().st_mtime_ns
        super().__init__(self._pairs_of(seeds), [SealingPair(each) for each in seeds.sealing])

    @classmethod
    def create(cls, path: Path, token: Token) -> TokenKeys:
        """Fresh keys, durable in token and file before they are used. Clash if the file exists."""
        made = TokenSeeds((_fresh(token),), (sorts.fresh_sealing(),), secrets.token_bytes(32))
        wrap = token.make_wrap()
        write_new(path, _locked(token, wrap, made))
        return cls(token, made, path, wrap)

    @classmethod
    def load(cls, path: Path, token: Token) -> TokenKeys:
        """The keys of this file and token. Untrusted if others may read it, or the token does not open it."""
        file, seeds = _unlocked(token, path)
        return cls(token, seeds, path, file.wrap)

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(self._seeds.pseudonyms, message, "sha256")

    def make_signing(self) -> dict[str, bytes]:
        """One more signing pair, durable in token and file before its public half is told."""
        made = _fresh(self._token)
        with alone(self._path):
            self._look_again()
            self._keep(replace(self._seeds, signing=(*self._seeds.signing, made)))
        return TokenPair(self._token, made).public

    def make_sealing(self) -> bytes:
        """One more sealing key, durable before its public half is told."""
        made = sorts.fresh_sealing()
        with alone(self._path):
            self._look_again()
            self._keep(replace(self._seeds, sealing=(*self._seeds.sealing, made)))
        return SealingPair(made).public

    def forget_signing(self, keys: VerifyKeys) -> None:
        """Give up a signing pair for good: it leaves the file, and then the token. NotAllowed if it is in use."""
        with alone(self._path):
            self._look_again()
            self._ensure_spare_pair(keys)
            gone = next(each for each in self._seeds.signing if each.ed25519_public == keys["ed25519"])
            self._keep(replace(self._seeds, signing=tuple(each for each in self._seeds.signing if each != gone)))
        self._token.forget_ed25519(gone.id)

    def forget_sealing(self, public: bytes) -> None:
        """Give up a sealing key for good: what was sealed to it, and is not opened yet, never will be."""
        with alone(self._path):
            self._look_again()
            self._ensure_spare_sealing(public)
            left = tuple(each for each in self._seeds.sealing if SealingPair(each).public != public)
            self._keep(replace(self._seeds, sealing=left))

    def _look_again(self) -> None:
        seen = self._path.stat().st_mtime_ns
        if seen != self._seen:
            self._take(_unlocked(self._token, self._path)[1], seen)

    def _keep(self, seeds: TokenSeeds) -> None:
        rewrite(self._path, _locked(self._token, self._wrap, seeds))
        self._take(seeds, self._path.stat().st_mtime_ns)

    def _take(self, seeds: TokenSeeds, seen: int) -> None:
        self._seeds, self._seen = seeds, seen
        self._hold(self._pairs_of(seeds), [SealingPair(each) for each in seeds.sealing])

    def _pairs_of(self, seeds: TokenSeeds) -> list[Pair]:
        return [TokenPair(self._token, each) for each in seeds.signing]


def _fresh(token: Token) -> TokenSigning:
    id, public = token.make_ed25519()
    return TokenSigning(id, public, sorts.fresh_signing().ml_dsa_65)


def _locked(token: Token, wrap: bytes, seeds: TokenSeeds) -> bytes:
    """The file's bytes, under a new secret each time."""
    secret = make_secret()
    wrapped = token.wrap(wrap, secret, _CONTEXT)
    return canonical.encode(TokenFile(wrap, wrapped, lock(secret, "node-keys", canonical.encode(seeds))))


def _unlocked(token: Token, path: Path) -> tuple[TokenFile, TokenSeeds]:
    try:
        file = canonical.decode(read_private(path), TokenFile)
        secret = token.unwrap(file.wrap, file.secret, _CONTEXT)
        return file, canonical.decode(unlock(secret, "node-keys", file.box), TokenSeeds)
    except MithaqError as problem:
        raise problem.at(str(path)) if not problem.where.startswith(str(path)) else problem from None
