"""Deliveries and receipts that are carried by hand instead of over a line: the same bytes, sequence and verdicts.

Nothing remembers that something was packed: what waits goes on waiting until a receipt settles it, over whichever way
it comes. So bundles and lines mix freely, and a bundle that is lost or read twice does no harm.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mithaq.errors import NotFound
from mithaq.kernel.node import Node
from mithaq.kernel.node_act import NodeAct
from mithaq.kernel.party import fingerprint
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.values import PartyId

LARGEST = 1024 * 1024


class Pack(Struct, frozen=True, forbid_unknown_fields=True):
    """What waits for a partner after a number: at most ``size`` bytes of content."""

    party: PartyId
    after: Annotated[int, Meta(ge=0)] = 0
    size: Annotated[int, Meta(ge=1, le=LARGEST)] = LARGEST


class Packed(Struct, frozen=True):
    """One sealed delivery and its last number; nothing when no more waits."""

    last: int
    sealed: bytes = b""


class Sealed(Struct, frozen=True, forbid_unknown_fields=True):
    """One sealed delivery, or one sealed receipt."""

    sealed: bytes


class Answered(Struct, frozen=True):
    """The sealed receipt to carry back, and its outcome."""

    outcome: str
    sealed: bytes


class Told(Struct, frozen=True):
    """What a receipt settled, and how many numbers of the link its signer holds."""

    outcome: str
    head: int
    settled: int
    refused: int


def pack(node: Node, given: Pack, _: Actor) -> Packed:
    if given.party not in node.partners:
        raise NotFound("partner", f"{given.party} is not a partner of this node", hint="see mithaq party list")
    for last, sealed in node.pack(given.party, after=given.after, size=given.size):
        return Packed(last, sealed)
    return Packed(given.after)


def take(node: Node, given: Sealed, _: Actor) -> Answered:
    answer = node.receive(given.sealed)
    return Answered(answer.outcome, answer.sealed)


def settle(node: Node, given: Sealed, _: Actor) -> Told:
    found = node.unpack(given.sealed)
    return Told(found.outcome, found.head, found.settled, found.refused)


class Install(Struct, frozen=True, forbid_unknown_fields=True):
    """A manifest that our root has signed, and revocations."""

    manifest: str
    revocations: tuple[str, ...] = ()


class Installed(Struct, frozen=True):
    """The manifest in use, and the fingerprint of the root."""

    party: str
    serial: int
    fingerprint: str


def install(node: Node, given: Install, _: Actor) -> Installed:
    found = node.install(given.manifest.encode(), [each.encode() for each in given.revocations])
    return Installed(found.party, found.serial, fingerprint(found))


_CARRIES = ("liaison_officer", "supervisor", "administrator")
BY_HAND = (
    NodeAct("bundle.pack", "pack the next of what waits for a partner", Pack, Packed, pack, _CARRIES),
    NodeAct("bundle.take", "take a partner's delivery that was carried by hand", Sealed, Answered, take, _CARRIES),
    NodeAct("bundle.settle", "settle by a partner's receipt that was carried by hand", Sealed, Told, settle, _CARRIES),
    NodeAct("keys.install", "take up a new key manifest of our root", Install, Installed, install, ("administrator",)),
)
