"""What oversight states: complaints, what an origin decided, corrections and who applied them, accounts of accesses.

Roles and authorities stand in them where somebody acted; no officer does. Each that may be about a person has
``flags``, as an alert on a person has: that somebody complains here tells where they are, so it is *protected until
screened* too.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.kernel.record import Field, Kind, Sensitivity
from mithaq.kernel.values import Code, FreeText, Instant, Line, PartyId, RecordId

OPEN, RESTRICTED, PERSONAL = Sensitivity.OPEN, Sensitivity.RESTRICTED, Sensitivity.PERSONAL
PURPOSE = "oversight"
MOST = 2000
"""Lines of one account at most; a record has a size that it does not pass."""

Flag = Literal[
    "asylum_seeker", "refugee", "child", "victim", "witness", "informant", "misused_identity", "political_offence",
    "death_penalty_risk", "torture_risk",
]  # fmt: skip
Flags = Annotated[tuple[Flag, ...], Meta(max_length=10)]
Asks = Literal["access", "correction", "deletion", "unlawful_use", "misused_identity"]
"""What somebody asks: whether anything is held, that it be mended, that it go, who used it how, that it is not they."""
Outcome = Literal["nothing_held", "lawful", "corrected", "deleted", "refused"]
Remedy = Literal[
    "none", "apology", "record_mended", "holders_told", "letter_to_authorities", "compensation", "discipline"
]
Ground = Literal["complaint", "audit"]
Act = Literal["read", "exported", "handled"]
"""Of one access: a person saw it, took it out in a file, or acted on it."""

_FLAGS = Field("what a screening found that protects the person", PERSONAL)
ABOUT = Field("the record that it is about", RESTRICTED)
_REFERS = Field("the record that it is about", RESTRICTED, refers=True)


class Complaint(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That somebody holds a record to be wrong or its use unlawful, or asks whether anything is held of them."""

    person: Annotated[Line, Field("who complains, or for whom somebody does", PERSONAL)]
    contact: Annotated[Line | None, Field("where a letter reaches them", PERSONAL)] = None
    represented: Annotated[Line | None, Field("who acts for them", PERSONAL)] = None
    about: Annotated[RecordId | None, _REFERS] = None
    asks: Annotated[Asks, Field("what is asked", RESTRICTED)]
    grounds: Annotated[FreeText, Field("why", PERSONAL, free_text=True)]
    received: Annotated[Instant, Field("when it was received", RESTRICTED)]
    language: Annotated[Literal["ar", "en", "fr"], Field("the language of the letters", OPEN)] = "ar"
    known: Annotated[bool, Field("whether the person was told of the record before, by right", RESTRICTED)] = False
    flags: Annotated[Flags | None, _FLAGS] = None


class Redress(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was decided on a complaint by whoever answers for the record, and what was made good."""

    of: Annotated[RecordId, Field("the complaint", RESTRICTED)]
    outcome: Annotated[Outcome, Field("what was found and done", RESTRICTED)]
    remedy: Annotated[Remedy, Field("what was made good", RESTRICTED)] = "none"
    may_tell: Annotated[bool, Field("whether the person may be told the outcome", RESTRICTED)] = False
    reasons: Annotated[FreeText, Field("why", RESTRICTED, free_text=True)]
    at: Annotated[Instant, Field("when it was decided", RESTRICTED)]
    flags: Annotated[Flags | None, _FLAGS] = None


class Correction(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That a record was mended at its origin (*made*), and that a holder did the same with its copy (*applied*)."""

    about: Annotated[RecordId, ABOUT]
    stage: Annotated[Literal["made", "applied"], Field("made at the origin, or applied by a holder", RESTRICTED)]
    how: Annotated[Literal["corrected", "deleted"], Field("what was done", RESTRICTED)]
    holds: Annotated[int, Field("the version that holds now; 0 where it was taken back", RESTRICTED)]
    of: Annotated[RecordId | None, Field("the correction that was applied", RESTRICTED)] = None
    at: Annotated[Instant, Field("when", RESTRICTED)]
    flags: Annotated[Flags | None, _FLAGS] = None


class AccountRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question to one partner: who there had access to this record, by role?"""

    about: Annotated[RecordId, _REFERS]
    addressee: Annotated[PartyId, Field("who is asked", OPEN)]
    ground: Annotated[Ground, Field("on what ground it is asked", RESTRICTED)] = "complaint"
    reply_by: Annotated[Instant, Field("until when an answer is owed", RESTRICTED)]
    flags: Annotated[Flags | None, _FLAGS] = None


class Access(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Accesses of one hour that are alike: so many, as which roles of which authority, under which clause.

    ``at`` is the beginning of the hour: the second at which a role read something names an officer to whoever knows the
    roster.
    """

    at: Instant
    roles: tuple[Code, ...]
    authority: Code | None = None
    act: Act
    under: Line | None = None
    purpose: Code
    count: int = 1


class Received(Struct, frozen=True, forbid_unknown_fields=True):
    """One version that crossed, as both sides' logs number it."""

    version: int
    message: Line  # JO>SA/7


class Account(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who had access to a record, by role: an assertion of the nation that signs it, not a proof.

    *Nothing to tell* says the same whether there is nothing, or nothing that may be told.
    """

    of: Annotated[RecordId, Field("the request", RESTRICTED)]
    outcome: Annotated[Literal["account", "nothing_to_tell"], Field("whether it could be answered", RESTRICTED)]
    since: Annotated[Instant | None, Field("from when on", RESTRICTED)] = None
    until: Annotated[Instant | None, Field("up to when", RESTRICTED)] = None
    received: Annotated[tuple[Received, ...], Field("versions that crossed, with their numbers", RESTRICTED)] = ()
    lines: Annotated[
        Annotated[tuple[Access, ...], Meta(max_length=MOST)], Field("accesses by role", RESTRICTED)
    ] = ()  # fmt: skip
    flags: Annotated[Flags | None, _FLAGS] = None


_FLAGGED = {"subject.flags": "flags"}
COMPLAINT = Kind(
    base="oversight.complaint", version=1, body=Complaint, title="asks", subject="person", place=None, time="received",
    retention="P3Y", attributes=_FLAGGED,
)  # fmt: skip
REDRESS = Kind(
    base="oversight.redress", version=1, body=Redress, title="outcome", subject="of", place=None, time="at",
    retention="P3Y", attributes=_FLAGGED,
)  # fmt: skip
CORRECTION = Kind(
    base="oversight.correction", version=1, body=Correction, title="how", subject="about", place=None, time="at",
    retention="P3Y", attributes=_FLAGGED,
)  # fmt: skip
REQUEST = Kind(
    base="oversight.account-request", version=1, body=AccountRequest, title="ground", subject="about", place=None,
    time="reply_by", retention="P3Y", attributes=_FLAGGED,
)  # fmt: skip
ACCOUNT = Kind(
    base="oversight.account", version=1, body=Account, title="outcome", subject="of", place=None, time="until",
    retention="P3Y", attributes=_FLAGGED,
)  # fmt: skip

SORTS: dict[str, Kind] = {
    "complaint": COMPLAINT, "redress": REDRESS, "correction": CORRECTION, "account_request": REQUEST,
    "account": ACCOUNT,
}  # fmt: skip
KINDS = tuple(SORTS.values())


def sort_of(kind: str) -> str:
    """The word for the sort of record that a Kind is; empty if it is none of ours."""
    base = kind.rpartition("/")[0]
    return next((sort for sort, each in SORTS.items() if each.base == base), "")
