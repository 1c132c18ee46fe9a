"""Attachments: pictures that a record names by hash. The record holds what describes them; the bytes are kept apart.

A field of a Kind holds attachments if its type says so::

    photo: Annotated[Attachment | None, Field("as it was seen", Sensitivity.PERSONAL)] = None
    marks: Annotated[tuple[Attachment, ...], Field("scars, tattoos", Sensitivity.PERSONAL)] = ()

The bytes are cut into parts of ``PART``, each known by its SHA-256, so that they are carried one by one and each is
checked on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.record import Kind
from mithaq.kernel.values import Digest, Line, digest

PART = 128 * 1024  # bytes; as base64 in a message it stays below the message's limit
LARGEST = 10 * 1024 * 1024  # bytes of one attachment, as it is given and as it is kept
LONGEST = 4096  # pixels of the longer side
MOST = 16  # attachments of one record
MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
"""How the bytes of each media type begin. There are no other media types."""

Side = Annotated[int, Meta(ge=1, le=LONGEST)]


class Attachment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What a record says of one picture. ``digest`` is of all its bytes, ``parts`` of each part, in order.

    ``caption`` is text for those at home and never leaves: it is not part of the picture.
    """

    digest: Digest
    media_type: Literal["image/jpeg", "image/png"]
    size: Annotated[int, Meta(ge=1, le=LARGEST)]
    width: Side
    height: Side
    parts: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=LARGEST // PART)]
    caption: Line | None = None


def describe(data: bytes, media_type: str, width: int, height: int) -> Attachment:
    """The Attachment that these bytes are."""
    given = {"digest": digest(data), "media_type": media_type, "size": len(data), "width": width, "height": height}
    return canonical.fit({**given, "parts": [digest(part) for part in cut(data)]}, Attachment)


def cut(data: bytes) -> tuple[bytes, ...]:
    """The parts of these bytes: all of ``PART`` but the last.

    >>> [len(part) for part in cut(bytes(300_000))]
    [131072, 131072, 37856]
    """
    return tuple(data[start : start + PART] for start in range(0, len(data), PART))


def length_of(size: int, part: int) -> int:
    """How many bytes part number ``part`` (from 1) of so many bytes has."""
    return min(PART, size - (part - 1) * PART)


def count_of(size: int) -> int:
    """How many parts so many bytes have."""
    return -(-size // PART)


def uncaptioned(attachment: Attachment) -> Attachment:
    """The picture alone, without what was written under it."""
    return replace(attachment, caption=None)


def named(fields: Mapping[str, Any], kind: Kind) -> tuple[tuple[str, Attachment], ...]:
    """(JSON path, Attachment) for each that these fields name; Invalid if they are more than ``MOST``."""
    found = tuple(attachments_in(fields, kind))
    if len(found) > MOST:
        raise Invalid("attachments", f"{len(found)} attachments; a record has at most {MOST}", where=found[MOST][0])
    return found


def fields_of(kind: Kind) -> tuple[str, ...]:
    """The fields of the Kind that hold attachments: one, or several."""
    return _fields(kind.body)


def attachments_in(fields: Mapping[str, Any], kind: Kind) -> Iterator[tuple[str, Attachment]]:
    """(JSON path below the body, Attachment) for each that these fields of a record name.

    What is no attachment where one could be (a pseudonym) is passed over; Invalid if one cannot be what it says.
    """
    for name in _fields(kind.body):
        value = fields.get(name)
        several = isinstance(value, list | tuple)
        for number, each in enumerate(value if isinstance(value, list | tuple) else (value,)):
            if isinstance(each, dict):
                where = f"{name}[{number}]" if several else name
                yield where, _checked(canonical.fit(each, Attachment), where)


def _checked(attachment: Attachment, where: str) -> Attachment:
    if len(attachment.parts) != count_of(attachment.size):
        raise Invalid("attachment", f"{attachment.size} bytes have {count_of(attachment.size)} parts", where=where)
    return attachment


@cache
def _fields(body: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(body, include_extras=True).items() if _holds(hint))


def _holds(hint: Any) -> bool:
    sort, arguments = get_origin(hint), get_args(hint)
    if sort is Annotated:
        return _holds(arguments[0])
    if sort not in (tuple, Union, UnionType):
        return hint is Attachment
    return [_holds(each) for each in arguments if each not in (NoneType, Ellipsis)] == [True]
