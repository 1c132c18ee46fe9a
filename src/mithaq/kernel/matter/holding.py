"""The Matter in which the holder of a partner's records says what it did with them, and its origin answers.

A node signs it, in a role and without a name: that it deleted a record, that a legal hold keeps it from deleting, that
somebody acted on it, that it asks to pass it on to a third nation. Each matter is one such statement; only what is
asked is answered in it. What is said here is an assertion: signed, in both chains, and no proof that it is true.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.kernel.keyring import NODE
from mithaq.kernel.matter.kind import NONE, MatterKind, Verb
from mithaq.kernel.values import Code, Count, Instant, PartyId, RecordId

KIND = "matter.holding/1"
MOST = 500  # records in one deletion statement
Parties = Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=2)]

DeletedFor = Literal["recalled", "expired", "ordered"]
HeldFor = Literal["complaint", "court"]
Act = Literal["informed", "checked", "stopped", "handed_over", "helped", "not_found", "no_action"]
"""What was done on a record. None of them is done by a machine."""


class Gone(Struct, frozen=True, forbid_unknown_fields=True):
    """One record of which every version is deleted: its content, what found it, and its attachments."""

    record: RecordId
    versions: Count
    why: DeletedFor


class Deletion(Struct, frozen=True, forbid_unknown_fields=True):
    """What was deleted. The origin holds it against what it released."""

    parties: Parties
    records: Annotated[tuple[Gone, ...], Meta(min_length=1, max_length=MOST)]


class Hold(Struct, frozen=True, forbid_unknown_fields=True):
    """A record whose deletion is due and that a legal hold keeps: nobody works with it, and it is not deleted."""

    parties: Parties
    record: RecordId
    why: HeldFor


class Freed(Struct, frozen=True, forbid_unknown_fields=True):
    """The legal hold is over: its deletion follows."""

    parties: Parties
    record: RecordId


class ActedOn(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody in this role did this on the strength of a record version."""

    parties: Parties
    record: RecordId
    version: Count
    act: Act
    by: Code
    when: Instant


class OnwardRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The wish to pass a record on to a third nation, and for what."""

    parties: Parties
    record: RecordId
    to: PartyId
    purpose: Code


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """A record was passed on to a third nation: said where its handling asks to be told."""

    parties: Parties
    record: RecordId
    to: PartyId


class Answered(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to the request of this matter; ``until``: how long it holds."""

    until: Instant | None = None


def _opening(name: str, takes: type[Struct]) -> Verb:
    return Verb(name=name, role=NODE, about="matter", gives=name, takes=takes, opens=True)


_ANSWERS = (NONE, "consented", "refused")  # whoever asked stands elsewhere, and cannot answer
HOLDING = MatterKind(
    name=KIND,
    verbs=(
        _opening("deleted", Deletion),
        _opening("held", Hold),
        _opening("freed", Freed),
        _opening("acted", ActedOn),
        _opening("ask_onward", OnwardRequest),
        _opening("passed_on", Told),
        Verb(name="consent", role=NODE, about="matter", after=_ANSWERS, gives="consented", takes=Answered),
        Verb(name="refuse", role=NODE, about="matter", after=_ANSWERS, gives="refused"),
    ),
    stages=(),
)
