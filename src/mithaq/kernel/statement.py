"""Statements: what a party says about a digest, as a DSSE envelope over exact bytes.

DSSE (github.com/secure-systems-lab/dsse, protocol v1) signs the type together with the bytes, needs no canonical form
to verify, and carries several signatures: here both halves of the suite, and the same text signed by two nations as
two envelopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys, verify
from mithaq.kernel.party import Card
from mithaq.kernel.ports import Signature, Signer
from mithaq.kernel.values import Digest, Instant, Line, PartyId

T = TypeVar("T")

MAX_SIGNATURES = 16


class _Mark(Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Annotated[str, Meta(pattern=r"^(ed25519|ml-dsa-65):[0-9a-f]{16}$")]
    sig: bytes


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """A DSSE envelope. ``payload`` is base64 in JSON; ``payloadType`` is inside what is signed."""

    payloadType: str
    payload: bytes
    signatures: Annotated[tuple[_Mark, ...], Meta(max_length=MAX_SIGNATURES)]


class Statement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a party says about exactly that digest: it signs, adopts, suspends, recalls, …"""

    format: Literal["mithaq-statement/1"] = "mithaq-statement/1"
    says: Literal["sign", "adopt"]
    subject: Digest
    title: Line
    party: PartyId
    at: Instant


def media_type(name: str) -> str:
    """The payload type of a Mithaq document: ``statement`` gives ``application/vnd.mithaq.statement+json``."""
    return f"application/vnd.mithaq.{name}+json"


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding.

    >>> signed_bytes("t/x", b"hi")
    b'DSSEv1 3 t/x 2 hi'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(name: str, value: object, signer: Signer) -> bytes:
    """The canonical bytes of an envelope in which the nation signs ``value``."""
    payload_type, payload = media_type(name), canonical.encode(value)
    marks = tuple(_Mark(s.key, s.value) for s in signer.sign(signed_bytes(payload_type, payload)))
    return canonical.encode(Envelope(payload_type, payload, marks))


def verified(name: str, data: bytes, into: type[T], keys: VerifyKeys) -> T:
    """The value that the holder of ``keys`` signed in this envelope; else Malformed, Invalid or Untrusted."""
    envelope = canonical.read(data, Envelope)
    if envelope.payloadType != media_type(name):
        raise Malformed("payload-type", f"{envelope.payloadType!r} where {media_type(name)!r} was expected")
    marks = [Signature(mark.keyid.partition(":")[0], mark.keyid, mark.sig) for mark in envelope.signatures]
    verify(keys, signed_bytes(envelope.payloadType, envelope.payload), marks)
    return canonical.decode(envelope.payload, into)


def signatories(subject: str, envelopes: Iterable[bytes], cards: Mapping[str, Card]) -> frozenset[str]:
    """The parties of ``cards`` that signed exactly ``subject``. An envelope that does not hold is Untrusted."""
    found: set[str] = set()
    for data in envelopes:
        claimed = canonical.decode(canonical.read(data, Envelope).payload, Statement)
        card = cards.get(claimed.party)
        if card is None:
            raise Untrusted("signatory", f"signed by {claimed.party}, whose card is not trusted here")
        statement = verified("statement", data, Statement, card.keys)
        if statement.subject != subject:
            raise Untrusted("subject", f"{statement.party} signed {statement.subject}, not {subject}")
        if statement.says == "sign":
            found.add(statement.party)
    return frozenset(found)
