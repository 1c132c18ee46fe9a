"""Records, their Kinds and their Marking: what a nation states, and what is known of each field of it.

A Kind is declared once, beside its body::

    class VehicleAlert(Struct, frozen=True, forbid_unknown_fields=True):
        plate: Annotated[Line, Field("registration plate, as seen", Sensitivity.PERSONAL)]
        remarks: Annotated[FreeText | None, Field("anything else", Sensitivity.RESTRICTED, free_text=True)] = None

    VEHICLE_ALERT = Kind("intelligence.alert.vehicle", 1, VehicleAlert, title="plate", …)

Schema, sensitivity, retention, search, map, timeline and documentation all come from that declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from msgspec import Meta, Struct, inspect
from msgspec.structs import replace

from mithaq.errors import Clash, Invalid
from mithaq.kernel import canonical
from mithaq.kernel.instants import misspelt
from mithaq.kernel.values import AgencyId, Code, Digest, FreeText, Instant, KindName, Lane, PartyId, Period, RecordId

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Sensitivity(StrEnum):
    """What a field could do to somebody if it reached the wrong hands."""

    OPEN = "open"  # nobody: a code, a colour
    RESTRICTED = "restricted"  # the work: tactics, assessments
    PERSONAL = "personal"  # the person it is about, or who could be found through it
    SOURCE = "source"  # whoever told us: never leaves unless a clause names it


class Field(Struct, frozen=True):
    """What one field means and how sensitive it is. Free text leaves only as a release text written for it.

    A field that ``refers`` names other records: by their ids, or by structs whose ``to`` is one. Of these a partner is
    told only those that it was given, so that no link tells of a record which it does not have.
    """

    meaning: str
    sensitivity: Sensitivity
    free_text: bool = False
    refers: bool = False


class Kind(Struct, frozen=True):
    """A versioned sort of Record. ``title``, ``subject``, ``place`` and ``time`` name fields of the body.

    ``attributes`` says which attributes of the vocabulary a Record of this Kind has, and the field that gives each;
    every other attribute of the vocabulary is *inapplicable* to it.

    ``before`` is the version of the Kind before this one, and ``down`` makes its body of a body of this version, for a
    partner or an agreement that knows no newer one; None where that cannot be.
    """

    base: str
    version: int
    body: type[Struct]
    title: str
    subject: str
    place: str | None
    time: str | None
    retention: Period
    attributes: dict[str, str] = {}
    lane: Lane = "record"  # latest: only the newest version matters (a track)
    before: Kind | None = None
    down: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None

    @property
    def name(self) -> str:
        return f"{self.base}/{self.version}"

    @property
    def fields(self) -> Mapping[str, Field]:
        return _fields(self.body)

    def is_text(self, name: str) -> bool:
        """Whether a field holds text of no closed list: only of such is there a pseudonym."""
        return name in _texts(self.body)

    @property
    def types(self) -> Mapping[str, Any]:
        """The type that each field of the body must have."""
        return _types(self.body)


@cache
def _types(body: type[Struct]) -> Mapping[str, Any]:
    return get_type_hints(body, include_extras=True)


@cache
def _texts(body: type[Struct]) -> frozenset[str]:
    return frozenset(name for name, hint in _types(body).items() if _is_text(inspect.type_info(hint)))


def _is_text(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _is_text(kind.type)
    if isinstance(kind, inspect.UnionType):
        return any(_is_text(each) for each in kind.types)
    return isinstance(kind, inspect.StrType)


@cache
def _fields(body: type[Struct]) -> Mapping[str, Field]:
    hints = _types(body)
    return {name: _field(body, name, hints[name]) for name in body.__struct_fields__}


def _field(body: type[Struct], name: str, hint: Any) -> Field:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Field):
            return extra
    raise TypeError(f"{body.__name__}.{name} has no Field(meaning, sensitivity)")


class Marking(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What travels with a Record everywhere. Exercise records are never mistaken for, or mixed with, real ones.

    ``sources`` stay at home: the records of partners on which it rests, whose handling says how far it may go.
    """

    exercise: bool = False
    caveats: tuple[Code, ...] = ()
    sources: tuple[RecordId, ...] = ()


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One immutable version of something a nation states. Only its origin writes further versions of it."""

    format: Literal["mithaq-record/1"] = "mithaq-record/1"
    id: RecordId
    version: Annotated[int, Meta(ge=1)]
    previous: Digest | None = None
    kind: KindName
    origin: PartyId
    agency: AgencyId | None = None
    made: Instant
    purpose: Code
    marking: Marking = Marking()
    body: dict[str, Any]
    release_texts: dict[str, FreeText] = {}


def new_id(origin: str, randomness: Callable[[int], bytes]) -> str:
    """A RecordId of 128 random bits: it tells nothing of when, or of how many, records are made."""
    number = int.from_bytes(randomness(16), "big")
    return f"{origin}-" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def earlier(record: Record, kind: Kind) -> Iterator[tuple[Record, Kind]]:
    """The record as its Kind declares it, then as each earlier version of the Kind would have it, as far as it can."""
    yield record, kind
    while kind.before is not None and kind.down is not None:
        body, kind = kind.down(record.body), kind.before
        if body is None:
            return
        texts = {name: text for name, text in record.release_texts.items() if name in kind.fields}
        record = replace(record, kind=kind.name, body=body, release_texts=texts)
        yield record, kind


def check(record: Record, kind: Kind) -> None:
    """Refuse a Record whose body is not what its Kind declares, or whose release texts are not for free text."""
    if record.kind != kind.name:
        raise Invalid("kind", f"the record is a {record.kind}, not a {kind.name}", where="$.kind")
    try:
        typed = canonical.fit(record.body, kind.body)
        for where in misspelt(typed, record.body):
            raise Invalid(
                "instant", "an instant is written in UTC, in whole seconds: 2027-03-01T04:10:00Z", where=where
            )
    except Invalid as problem:
        raise Invalid(problem.code, problem.message, where=problem.where.replace("$", "$.body", 1)) from None
    for name in record.release_texts:
        field = kind.fields.get(name)
        if field is None or not field.free_text:
            raise Invalid("release-text", "a release text is for a free-text field", where=f"$.release_texts.{name}")


def follows(new: Record, old: Record) -> None:
    """Refuse a Record that is not the next version of ``old``: same origin, Kind and exercise marking."""
    expected = (old.id, old.version + 1, old.origin, old.marking.exercise, canonical.digest_of(old))
    found = (new.id, new.version, new.origin, new.marking.exercise, new.previous)
    if expected != found or new.kind.rpartition("/")[0] != old.kind.rpartition("/")[0]:
        raise Clash("version", f"not the version after {old.id} v{old.version}", hint="correct the newest version")
