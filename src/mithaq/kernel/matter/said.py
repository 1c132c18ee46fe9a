"""What is said in a Matter: one signed statement of one party, a link of that party's chain.

Each names the one before it (``previous``) and the newest of every other party that its speaker had heard (``heard``),
by digest. So a chain cannot be cut or changed, what a speaker knew is part of what it said, and a party that tells two
partners different things under one number is found as soon as either of them answers.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from mithaq.errors import Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.statement import payload, signed_by
from mithaq.kernel.values import Code, Count, Digest, Instant, KindName, PartyId, RecordId


class Said(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, dict=True):
    """One statement. ``about``: the digest of a text or of an earlier statement; ``terms``: what its verb takes."""

    format: Literal["mithaq-statement/2"] = "mithaq-statement/2"
    matter: RecordId
    kind: KindName
    party: PartyId
    number: Count
    previous: Digest | None = None
    heard: dict[PartyId, Digest] = {}
    says: Code
    about: Digest | None = None
    role: Code
    at: Instant
    terms: dict[str, Any] = {}

    @property
    def digest(self) -> Digest:
        known = self.__dict__.get("_digest")
        if known is None:
            known = self.__dict__["_digest"] = canonical.digest_of(self)
        return str(known)


def read_said(envelope: bytes) -> Said:
    """What an envelope says, unverified: to find whose keys it is to be held against."""
    return payload("statement", envelope, Said)


def verify_said(envelope: bytes, ring: Keyring, *, least: int = 1) -> Said:
    """The statement in this envelope, signed by as many officials of its role as its nation asks; else Untrusted.

    ``least``: how many the text asks for that it is about. Keys must be in their time when it says it was made: it may
    have been on its way for long.
    """
    claimed = read_said(envelope)
    if claimed.party != ring.party:
        raise Untrusted("statement", f"a statement of {claimed.party} held against the keys of {ring.party}")
    keys, need = ring.speakers(claimed.role, claimed.at)
    return signed_by("statement", envelope, Said, keys, need=max(need, least))
