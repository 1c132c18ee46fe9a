"""A key file: every private key of one node, in one file that only its owner may read, locked with a secret.

It holds several signing pairs and sealing keys, because partners change over in their own time: the node signs with one
pair and still opens what was sealed to keys it has given up. A file of version 0.1.0, which is not locked, is read as
it is; ``protect`` locks it.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from msgspec.structs import replace

from mithaq.adapters.keystore import seeds as sorts
from mithaq.adapters.keystore.box import is_box, lock, unlock
from mithaq.adapters.keystore.seeds import OldSeeds, SealingPair, Seeds, SigningPair
from mithaq.errors import Clash, NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.ports import Signature


class KeyFile:
    """Signer, Opener and Keyed over one node's key file. Private keys do not leave this object."""

    def __init__(self, seeds: Seeds, path: Path | None = None, secret: bytes | None = None) -> None:
        self._seeds, self._path, self._secret = seeds, path, secret
        self._pairs = [SigningPair(each) for each in seeds.signing]
        self._opening = {each.id: each for each in map(SealingPair, seeds.sealing)}
        self._using = self._pairs[0]  # the first until told otherwise: later ones wait for their time
        self._seen = path.stat().st_mtime_ns if path is not None and path.exists() else 0

    def __repr__(self) -> str:
        return f"KeyFile({len(self._pairs)} signing, {len(self._opening)} sealing)"

    @classmethod
    def generate(cls) -> KeyFile:
        """Fresh keys that live in memory only."""
        return cls(sorts.fresh())

    @classmethod
    def create(cls, path: Path, secret: bytes) -> KeyFile:
        """Fresh keys, written durably before they are used. Clash if the file exists: keys are never overwritten."""
        made = sorts.fresh()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Clash(
                "keys", "a key file is already there", where=str(path), hint="keys are never overwritten"
            ) from None
        _write(handle, lock(secret, "node-keys", canonical.encode(made)))
        return cls(made, path, secret)

    @classmethod
    def load(cls, path: Path, secret: bytes | None = None) -> KeyFile:
        """The keys of this file. Untrusted if anyone but its owner may read it, or the secret does not open it."""
        data = read_private(path)
        if not is_box(data):
            return cls(sorts.upgraded(canonical.read(data, OldSeeds)), path, None)
        if secret is None:
            raise Untrusted("locked", "the key file is locked", where=str(path), hint="see docs/keys.md: unlocking")
        try:
            return cls(canonical.decode(unlock(secret, "node-keys", data), Seeds), path, secret)
        except Untrusted as problem:
            raise problem.at(str(path)) from None

    @property
    def signing(self) -> dict[str, bytes]:
        """The public keys of the pair in use."""
        return self._using.public

    @property
    def sealing(self) -> bytes:
        """The newest public sealing key."""
        return list(self._opening.values())[-1].public

    def sign(self, message: bytes) -> tuple[Signature, ...]:
        return self._using.sign(message)

    def use(self, keys: VerifyKeys) -> None:
        """Sign with this pair from now on. NotFound if it is not held, nor by the file as it is now."""
        if not self.holds(keys):
            self._look_again()
        for pair in self._pairs:
            if pair.public == dict(keys):
                self._using = pair
                return
        raise NotFound("keys", "the key file does not hold this signing pair", hint="see mithaq keys status")

    def holds(self, public: VerifyKeys | bytes) -> bool:
        """Whether this signing pair, or this sealing key, is held."""
        if isinstance(public, bytes):
            return any(each.public == public for each in self._opening.values())
        return any(pair.public == dict(public) for pair in self._pairs)

    def open(self, key: str, sealed: bytes, context: bytes) -> bytes:
        if key not in self._opening:
            self._look_again()
        pair = self._opening.get(key)
        if pair is None:
            raise Untrusted("seal", "sealed to a key that this node does not hold")
        try:
            return pair.open(sealed, context)
        except (InvalidTag, ValueError):
            raise Untrusted("seal", "the seal does not open with our key and this header") from None

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(self._seeds.pseudonyms, message, "sha256")

    def make_signing(self) -> dict[str, bytes]:
        """One more signing pair, durable before its public half is told."""
        made = sorts.fresh_signing()
        self._keep(replace(self._seeds, signing=(*self._seeds.signing, made)))
        self._pairs.append(SigningPair(made))
        return self._pairs[-1].public

    def make_sealing(self) -> bytes:
        """One more sealing key, durable before its public half is told."""
        made = sorts.fresh_sealing()
        self._keep(replace(self._seeds, sealing=(*self._seeds.sealing, made)))
        pair = SealingPair(made)
        self._opening[pair.id] = pair
        return pair.public

    def forget_sealing(self, public: bytes) -> None:
        """Give up a sealing key for good: what was sealed to it, and is not opened yet, never will be."""
        if not self.holds(public) or len(self._opening) == 1:
            raise NotFound("keys", "no such sealing key, or it is the only one")
        left = tuple(each for each in self._seeds.sealing if SealingPair(each).public != public)
        self._keep(replace(self._seeds, sealing=left))
        self._opening = {id: each for id, each in self._opening.items() if each.public != public}

    def protect(self, secret: bytes) -> None:
        """Lock the file with a secret from now on; the old form is overwritten."""
        if self._path is None:
            raise NotAllowed("keys", "these keys live in memory only")
        self._secret = secret
        self._keep(self._seeds)

    def _look_again(self) -> None:
        """Take up keys that another process has added to the file since: new ones are made while a node serves."""
        if self._path is None or self._secret is None or self._path.stat().st_mtime_ns == self._seen:
            return
        fresh = KeyFile.load(self._path, self._secret)
        self._seen = fresh._seen
        self._seeds, self._pairs, self._opening = fresh._seeds, fresh._pairs, fresh._opening

    def _keep(self, seeds: Seeds) -> None:
        """Write the file anew, whole or not at all."""
        if self._path is not None:
            if self._secret is None:
                raise NotAllowed(
                    "keys", "the key file is not locked yet", where=str(self._path), hint="run mithaq keys protect"
                )
            fresh = self._path.with_name(self._path.name + ".new")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            _write(handle, lock(self._secret, "node-keys", canonical.encode(seeds)))
            fresh.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self._seeds = seeds


def read_private(path: Path) -> bytes:
    """The bytes of a file that only its owner may read; Untrusted if others may."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise NotFound("keys", "no key file", where=str(path), hint="run mithaq node init") from None
    if mode & 0o077:
        raise Untrusted(
            "keys", f"others may read the key file (mode {mode & 0o777:o})", where=str(path), hint="chmod 600"
        )
    return path.read_bytes()


def _write(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
