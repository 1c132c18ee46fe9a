"""Held keys: several signing pairs of which one is in use, and several sealing keys, wherever their seeds are kept."""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidTag

from mithaq.adapters.keystore.seeds import SealingPair
from mithaq.errors import NotAllowed, NotFound, Untrusted
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.ports import Signature


class Pair(Protocol):
    """Signs with both halves of the suite."""

    @property
    def public(self) -> dict[str, bytes]: ...

    def sign(self, message: bytes) -> tuple[Signature, ...]: ...


class Held:
    """Signer and Opener. The first pair signs until another is named: later ones wait for their time."""

    def __init__(self, pairs: list[Pair], sealing: list[SealingPair]) -> None:
        self._hold(pairs, sealing)
        self._using = pairs[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._pairs)} signing, {len(self._opening)} sealing)"

    @property
    def signing(self) -> dict[str, bytes]:
        """The public keys of the pair in use."""
        return self._using.public

    @property
    def sealing(self) -> bytes:
        """The newest public sealing key."""
        return list(self._opening.values())[-1].public

    def holds(self, public: VerifyKeys | bytes) -> bool:
        """Whether this signing pair, or this sealing key, is held."""
        if isinstance(public, bytes):
            return any(each.public == public for each in self._opening.values())
        return any(pair.public == dict(public) for pair in self._pairs)

    def use(self, keys: VerifyKeys) -> None:
        """Sign with this pair from now on. NotFound, and nothing changes, if it is not held, nor kept by now."""
        if not self.holds(keys):
            self._look_again()
        for pair in self._pairs:
            if pair.public == dict(keys):
                self._using = pair
                return
        raise NotFound("keys", "the key store does not hold this signing pair", hint="see mithaq keys status")

    def sign(self, message: bytes) -> tuple[Signature, ...]:
        return self._using.sign(message)

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

    def _hold(self, pairs: list[Pair], sealing: list[SealingPair]) -> None:
        """These from now on; the pair in use stays in use."""
        self._pairs, self._opening = pairs, {each.id: each for each in sealing}

    def _look_again(self) -> None:
        """Take up what another process has added since: new keys are made while a node serves."""

    def _ensure_spare_pair(self, keys: VerifyKeys) -> None:
        """Refuse to give up a pair that is not held, or that signs."""
        if not self.holds(keys):
            raise NotFound("keys", "the key store does not hold this signing pair")
        if self.signing == dict(keys):
            raise NotAllowed("keys", "this signing pair is in use", hint="see mithaq keys status")

    def _ensure_spare_sealing(self, public: bytes) -> None:
        if not self.holds(public) or len(self._opening) == 1:
            raise NotFound("keys", "no such sealing key, or it is the only one")
