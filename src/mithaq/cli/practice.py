"""A practice ceremony: an offline root whose custodians live in memory. For the demo, tests and benchmarks, never for a
nation: there the custodians are people, each with a key of their own (``mithaq keys``, docs/keys.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mithaq.adapters.keystore.file import KeyFile
from mithaq.kernel import canonical
from mithaq.kernel.manifest import Manifest, Official, Root, SealingKey, SigningKey
from mithaq.kernel.party import Card, RootCard
from mithaq.kernel.ports import Signer
from mithaq.kernel.statement import add_signature, sign

SIGNING, SEALING, OVERLAP, VALID = timedelta(days=90), timedelta(days=30), timedelta(days=7), timedelta(days=180)


class Ceremony:
    """A nation's root, two of three, and the manifests that it has signed."""

    def __init__(self, card: Card, *, need: int = 2, custodians: int = 3) -> None:
        self._card = card
        self._custodians = [KeyFile.generate() for _ in range(custodians)]
        self.root = Root(party=card.party, need=need, keys=tuple(each.signing for each in self._custodians))
        self._last: Manifest | None = None
        self.officials: tuple[Official, ...] = ()
        self.quorums: dict[str, int] = {}

    def appoint(self, role: str, keys: Iterable[dict[str, bytes]], *, need: int, at: datetime) -> None:
        """Officials of a role, to be named in the next manifest."""
        self.officials += tuple(Official(role, each, at, at + timedelta(days=365)) for each in keys)
        self.quorums = {**self.quorums, role: need}

    def manifest(self, at: datetime, signing: Sequence[dict[str, bytes]], sealing: Sequence[bytes]) -> str:
        """The next manifest: these keys join those that were listed, from now; signed by as many as it takes."""
        before = self._last
        pairs = tuple(SigningKey(keys, at, at + SIGNING) for keys in signing)
        seals = tuple(SealingKey(public, at, at + SEALING) for public in sealing)
        old = tuple(_ended(each, at) for each in before.signing) if before else ()
        handed_over = tuple(
            SealingKey(each.public, each.start, min(each.until, at + OVERLAP)) for each in before.sealing
        ) if before else ()  # fmt: skip
        made = Manifest(
            party=self.root.party,
            root=self.root.digest,
            serial=before.serial + 1 if before else 1,
            previous=before.digest if before else None,
            issued=at,
            expires=at + VALID,
            names=self._card.names,
            signing=(*old, *pairs),
            sealing=(*handed_over, *seals),
            certificates=(self._card.certificate,),
            officials=self.officials,
            quorums=self.quorums,
            reads=self._card.reads,
        )
        self._last = made
        return self.signed("manifest", made)

    def card(self, manifest: str) -> RootCard:
        return RootCard(root=self.root, manifest=manifest)

    def signed(self, name: str, value: object) -> str:
        """An envelope with as many signatures as the root needs."""
        signers: list[Signer] = list(self._custodians[: self.root.need])
        envelope = sign(name, value, signers[0])
        for signer in signers[1:]:
            envelope = add_signature(envelope, signer)
        return envelope.decode()


def write_card(card: RootCard) -> bytes:
    return canonical.encode(card)


def _ended(key: SigningKey, at: datetime) -> SigningKey:
    """A key that was replaced: it signs nothing more after the overlap."""
    until = max(min(key.until, at + OVERLAP), key.start + timedelta(seconds=1))
    return SigningKey(key.keys, key.start, until, key.revoked)
