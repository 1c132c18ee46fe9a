"""What crosses a link: the message, the delivery that carries messages, and the receipt that answers it.

- A **message** is the exact canonical bytes of a ``Content``. It names its link, number and lane, so it can stand for
  nothing else. Its *entry* in the log is a salted hash of those bytes.
- A **delivery** is what one request carries: messages in order of number, the newest signed checkpoint of the link's
  log, and the consistency proof from the log as it will be after the last message to that checkpoint. With none in it,
  it asks for the partner's head.
- A **receipt** is the signed answer: a verdict for every message (again, if it came before) and the receiver's head.

``docs/protocol.md`` is the same in prose.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.kernel.values import Code, Instant, Lane, LinkId, PartyId

MAX_MESSAGES = 500
MAX_CONTENT = 256 * 1024

Number = Annotated[int, Meta(ge=1)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Path = Annotated[tuple[Hash, ...], Meta(max_length=64)]
_FROM_TO = {"sender": "from", "receiver": "to"}


class Content(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_FROM_TO):
    """The signed bytes of one message. ``what`` says how to read the body: a release or a statement."""

    format: Literal["mithaq-message/1"] = "mithaq-message/1"
    sender: PartyId
    receiver: PartyId
    seq: Number
    lane: Lane
    what: Literal["release", "statement"]
    body: dict[str, Any]


class Carried(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One number of a delivery: a message with its salt, or a tombstone, which shows its log entry and why."""

    seq: Number
    salt: Hash | None = None
    content: Annotated[str, Meta(max_length=MAX_CONTENT)] | None = None
    entry: Hash | None = None
    tombstone: Literal["suspended", "recalled", "expired", "superseded"] | None = None


class Delivery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_FROM_TO):
    """What one request carries. The checkpoint covers the last message; an empty delivery asks for the head."""

    format: Literal["mithaq-delivery/1"] = "mithaq-delivery/1"
    sender: PartyId
    receiver: PartyId
    checkpoint: Annotated[str, Meta(max_length=16_384)]
    consistency: Path = ()
    messages: Annotated[tuple[Carried, ...], Meta(max_length=MAX_MESSAGES)] = ()


class Verdict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the receiver did with one number. ``entry`` ties it to the exact message; ``code`` says why refused."""

    seq: Number
    entry: Hash
    verdict: Literal["accepted", "refused", "tombstone"]
    code: Code | None = None


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """The receiver's log of the link: every number up to ``size`` is settled, and this is its root."""

    size: Annotated[int, Meta(ge=0)]
    root: Hash


class Receipt(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_FROM_TO):
    """The signed answer to one delivery.

    ``settled``: a verdict for each message. ``gap``: numbers are missing, send from ``head.size + 1``. ``conflict``:
    something signed contradicts what was signed before; the receiver keeps the evidence and takes nothing more.
    """

    format: Literal["mithaq-receipt/1"] = "mithaq-receipt/1"
    sender: PartyId
    receiver: PartyId
    link: LinkId
    outcome: Literal["settled", "gap", "conflict"]
    verdicts: Annotated[tuple[Verdict, ...], Meta(max_length=MAX_MESSAGES)] = ()
    head: Head
    at: Instant
