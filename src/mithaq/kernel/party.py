"""Parties: nations, the card by which one knows another, and the Partner that a node deals with.

A card is public. Its fingerprint is what officials read to each other over the phone; whoever trusts a fingerprint
trusts what is on that card, and nothing else. There are two formats:

- 1: the keys themselves, for ever. What the rest of a node reads of a nation is always such a card.
- 2: an offline root, whose digest is the fingerprint, and a manifest that it signed. Later manifests take its place,
  so keys change and the fingerprint does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import NotAllowed, Unavailable, Untrusted
from mithaq.kernel import canonical, keyring
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.keys import VerifyKeys, check_public
from mithaq.kernel.manifest import Manifest, Root, check_root, newer, read_manifest, read_revocation
from mithaq.kernel.values import Digest, KindName, Line, LinkId, PartyId

Key = Annotated[bytes, Meta(min_length=32, max_length=4096)]
EnvelopeText = Annotated[str, Meta(max_length=192 * 1024, description="a signed envelope, as text")]


class Card(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a nation shows of its node: names, public keys, certificate, and what it can read."""

    format: Literal["mithaq-card/1"] = "mithaq-card/1"
    party: PartyId
    names: dict[Annotated[str, Meta(pattern=r"^(ar|en|fr)(?!\n)$")], Line]
    suite: Literal["mithaq-1"] = "mithaq-1"
    signing: dict[Annotated[str, Meta(pattern=r"^(ed25519|ml-dsa-65)(?!\n)$")], Key]
    sealing: Key  # ML-KEM-768 public key (1,184 bytes) followed by the X25519 one (32 bytes)
    certificate: Annotated[str, Meta(max_length=8000)]  # PEM, of its link server; pinned in TLS in both directions
    speaks: tuple[Literal["mithaq-link/1"], ...] = ("mithaq-link/1",)
    reads: tuple[KindName, ...] = ()

    @property
    def keys(self) -> VerifyKeys:
        return self.signing

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("en") or self.party


