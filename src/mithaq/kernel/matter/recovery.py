"""The Matter by which two nations agree on where their links stand after one of them was set back.

``recover`` is what a node says by itself once a partner has told how far it had come: which server it is now, the heads
of both logs as it holds them, and which numbers of its own it knows only by their entries. ``acknowledge`` answers that
these heads are of the logs that the partner holds; ``dispute``, that they are not. Neither changes a log: what was
receipted stays receipted, and a head that does not fit is the same evidence as before.

``renew`` closes a link whose log cannot go on, at the heads that both hold, and ``agree`` begins its next epoch. Each
needs two people at home; the node signs it, since the link itself cannot carry it: the files go by hand.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.kernel.keyring import NODE
from mithaq.kernel.link.message import Note
from mithaq.kernel.matter.kind import MatterKind, Verb
from mithaq.kernel.matter.said import Said
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Count, LinkId, PartyId

KIND = "matter.recovery/1"
Pair = Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=2)]
Root = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
Size = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Why = Literal["lost_numbers", "two_servers", "two_logs"]
TO_ANSWER = "recovery/answer/"


class LogHead(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a link's log a nation holds."""

    link: LinkId
    size: Size
    root: Root


class Unknown(Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers that are known by their entries alone: we sent them, and no longer hold what they said."""

    first: Count
    last: Count


class Recover(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``server``: the epoch of the server that speaks now. ``sends``, ``takes``: both logs as it has them."""

    parties: Pair
    server: Count
    sends: LogHead
    takes: LogHead
    unknown: Annotated[tuple[Unknown, ...], Meta(max_length=100)] = ()


class Heads(Struct, frozen=True, forbid_unknown_fields=True):
    """The same two logs as the partner holds them: ``takes`` is what the other ``sends``."""

    sends: LogHead
    takes: LogHead


class Renew(Struct, frozen=True, forbid_unknown_fields=True):
    """The sender's head of the link that is to be closed, the epoch that follows it, and why."""

    parties: Pair
    closes: LogHead
    begins: LinkId
    why: Why


class Agree(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The receiver's head of the same link, and the newest checkpoint of it that the sender has signed and it holds."""

    closes: LogHead
    begins: LinkId
    signed: Note | None = None


RECOVERY = MatterKind(
    name=KIND,
    verbs=(
        Verb(name="recover", role=NODE, about="matter", gives="recovered", takes=Recover, opens=True),
        Verb(name="acknowledge", role=NODE, about="statement", gives="acknowledged", takes=Heads),
        Verb(name="dispute", role=NODE, about="statement", gives="disputed", takes=Heads),
        Verb(name="renew", role=NODE, about="matter", gives="closed", takes=Renew, opens=True),
        Verb(name="agree", role=NODE, about="statement", gives="agreed", takes=Agree),
    ),
    stages=(),
)


def note(tx: Transaction, said: Said, me: str) -> None:
    """Remember that a partner's recovery is to be answered."""
    if said.says == "recover" and said.party != me and {*said.terms.get("parties", ())} == {said.party, me}:
        tx.memos.put(f"{TO_ANSWER}{said.matter}", said.party)
        tx.memos.put(f"recovery/of/{said.party}", said.matter)


def newest_of(tx: Transaction, party: str) -> str:
    """The matter in which a partner last said that it was set back; nothing if it never did."""
    return tx.memos.get(f"recovery/of/{party}") or ""
