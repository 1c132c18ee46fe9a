"""Deliveries and receipts that are carried by hand instead of over a line: the same bytes, sequence and verdicts.

Nothing remembers that something was packed: what waits goes on waiting until a receipt settles it, over whichever way
it comes. So bundles and lines mix freely, and a bundle that is lost or read twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from mithaq.errors import NotFound
from mithaq.kernel import canonical
from mithaq.kernel.node import Node
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


def pack(node: Node, given: Pack) -> Packed:
    if given.party not in node.partners:
        raise NotFound("partner", f"{given.party} is not a partner of this node", hint="see mithaq party list")
    for last, sealed in node.pack(given.party, after=given.after, size=given.size):
        return Packed(last, sealed)
    return Packed(given.after)


def take(node: Node, given: Sealed) -> Answered:
    answer = node.receive(given.sealed)
    return Answered(answer.outcome, answer.sealed)


def settle(node: Node, given: Sealed) -> Told:
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


def install(node: Node, given: Install) -> Installed:
    found = node.install(given.manifest.encode(), [each.encode() for each in given.revocations])
    return Installed(found.party, found.serial, fingerprint(found))


class Act(Struct, frozen=True):
    """One act by hand: what it takes, and who may by default."""

    name: str
    takes: type[Struct]
    run: Callable[[Node, Any], Any]
    roles: tuple[str, ...]


_CARRIES = ("liaison_officer", "supervisor", "administrator")
_ACTS = (
    Act("bundle.pack", Pack, pack, _CARRIES),
    Act("bundle.take", Sealed, take, _CARRIES),
    Act("bundle.settle", Sealed, settle, _CARRIES),
    Act("keys.install", Install, install, ("administrator",)),
)
ACTS = {act.name: act for act in _ACTS}
NAMES = tuple(ACTS)


def by_hand(node: Node, name: str, given: object, *, who: Actor) -> Any:
    """Do one of ``NAMES``. It is audited first, as every act is."""
    act = ACTS[name]
    taken = canonical.fit(given, act.takes)
    node.permit(who, act)
    at = node.clock.now()
    subject = getattr(taken, "party", "")
    node.store.write(lambda tx: tx.audit.add(at=at, who=who.id, act=name, subject=subject)).result()
    return act.run(node, taken)
