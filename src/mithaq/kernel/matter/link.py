"""The Matter by which a nation tells a partner that it deals with it no more, for now or until it is taken back.

The node signs it: to stop is every nation's own right, at once and alone. Each stop opens a matter of its own between
the two, and no other nation learns of it. What was received before stays bound by its handling and retention: the
statement says so, and both sides keep to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from mithaq.kernel import canonical
from mithaq.kernel.keyring import NODE
from mithaq.kernel.matter.kind import MatterKind, Verb
from mithaq.kernel.matter.said import Said
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant, PartyId

KIND = "matter.link/1"
Reason = Literal["unspecified", "maintenance", "security", "legal", "political", "dispute"]
Parties = Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=2)]


class Stop(Struct, frozen=True, forbid_unknown_fields=True):
    """Between whom, and why, in a word. ``received``: what either has of the other stays under its own terms."""

    parties: Parties
    reason: Reason
    received: Literal["stays_bound"]


LINK = MatterKind(
    name=KIND,
    verbs=(
        Verb(name="pause", role=NODE, about="matter", gives="paused", takes=Stop, opens=True),
        Verb(name="remove", role=NODE, about="matter", gives="removed", takes=Stop, opens=True),
        Verb(name="resume", role=NODE, about="matter", after=("paused",), gives="resumed"),
        Verb(name="readmit", role=NODE, about="matter", after=("removed",), gives="readmitted"),
    ),
    stages=(),
)
GIVES = {"pause": "paused", "remove": "removed", "resume": "", "readmit": ""}


class Theirs(Struct, frozen=True):
    """How a partner says that it stands towards us (``paused``, ``removed`` or nothing), why, and since when."""

    standing: str
    reason: str
    at: Instant


def note(tx: Transaction, said: Said, _: datetime, me: str) -> None:
    """Take up what a partner says of its dealings with us; of several statements, the one made last counts."""
    if said.party == me or said.says not in GIVES:
        return
    before = theirs(tx, said.party)
    if before is None or before.at <= said.at:
        reason = str(said.terms.get("reason", ""))
        told = Theirs(GIVES[said.says], reason, said.at)
        tx.memos.put(_memo(said.party), canonical.encode(told).decode())


def theirs(tx: Transaction, partner: str) -> Theirs | None:
    """What a partner said last of its dealings with us; None if it never said anything."""
    memo = tx.memos.get(_memo(partner))
    return msgspec.json.decode(memo, type=Theirs) if memo is not None else None


def took(tx: Transaction, partner: str, at: datetime) -> None:
    """A partner that had stopped has taken from us again: its word that it resumed was lost, or is still under way."""
    tx.memos.put(_memo(partner), None)


def _memo(partner: str) -> str:
    return f"stopped-by/{partner}"
