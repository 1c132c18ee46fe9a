"""The witnesses at the desk: how the links stand, the policy for an auditor, and cosigning again after a restore."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mithaq.errors import NotFound
from mithaq.kernel.desk import Desk
from mithaq.kernel.link import epochs
from mithaq.kernel.link.log.checkpoint import origin, read_checkpoint
from mithaq.kernel.link.log.note import ED25519, ML_DSA_65
from mithaq.kernel.people.roles import EVERYONE
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.values import Count, PartyId, ends
from mithaq.kernel.witness import kept, partner, quorum
from mithaq.kernel.witness.cosignature import VerifierKey
from mithaq.kernel.witness.policy import Witnessed, write_policy
from mithaq.kernel.witness.quorum import Stands


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """One direction between two nations."""

    sender: PartyId
    receiver: PartyId


class Policy(Struct, frozen=True):
    """A C2SP tlog-policy file: the log, its witnesses, and the quorum that the agreement asks for."""

    link: str
    agreement: str
    policy: str


class ToCosign(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner whose link we cosign again, although it could not show what we cosigned before a restore."""

    party: PartyId


class Cosigning(Struct, frozen=True):
    """Whether we cosign what a partner sends, and how much of it we have."""

    party: str
    cosigning: bool
    size: int


def witnesses(desk: Desk, _: Nothing) -> tuple[Stands, ...]:
    """Every link of every agreement that asks for witnesses."""
    me, book, found = desk.node.party, desk.law.book, []
    for other in desk.node.partners:
        for link in (epochs.current(desk.tx, me, other), epochs.current(desk.tx, other, me)):
            for ref, policy in quorum.policies(book, link, desk.at):
                found.append(quorum.stands(desk.tx, link, ref, policy, desk.at))
    return tuple(found)


def policy_of(desk: Desk, given: Link) -> Policy:
    """What an auditor checks the proofs of a link against. Without an agreement that asks: the receiver cosigns."""
    link = epochs.current(desk.tx, given.sender, given.receiver)
    if desk.node.party not in ends(link):
        raise NotFound("link", f"no link {link} here", hint="see mithaq link status")
    asked = [*quorum.policies(desk.law.book, link, desk.at), ("", Witnessed(quorum=given.receiver))]
    agreement, policy = asked[0]
    ring, named = desk.node.rings.of(given.sender).ring, origin(link)
    log = [VerifierKey(named, ED25519, each.keys["ed25519"]) for each in ring.signing if each.revoked is None]
    log += [VerifierKey(named, ML_DSA_65, each.keys["ml-dsa-65"]) for each in ring.signing if each.revoked is None]
    text = write_policy(policy, log, given.sender, quorum.keys_for(desk.tx, link, policy))
    return Policy(link, agreement, text)


def cosign_again(desk: Desk, given: ToCosign) -> Cosigning:
    """Cosign what a partner sends again. Say so only if it holds no newer checkpoint that we cosigned."""
    link = epochs.current(desk.tx, given.party, desk.node.party)
    if given.party not in desk.node.partners:
        raise NotFound("partner", f"{given.party} is not a partner of this node", hint="see mithaq party list")
    partner.sure(desk.tx, link)
    return Cosigning(given.party, True, desk.tx.links.edge(link).size)


def best(desk: Desk, link: str, seq: Count) -> str | None:
    """The checkpoint to prove an entry with: the newest with its quorum, else the one with most cosignatures."""
    notes = [each for each in kept.notes(desk.tx, link) if each.checkpoint.size >= seq]
    for _, policy in quorum.policies(desk.law.book, link, desk.at):
        keys = quorum.keys_for(desk.tx, link, policy)
        for each in reversed(notes):
            if policy.met({ends(link)[0], *each.times(keys)}):
                return _newly_signed(desk, link, each)
    most = max(notes, key=lambda each: (len(each.note.signatures), each.checkpoint.size), default=None)
    return _newly_signed(desk, link, most) if most is not None else None


def _newly_signed(desk: Desk, link: str, found: kept.CosignedNote) -> str:
    """With the sender's signature as it is kept now: a head is signed anew when keys change."""
    note = desk.tx.links.checkpoint(link, found.checkpoint.size)
    if note is None:
        return found.text
    _, signed = read_checkpoint(note)
    cosigned = tuple(each for each in found.note.signatures if each.name != found.checkpoint.origin)
    return kept.CosignedNote(found.checkpoint, type(signed)(signed.text, (*signed.signatures, *cosigned))).text


PLAIN: dict[str, Any] = {"personal": False, "of_views": False}
COMMANDS = (
    Command(
        "link.cosign-again", "cosign what a partner sends again, after a restore", ToCosign, Cosigning, cosign_again,
        roles=("administrator",),
    ),
)  # fmt: skip
QUESTIONS = (
    Question(
        "link.witnesses", "how the logs stand towards their witnesses", Nothing, tuple[Stands, ...], witnesses,
        roles=EVERYONE, **PLAIN,
    ),
    Question(
        "link.policy", "the witness policy of a link, for an auditor", Link, Policy, policy_of, roles=EVERYONE, **PLAIN
    ),
)  # fmt: skip
