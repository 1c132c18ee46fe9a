"""A key file: every private key of one node, in one file that only its owner may read, locked with a secret.

It holds several signing pairs and sealing keys, because partners change over in their own time: the node signs with one
pair and still opens what was sealed to keys it has given up. A file of version 0.1.0, which is not locked, is read as
it is; ``protect`` locks it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from mithaq.adapters.keystore import seeds as sorts
from mithaq.adapters.keystore.box import is_box, lock, unlock
from mithaq.adapters.keystore.durable import alone, rewrite, write_new
from mithaq.adapters.keystore.held import Held
from mithaq.adapters.keystore.seeds import OldSeeds, SealingPair, Seeds, SigningPair
from mithaq.errors import NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys


class KeyFile(Held):
    """Signer, Opener and Keyed over one node's key file. Private keys do not leave this object."""

    def __init__(self, seeds: Seeds, path: Path | None = None, secret: bytes | None = None) -> None:
        self._seeds, self._path, self._secret = seeds, path, secret
        self._seen = path.stat().st_mtime_ns if path is not None and path.exists() else 0
        super().__init__([SigningPair(each) for each in seeds.signing], [SealingPair(each) for each in seeds.sealing])

    @classmethod
    def generate(cls) -> KeyFile:
        """Fresh keys that live in memory only."""
        return cls(sorts.fresh())

    @classmethod
    def create(cls, path: Path, secret: bytes | None = None) -> KeyFile:
        """Fresh keys, written durably before they are used. Clash if the file exists: keys are never overwritten.

        Without a secret it is the plain file of version 0.1.0, with room for one of each: for callers of that time and
        tests of upgrades only. A node gets a secret.
        """
        made = sorts.fresh()
        content = sorts.plain(made) if secret is None else canonical.encode(made)
        write_new(path, content if secret is None else lock(secret, "node-keys", content))
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

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(self._seeds.pseudonyms, message, "sha256")

    def make_signing(self) -> dict[str, bytes]:
        """One more signing pair, durable before its public half is told."""
        made = sorts.fresh_signing()
        with self._alone() as seeds:
            self._keep(replace(seeds, signing=(*seeds.signing, made)))
        return SigningPair(made).public

    def make_sealing(self) -> bytes:
        """One more sealing key, durable before its public half is told."""
        made = sorts.fresh_sealing()
        with self._alone() as seeds:
            self._keep(replace(seeds, sealing=(*seeds.sealing, made)))
        return SealingPair(made).public

    def forget_signing(self, keys: VerifyKeys) -> None:
        """Give up a signing pair for good. NotAllowed if it is in use; NotFound if it is not held."""
        with self._alone() as seeds:
            self._ensure_spare_pair(keys)
            left = tuple(each for each in seeds.signing if SigningPair(each).public != dict(keys))
            self._keep(replace(seeds, signing=left))

    def forget_sealing(self, public: bytes) -> None:
        """Give up a sealing key for good: what was sealed to it, and is not opened yet, never will be."""
        with self._alone() as seeds:
            self._ensure_spare_sealing(public)
            left = tuple(each for each in seeds.sealing if SealingPair(each).public != public)
            self._keep(replace(seeds, sealing=left))

    def protect(self, secret: bytes) -> None:
        """Lock the file with this secret from now on; the form that it had is overwritten."""
        if self._path is None:
            raise NotAllowed("keys", "these keys live in memory only")
        with self._alone() as seeds:
            rewrite(self._path, lock(secret, "node-keys", canonical.encode(seeds)))
        self._secret, self._seen = secret, self._path.stat().st_mtime_ns

    @contextmanager
    def _alone(self) -> Iterator[Seeds]:
        """The seeds as the file has them by now; nobody else changes it meanwhile."""
        if self._path is None:
            yield self._seeds
            return
        with alone(self._path):
            self._look_again()
            yield self._seeds

    def _look_again(self) -> None:
        """Take up keys that another process has added to the file since: new ones are made while a node serves."""
        if self._path is None or self._secret is None:
            return
        seen = self._path.stat().st_mtime_ns
        if seen != self._seen:
            self._take(KeyFile.load(self._path, self._secret)._seeds, seen)

    def _keep(self, seeds: Seeds) -> None:
        """Write the file anew, whole or not at all."""
        if self._path is None:
            self._take(seeds, 0)
            return
        if self._secret is None:
            raise NotAllowed(
                "keys", "the key file is not locked yet", where=str(self._path), hint="run mithaq keys protect"
            )
        rewrite(self._path, lock(self._secret, "node-keys", canonical.encode(seeds)))
        self._take(seeds, self._path.stat().st_mtime_ns)

    def _take(self, seeds: Seeds, seen: int) -> None:
        self._seeds, self._seen = seeds, seen
        self._hold([SigningPair(each) for each in seeds.signing], [SealingPair(each) for each in seeds.sealing])


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
