"""The Matter in which two nations hold what one told the other by voice: that it was said, and that it was heard.

What was said is not in it: the names of the fields are, at which level, by which clause, to which role, when and over
which line. A node signs it, not an official, as it signs what it releases. Whoever heard says so, or what else it was;
so both sides hold the same, and what one says it told and the other did not hear is found.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.kernel.keyring import NODE
from mithaq.kernel.law.decision import Basis
from mithaq.kernel.law.level import Level
from mithaq.kernel.matter.kind import Deadline, MatterKind, Verb
from mithaq.kernel.values import Code, Count, Instant, KindName, PartyId, RecordId

KIND = "matter.spoken/1"
Voice = Literal["telephone", "radio", "video", "in_person"]
Fields = Annotated[dict[Code, Level], Meta(min_length=1, max_length=100)]


class Told(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What was told of which record: the fields with their levels, from role to role, when and over which line."""

    parties: Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=2)]
    record: RecordId
    version: Count
    record_kind: KindName
    fields: Fields
    basis: Basis
    by_role: Code
    to_role: Code
    to_authority: Code | None = None
    at: Instant
    line: Voice


class Heard(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """That it was heard as told, by whom as a role."""

    role: Code


class Disputed(Struct, frozen=True, forbid_unknown_fields=True):
    """That something else was heard: only these fields, or none."""

    role: Code
    fields: Annotated[tuple[Code, ...], Meta(max_length=100)]


SPOKEN = MatterKind(
    name=KIND,
    verbs=(
        Verb(name="told", role=NODE, about="matter", gives="told", takes=Told, opens=True),
        Verb(name="heard", role=NODE, about="matter", after=("", "disputed"), gives="heard", takes=Heard),
        Verb(name="disputed", role=NODE, about="matter", gives="disputed", takes=Disputed),
    ),
    stages=(),
    deadlines=(
        Deadline(
            what="confirm_heard", after="told", within="P1D", discharged_by=("heard", "disputed"),
            role="liaison_officer", escalates_to="supervisor",
        ),
    ),
)  # fmt: skip
