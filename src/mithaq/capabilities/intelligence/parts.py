"""What alerts are put together from: identifiers, other names, links to other records, photos."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.intelligence.words import Relation, Script
from mithaq.kernel.attachment.descriptor import MOST, Attachment
from mithaq.kernel.values import Line, RecordId

IdentifierType = Literal[
    "vin", "plate", "engine", "passport", "national_id", "residence_permit", "driving_licence", "document", "imo",
    "mmsi", "call_sign", "hull", "container", "seal", "waybill", "imei", "registration", "tax_number", "serial",
    "other",
]  # fmt: skip
IdentifierValue = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\s|=](?:[^|\r\n]*[^\s|])?(?!\n)$")]
Issuer = Annotated[
    str, Meta(pattern=r"^[A-Z]{2}(?!\n)$", description="ISO 3166-1 alpha-2 code of the state that gave it")
]


class Identifier(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number by which something or somebody is known, and who gave it. Checked where it has a check digit."""

    type: IdentifierType
    value: IdentifierValue
    issuer: Issuer | None = None


class OtherName(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Another name, or the same in another script or spelling."""

    name: Line
    sort: Literal["alias", "spelling", "birth", "former"] = "alias"
    script: Script | None = None


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """That a record has to do with another one, and how. A partner is told only of links to what it was given."""

    to: RecordId
    relation: Relation


Identifiers = Annotated[tuple[Identifier, ...], Meta(max_length=32)]
OtherNames = Annotated[tuple[OtherName, ...], Meta(max_length=32)]
Links = Annotated[tuple[Link, ...], Meta(max_length=64)]
Photos = Annotated[tuple[Attachment, ...], Meta(max_length=MOST)]
