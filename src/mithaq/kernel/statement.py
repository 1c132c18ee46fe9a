"""Statements: what a party says about a digest, as a DSSE envelope over exact bytes.

DSSE (github.com/secure-systems-lab/dsse, protocol v1) signs the type together with the bytes, needs no canonical form
to verify, and carries several signatures: here both halves of the suite, and the same text signed by two nations as
two envelopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys, key_id, verify, verify_any
from mithaq.kernel.ports import Signature, Signer
from mithaq.kernel.values import Digest, Instant, Line, PartyId

T = TypeVar("T")

MAX_SIGNATURES = 32


class _Mark(Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Annotated[str, Meta(pattern=r"^(ed25519|ml-dsa-65):[0-9a-f]{16}(?!\n)$")]
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
    envelope, message, marks = _opened(name, data)
    verify(keys, message, marks)
    return canonical.decode(envelope.payload, into)


def verified_any(name: str, data: bytes, into: type[T], sets: Iterable[VerifyKeys]) -> T:
    """The same, by the holder of any of several sets of keys."""
    envelope, message, marks = _opened(name, data)
    verify_any(sets, message, marks)
    return canonical.decode(envelope.payload, into)


def _opened(name: str, data: bytes) -> tuple[Envelope, bytes, list[Signature]]:
    """(envelope, the bytes that are signed, the signatures), unverified; Malformed if it is of another type."""
    envelope = canonical.read(data, Envelope)
    if envelope.payloadType != media_type(name):
        raise Malformed("payload-type", f"{envelope.payloadType!r} where {media_type(name)!r} was expected")
    marks = [Signature(mark.keyid.partition(":")[0], mark.keyid, mark.sig) for mark in envelope.signatures]
    return envelope, signed_bytes(envelope.payloadType, envelope.payload), marks


def signed_by(name: str, data: bytes, into: type[T], keys: Iterable[VerifyKeys], *, need: int) -> T:
    """The value that at least ``need`` of these holders of keys signed in this envelope; else Untrusted.

    A signature by one of these keys that does not hold spoils the envelope; those by other keys are ignored.
    """
    envelope, message, marks = _opened(name, data)
    named = {mark.key for mark in marks}
    count = 0
    for each in keys:
        if {key_id(algorithm, public) for algorithm, public in each.items()} & named:
            verify(each, message, marks)
            count += 1
    if count < need:
        raise Untrusted("quorum", f"{count} of the {need} signatures that are needed")
    return canonical.decode(envelope.payload, into)


def add_signature(data: bytes, signer: Signer) -> bytes:
    """The same envelope with one more signature; a second one by the same key is not added."""
    envelope = canonical.read(data, Envelope)
    made = signer.sign(signed_bytes(envelope.payloadType, envelope.payload))
    held = {mark.keyid for mark in envelope.signatures}
    more = tuple(_Mark(one.key, one.value) for one in made if one.key not in held)
    return canonical.encode(Envelope(envelope.payloadType, envelope.payload, (*envelope.signatures, *more)))


def payload(name: str, data: bytes, into: type[T]) -> T:
    """What an envelope says, unverified: to find whose keys it is to be held against."""
    return canonical.decode(_opened(name, data)[0].payload, into)


def signatories(subject: str, envelopes: Iterable[bytes], known: Mapping[str, Sequence[VerifyKeys]]) -> frozenset[str]:
    """The parties that signed exactly ``subject``; of each the pairs of keys are known that may have signed.

    An envelope that does not hold is Untrusted.
    """
    found: set[str] = set()
    for data in envelopes:
        claimed = canonical.decode(canonical.read(data, Envelope).payload, Statement)
        if claimed.party not in known:
            raise Untrusted("signatory", f"signed by {claimed.party}, whose card is not trusted here")
        statement = verified_any("statement", data, Statement, known[claimed.party])
        if statement.subject != subject:
            raise Untrusted("subject", f"{statement.party} signed {statement.subject}, not {subject}")
        if statement.says == "sign":
            found.add(statement.party)
    return frozenset(found)
