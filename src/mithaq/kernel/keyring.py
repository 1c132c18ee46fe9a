"""Keyrings: the public keys by which one nation is known at this moment, and what each of them still proves.

A keyring is made of a manifest and the revocations that came with it, or of a card of the first format, whose keys
never change. It is a value: a rotation gives a new one.

What a key proves depends on what is asked. To an auditor of what was taken before, a **checkpoint** holds if its key
is in the manifest and not revoked; under a revoked one, only up to the position that the revocation names. Whoever
takes something *new* asks how the key **stands** now: in its time, or in the grace after it. A revoked key signs
nothing new, whatever its position: the position says what was ours, not what is. That a key's time has not come yet
binds its owner only, since clocks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from mithaq.errors import Unavailable
from mithaq.kernel.clock import period, write_instant
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.manifest import Manifest, Official, Revocation, SealingKey, SigningKey

Standing = Literal["good", "grace", "expired", "revoked", "unknown"]
"""How a pair of keys stands at a moment, for something new that it has signed."""

NODE = "node"
"""The role in which a node itself speaks: of its own records, never of what binds its nation."""


class Keyring(Struct, frozen=True):
    """Of one nation. ``serial`` is that of its manifest, 0 for keys that were pinned by a card of the first format."""

    party: str
    signing: tuple[SigningKey, ...]
    sealing: tuple[SealingKey, ...]
    serial: int = 0
    expires: datetime | None = None
    grace: timedelta = timedelta(0)
    officials: tuple[Official, ...] = ()
    quorums: Mapping[str, int] = {}
    trusted: Mapping[tuple[str, str], int] = {}  # (key, link): how much of it is trusted although the key is revoked

    def checkpoint(self, link: str, size: int, at: datetime | None = None) -> tuple[VerifyKeys, ...]:
        """The keys that may have signed a checkpoint of that size; with ``at``, one that is new at this moment."""
        if at is not None:
            return self.receipt(at)
        return tuple(each.keys for each in self.signing if self._trusts(each, link, size))

    def receipt(self, at: datetime | None = None) -> tuple[VerifyKeys, ...]:
        """The keys that may have signed a receipt, or a statement of the nation's node.

        With ``at``, one that is new at this moment; without, one that was taken before, when its key was good.
        """
        if at is None:
            return tuple(each.keys for each in self.signing)
        return tuple(each.keys for each in self.signing if self._stands(each, at) in ("good", "grace"))

    def standing(self, keys: VerifyKeys, at: datetime) -> Standing:
        """How this pair stands at this moment."""
        found = next((each for each in self.signing if each.keys == keys), None)
        return "unknown" if found is None else self._stands(found, at)

    def speakers(self, role: str, at: datetime | None = None) -> tuple[tuple[VerifyKeys, ...], int]:
        """(keys, how many of them must sign) for a statement in this role.

        A nation that has named officials speaks through them alone; one that has named none, through its node. What is
        the node's own to say, it signs in either case.
        """
        if not self.officials or role == NODE:
            return self.receipt(at), 1
        of_role = [each for each in self.officials if each.role == role]
        valid = tuple(each.keys for each in of_role if at is None or each.start <= at < each.until)
        return valid, self.quorums.get(role, 1)

    def signing_now(self, at: datetime) -> SigningKey:
        """The pair that the node itself signs with: the newest whose time has come, else the last in its grace."""
        good = [each for each in self.signing if each.start <= at and self._stands(each, at) in ("good", "grace")]
        if not good:
            raise Unavailable("keys", f"no signing key of {self.party} is valid now", hint="mithaq keys status")
        return max(reversed(good), key=lambda each: _preferred(each, at))

    def sealing_now(self, at: datetime) -> bytes:
        """What to seal with: the newest key whose time has come, in its time or the grace after it.

        Unavailable if there is none: nothing is sealed to a key that its owner has given up.
        """
        good = [each for each in self.sealing if each.start <= at < each.until + self.grace]
        if not good or (self.expires is not None and at >= self.expires + self.grace):
            raise Unavailable(
                "keys", f"no sealing key of {self.party} is valid now", hint="ask the partner for its new manifest"
            )
        return max(reversed(good), key=lambda each: _preferred(each, at)).public

    def in_grace(self, at: datetime) -> bool:
        """Whether the manifest has expired and only its grace keeps the line open."""
        return self.expires is not None and at >= self.expires

    def warning(self, at: datetime) -> str:
        """What is to be told of these keys while they still work, or no longer do; empty if all is well."""
        if self.expires is not None and at >= self.expires:
            return f"the key manifest of {self.party} has expired; {self._until(self.expires, at)}"
        try:
            now = self.signing_now(at)
        except Unavailable as problem:
            return problem.message
        if at >= now.until:
            return f"the signing key of {self.party} has expired; {self._until(now.until, at)}"
        return ""

    def _until(self, expired: datetime, at: datetime) -> str:
        end = expired + self.grace
        return f"its grace {'ends' if at < end else 'ended'} {write_instant(end)}"

    def _stands(self, key: SigningKey, at: datetime) -> Standing:
        if key.revoked is not None:
            return "revoked"
        ends = min(key.until, self.expires) if self.expires is not None else key.until
        if at >= ends + self.grace:
            return "expired"
        return "grace" if at >= ends else "good"

    def _trusts(self, key: SigningKey, link: str, size: int) -> bool:
        return key.revoked is None or size <= self.trusted.get((key.id, link), 0)


def of_manifest(manifest: Manifest, revocations: Iterable[Revocation] = ()) -> Keyring:
    """The keyring that a manifest gives. Of several revocations of one key on one link, the least holds."""
    trusted: dict[tuple[str, str], int] = {}
    for each in revocations:
        at = (each.key, each.link)
        trusted[at] = min(each.upto, trusted.get(at, each.upto))
    return Keyring(
        party=manifest.party,
        signing=manifest.signing,
        sealing=manifest.sealing,
        serial=manifest.serial,
        expires=manifest.expires,
        grace=period(manifest.grace),
        officials=manifest.officials,
        quorums=manifest.quorums,
        trusted=trusted,
    )


def of_pinned(party: str, signing: VerifyKeys, sealing: bytes) -> Keyring:
    """The keyring of a card of the first format: one pair, for ever."""
    start, until = datetime.fromisoformat("1970-01-01T00:00:00Z"), datetime.fromisoformat("9000-01-01T00:00:00Z")
    return Keyring(party, (SigningKey(dict(signing), start, until),), (SealingKey(sealing, start, until),))


def _preferred(key: SigningKey | SealingKey, at: datetime) -> tuple[bool, datetime, datetime]:
    """The greatest is used, the last of those that are equal: one in its time, then the one that started last."""
    return at < key.until, key.start, key.until
