"""The constrained values that everything else is made of, each defined once.

All are plain JSON strings or integers on the wire, so that their canonical bytes are the same on every node.
``Meta(pattern=…)`` is a search in msgspec, so every pattern is anchored on both sides. Since ``$`` alone also stands
before a last newline, each ends in ``(?!\\n)$``, which JSON Schema reads the same.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

PartyId = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$", description="ISO 3166-1 alpha-2 code of a nation")]
AgencyId = Annotated[
    str, Meta(pattern=r"^[A-Z]{2}/[A-Z0-9-]{1,24}(?!\n)$", description="an agency of a nation: JO/PSD")
]
Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}(?!\n)$", description="SHA-256 of canonical bytes")]
Instant = Annotated[datetime, Meta(tz=True, description="an instant in UTC, RFC 3339, whole seconds")]
KindName = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+/[1-9][0-9]{0,3}(?!\n)$", description="name/version of a Kind"),
]
RecordId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}-[0-9A-HJKMNP-TV-Z]{26}(?!\n)$", description="origin nation and a ULID (Crockford base 32)"
    ),
]
LinkId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}>[A-Z]{2}(/[2-9]|/[1-9][0-9]{1,3})?(?!\n)$",
        description="one direction between two nations: JO>SA; JO>SA/2 where it was begun anew",
    ),
]
Period = Annotated[
    str,
    Meta(
        pattern=r"^P(?:[1-9][0-9]{0,3}[YMWD]|T[1-9][0-9]{0,3}[HMS])(?!\n)$",
        description="ISO 8601, one unit: P1Y, PT48H",
    ),
]
PlaceText = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,2}(?:\.[0-9]{1,6})?,-?[0-9]{1,3}(?:\.[0-9]{1,6})?(?!\n)$",
        description="latitude,longitude in decimal degrees, WGS 84",
    ),
]
Count = Annotated[int, Meta(ge=1, le=2**53 - 1, description="a number that counts from 1")]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,47}(?!\n)$", description="a word of a closed list")]
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+(?!\n)$"
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+(?!\n)$"
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE, description="one line of text")]
"""Without what a screen obeys instead of showing it: control characters, and those that turn the order of letters."""
FreeText = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=_TEXT, description="free text, any language")]
"""As a Line, over several lines and with tabs."""

Lane = Literal["flash", "record", "latest"]
"""``record``: everything is kept, in order. ``latest``: a newer version supersedes a waiting older one (tracks).
``flash``: everything is kept and goes first. Order is kept on each lane; ``flash`` and ``latest`` may overtake."""


def digest(data: bytes) -> str:
    """The Digest of exact bytes.

    >>> digest(b"")
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    return "sha256:" + hashlib.sha256(data).hexdigest()


def link_id(sender: str, receiver: str) -> str:
    """The name of the link that carries what ``sender`` releases to ``receiver``."""
    return f"{sender}>{receiver}"


def ends(link: str) -> tuple[str, str]:
    """Sender and receiver of a link, whichever epoch of it.

    >>> ends("JO>SA/2")
    ('JO', 'SA')
    """
    sender, _, receiver = link.partition("/")[0].partition(">")
    return sender, receiver
