"""Parties: nations, the card by which one knows another, and the Partner that a node deals with.

A card is public. Its fingerprint is what officials read to each other over the phone; whoever trusts a fingerprint
trusts the keys, the certificate and the name on that card, and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys, check_public
from mithaq.kernel.values import Digest, KindName, Line, PartyId

Key = Annotated[bytes, Meta(min_length=32, max_length=4096)]


class Card(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a nation shows of its node: names, public keys, certificate, and what it can read."""

    format: Literal["mithaq-card/1"] = "mithaq-card/1"
    party: PartyId
    names: dict[Annotated[str, Meta(pattern="^(ar|en|fr)$")], Line]
    suite: Literal["mithaq-1"] = "mithaq-1"
    signing: dict[Annotated[str, Meta(pattern="^(ed25519|ml-dsa-65)$")], Key]
    sealing: Key  # ML-KEM-768 public key (1,184 bytes) followed by the X25519 one (32 bytes)
    certificate: Annotated[str, Meta(max_length=8000)]  # PEM, of its link server; pinned in TLS in both directions
    speaks: tuple[Literal["mithaq-link/1"], ...] = ("mithaq-link/1",)
    reads: tuple[KindName, ...] = ()

    @property
    def keys(self) -> VerifyKeys:
        return self.signing

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("en") or self.party


class Partner(Struct, frozen=True):
    """A nation whose card this node trusts, and where its node is reached."""

    card: Card
    url: str

    @property
    def party(self) -> str:
        return self.card.party


def fingerprint(card: Card) -> Digest:
    """The Digest of the card's canonical bytes."""
    return canonical.digest_of(card)


def words(digest: str) -> str:
    """A fingerprint in sixteen groups of four, to be read aloud.

    >>> words("sha256:" + "0123456789abcdef" * 4)[:19]
    '0123 4567 89ab cdef'
    """
    hexes = digest.removeprefix("sha256:")
    return " ".join(hexes[i : i + 4] for i in range(0, len(hexes), 4))


def read_card(data: bytes, pinned: str | None = None) -> Card:
    """The card in these bytes, its keys checked; with ``pinned``, Untrusted unless it has exactly that fingerprint."""
    card = canonical.read(data, Card)
    check_public(card.signing)
    if len(card.sealing) != 1184 + 32:
        raise Untrusted("card", f"the sealing key of {card.party} has {len(card.sealing)} bytes, not 1216")
    if pinned is not None and fingerprint(card) != pinned:
        raise Untrusted(
            "fingerprint",
            f"the card of {card.party} is {fingerprint(card)}, not the pinned {pinned}",
            hint="compare the fingerprint with the partner by voice before trusting a new card",
        )
    return card
