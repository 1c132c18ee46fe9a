"""Adoption: what words, kinds, floor and gazetteer a nation goes by, as its own signed statement.

Nothing that Mithaq ships is in force by being shipped. A nation adopts exact files, by digest; an agreement names the
digests that it rests on, and a nation signs only what rests on what it has adopted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Clash
from mithaq.kernel import canonical
from mithaq.kernel.law.text import RestsOn
from mithaq.kernel.record import Kind
from mithaq.kernel.values import Digest, Instant, KindName, PartyId


class Kinds(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The kinds of records that a nation goes by, each by the digest of its declaration."""

    format: Literal["mithaq-kinds/1"] = "mithaq-kinds/1"
    kinds: Annotated[dict[KindName, Digest], Meta(max_length=10_000)]

    @property
    def digest(self) -> Digest:
        return canonical.digest_of(self)


class Adoption(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a party adopted, and when."""

    format: Literal["mithaq-adoption/1"] = "mithaq-adoption/1"
    party: PartyId
    adopts: RestsOn
    at: Instant


def kinds_of(kinds: Iterable[Kind]) -> Kinds:
    """These kinds, by the digest of what is declared of each: its fields, their meaning, how sensitive they are."""
    return Kinds(kinds={kind.name: _declared(kind) for kind in sorted(kinds, key=lambda kind: kind.name)})


def check_kinds(adopted: Kinds, known: Iterable[Kind]) -> None:
    """Clash if a kind that was adopted is declared otherwise by this program. One that it does not know is let be."""
    for kind in known:
        ours = adopted.kinds.get(kind.name)
        if ours is not None and ours != _declared(kind):
            raise Clash(
                "kinds",
                f"this program declares {kind.name} otherwise than what was adopted",
                hint="go back to the version it was adopted with, or adopt the new declaration with your partners",
            )


def _declared(kind: Kind) -> Digest:
    fields = {
        name: {"meaning": field.meaning, "sensitivity": str(field.sensitivity), "free_text": field.free_text}
        | ({"refers": True} if field.refers else {})
        for name, field in kind.fields.items()
    }
    return canonical.digest_of(
        {"name": kind.name, "fields": fields, "attributes": dict(kind.attributes), "title": kind.title,
         "subject": kind.subject, "place": kind.place, "time": kind.time}
        | ({"act": kind.act, "asks": kind.asks} if kind.act != "share" else {})
    )  # fmt: skip
