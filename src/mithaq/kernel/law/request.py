"""Requests: what is asked of the law. May ``sender`` do this act towards ``receiver`` with a record like this one?

A Request speaks of attributes, never of contents. What is not given is *unknown*, and the law fails closed on it: a
permit does not match, a forbid does. What the Vocabulary does not let the Kind have is *inapplicable*: neither does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.clock import is_instant, write_instant
from mithaq.kernel.law.clause import fits
from mithaq.kernel.law.vocabulary import ENVELOPE, AttributeName, Vocabulary, known_word
from mithaq.kernel.record import Kind, Record
from mithaq.kernel.values import Code, Instant, KindName, Line, PartyId


class Cell(Struct, frozen=True, forbid_unknown_fields=True):
    """A place known only by the area it lies in. Of every other area it is unknown whether it lies there too."""

    cell: Line


Given = bool | int | str | tuple[str, ...] | Cell


class Cited(Struct, frozen=True, forbid_unknown_fields=True):
    """The clause that the sender relies on: the law's ref (``JO-SA-border/1``) and the clause's id."""

    law: Line
    clause: Line


class Request(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True,
              rename={"sender": "from", "receiver": "to"}):  # fmt: skip
    """One question to the law. ``fields`` are those the record has; empty asks about every field of its Kind.

    ``clock_sure`` is false while the link's skew is beyond its bound: every window of time is then unknown.
    """

    act: Code = "share"
    sender: PartyId
    receiver: PartyId
    kind: KindName | None = None
    purpose: Code
    instant: Instant
    origin: PartyId | None = None
    exercise: bool = False
    caveats: tuple[Code, ...] = ()
    attributes: dict[AttributeName, Given] = {}
    fields: tuple[Code, ...] = ()
    cited: Cited | None = None
    clock_sure: bool = True


class _Missing:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNKNOWN: Final = _Missing("UNKNOWN")
INAPPLICABLE: Final = _Missing("INAPPLICABLE")


def value(request: Request, name: str, vocabulary: Vocabulary) -> Any:
    """The value of an attribute, UNKNOWN or INAPPLICABLE. A value the Vocabulary does not allow counts as unknown."""
    if name in ENVELOPE:
        given = _envelope(request, name)
    elif name not in vocabulary.applicable(request.act, request.kind or ""):
        return INAPPLICABLE
    else:
        given = request.attributes.get(name, UNKNOWN)
    return given if given is UNKNOWN or well_formed(name, given, vocabulary) else UNKNOWN


def _envelope(request: Request, name: str) -> Any:
    if name == "instant":
        return write_instant(request.instant) if request.clock_sure else UNKNOWN
    if name == "origin":
        return request.origin or request.sender
    return getattr(request, name)


def well_formed(name: str, given: Any, vocabulary: Vocabulary) -> bool:
    """Whether the value is one that the Vocabulary lets this attribute have."""
    sort = vocabulary.attributes[name].type
    if sort == "set":
        return isinstance(given, tuple | list) and all(each in vocabulary.values(name) for each in given)
    if sort == "enum":
        return given in vocabulary.values(name)
    if sort == "place":
        return isinstance(given, str | Cell)
    if sort == "instant":
        return is_instant(given)
    return fits(sort, given)


def check_request(request: Request, vocabulary: Vocabulary) -> None:
    """Refuse a Request with a word the Vocabulary does not have: for edges, where a misspelling must not pass as
    *unknown*. The decision itself never needs this to be safe.
    """
    known_word("act", request.act, vocabulary.acts, "$.act")
    known_word("purpose", request.purpose, vocabulary.purposes, "$.purpose")
    for i, caveat in enumerate(request.caveats):
        known_word("caveat", caveat, vocabulary.values("caveats"), f"$.caveats[{i}]")
    for name, given in request.attributes.items():
        where = f"$.attributes.{name}"
        known_word("attribute", name, vocabulary.attributes, where)
        if name in ENVELOPE:
            raise Invalid("attribute", f"{name} is part of the request itself", where=where)
        if not well_formed(name, given, vocabulary):
            raise Invalid("attribute", f"{canonical.plain(given)!r} is not a value of {name}", where=where)


def request_for(
    record: Record, kind: Kind, *, sender: str, receiver: str, instant: Instant, act: str = "share",
    cited: Cited | None = None, extra: Mapping[str, Given] = {}, clock_sure: bool = True,
) -> Request:  # fmt: skip
    """What the law is asked about a Record: its envelope, and the attributes its Kind says its fields give.

    ``extra`` are attributes that are known but stand in no field (a confirmation, a screening result).
    """
    given = {name: _given(record.body[field]) for name, field in kind.attributes.items() if field in record.body}
    present = tuple(name for name in kind.fields if record.body.get(name) is not None)
    return Request(
        act=act, sender=sender, receiver=receiver, kind=record.kind, purpose=record.purpose, instant=instant,
        origin=record.origin, exercise=record.marking.exercise, caveats=record.marking.caveats,
        attributes={name: each for name, each in given.items() if each is not None} | dict(extra),
        fields=present, cited=cited, clock_sure=clock_sure,
    )  # fmt: skip


def _given(field: Any) -> Any:
    return tuple(field) if isinstance(field, list) else field