class RootCard(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A card of format 2. ``manifest`` is the signed envelope, as text."""

    format: Literal["mithaq-card/2"] = "mithaq-card/2"
    root: Root
    manifest: EnvelopeText


class Identity(Struct, frozen=True):
    """What a nation is known by at this moment: its keys, and the signed texts that they come from.

    It is a value: a new manifest or revocation gives a new one. Without a root its keys never change.
    """

    card: Card  # in format 1, with the keys that were the current ones when this value was made
    ring: Keyring
    root: Root | None = None
    manifest: str = ""
    digest: str = ""  # of the manifest
    revocations: tuple[str, ...] = ()

    @property
    def party(self) -> str:
        return self.card.party

    @property
    def serial(self) -> int:
        """Of the manifest; 0 without a root."""
        return self.ring.serial

    def revoked_on(self, link: LinkId) -> tuple[str, ...]:
        """The revocations that speak of this link."""
        if self.root is None:
            return ()
        root = self.root
        return tuple(each for each in self.revocations if read_revocation(each.encode(), root).link == link)


class Partner(Struct, frozen=True):
    """A nation whose card this node trusts, and where its node is reached."""

    card: Card
    url: str
    identity: Identity | None = None  # of a card of format 2

    @property
    def party(self) -> str:
        return self.card.party

    @property
    def known(self) -> Identity:
        return self.identity or pinned(self.card)

    @property
    def ring(self) -> Keyring:
        """The keys as its card file has them. A running node asks its ``Rings``, which know what came since."""
        return self.known.ring


def pinned(card: Card) -> Identity:
    """The identity of a nation whose card has no root: one set of keys, for ever."""
    return Identity(card, keyring.of_pinned(card.party, card.signing, card.sealing))


def identity_of(root: Root, manifest: str, revocations: Iterable[str] = (), *, at: datetime | None = None) -> Identity:
    """The identity that this root and what it signed give; Untrusted if it did not sign it.

    ``at`` says which of the keys are the current ones on its card; by default those of the day the manifest was made.
    """
    kept = tuple(dict.fromkeys(revocations))
    found = read_manifest(manifest.encode(), root)
    ring = keyring.of_manifest(found, [read_revocation(each.encode(), root) for each in kept])
    return Identity(card_of(found, at or found.issued), ring, root, manifest, found.digest, kept)


def renewed(
    known: Identity, manifest: str | None, revocations: Iterable[str] = (), *, at: datetime | None = None
) -> Identity:
    """What a nation is known by after it has shown these; the same value if they say nothing new.

    Untrusted if its root did not sign them, or signed two manifests under one serial (code ``equivocation``).
    """
    if known.root is None:
        return known  # its keys were pinned: nothing that it shows can change them
    offered = read_manifest(manifest.encode(), known.root) if manifest is not None else None
    held = read_manifest(known.manifest.encode(), known.root)
    text = manifest if offered is not None and manifest is not None and newer(held, offered) else known.manifest
    all_of = tuple(dict.fromkeys((*known.revocations, *revocations)))
    if (text, all_of) == (known.manifest, known.revocations):
        return known
    return identity_of(known.root, text, all_of, at=at)


def card_of(manifest: Manifest, at: datetime) -> Card:
    """A card of format 1 with what a manifest says is current at this moment, or was last."""
    ring = keyring.of_manifest(manifest)
    try:
        signing, sealing = ring.signing_now(at).keys, ring.sealing_now(at)
    except Unavailable:
        signing = max(manifest.signing, key=lambda each: (each.revoked is None, each.until)).keys
        sealing = max(manifest.sealing, key=lambda each: each.until).public
    return Card(
        party=manifest.party,
        names=manifest.names,
        signing=signing,
        sealing=sealing,
        certificate=manifest.certificates[0],
        reads=manifest.reads,
    )


def root_card(identity: Identity) -> RootCard:
    """The card of format 2 of a nation that has a root."""
    if identity.root is None:
        raise NotAllowed("root", f"{identity.party} has no root", hint="give its card of format 1")
    return RootCard(root=identity.root, manifest=identity.manifest)


def fingerprint(of: Card | RootCard | Identity) -> Digest:
    """The Digest of the card's canonical bytes; of a nation with a root, that of the root."""
    if isinstance(of, Identity) and of.root is None:
        return fingerprint(of.card)
    if isinstance(of, Card):
        return canonical.digest_of(of)
    return of.root.digest if of.root is not None else ""


def words(digest: str) -> str:
    """A fingerprint in sixteen groups of four, to be read aloud.

    >>> words("sha256:" + "0123456789abcdef" * 4)[:19]
    '0123 4567 89ab cdef'
    """
    hexes = digest.removeprefix("sha256:")
    return " ".join(hexes[i : i + 4] for i in range(0, len(hexes), 4))


def read_card(data: bytes, pinned: str | None = None) -> Card:
    """The card in these bytes as one of format 1, verified as ``read_identity`` does."""
    return read_identity(data, pinned).card


def read_identity(data: bytes, expected: str | None = None, *, at: datetime | None = None) -> Identity:
    """Whom a card of either format names, its keys checked. Untrusted unless it has the pinned fingerprint, if any."""
    if canonical.read(data, _Any).format == "mithaq-card/2":
        card = canonical.read(data, RootCard)
        check_root(card.root)
        found = identity_of(card.root, card.manifest, at=at)
    else:
        found = pinned(_checked(canonical.read(data, Card)))
    if expected is not None and fingerprint(found) != expected:
        raise Untrusted(
            "fingerprint",
            f"the card of {found.party} is {fingerprint(found)}, not the pinned {expected}",
            hint="compare the fingerprint with the partner by voice before trusting a new card",
        )
    return found


class _Any(Struct, frozen=True):
    format: str = ""


def _checked(card: Card) -> Card:
    check_public(card.signing)
    if len(card.sealing) != 1184 + 32:
        raise Untrusted("card", f"the sealing key of {card.party} has {len(card.sealing)} bytes, not 1216")
    return card
