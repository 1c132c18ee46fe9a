"""What crosses a link: the message, the delivery that carries messages, and the receipt that answers it.

- A **message** is the exact canonical bytes of a ``Content``. It names its link, number and lane, so it can stand for
  nothing else. Its *entry* in the log is a salted hash of those bytes.
- A **delivery** is what one request carries, with the newest signed checkpoint of the link's log: either a *run* of
  numbers without gaps, with the consistency proof from the log that ends with it to that checkpoint; or messages that
  *overtake*, each with its path to that checkpoint. With none in it, it asks for the partner's head.
- A **receipt** is the signed answer: a verdict for every message (again, if it came before) and the receiver's head.

``docs/protocol.md`` is the same in prose.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.kernel.party import EnvelopeText
from mithaq.kernel.values import Code, Instant, Lane, LinkId, PartyId

MAX_MESSAGES = 500
MAX_CONTENT = 256 * 1024

Number = Annotated[int, Meta(ge=1)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Path = Annotated[tuple[Hash, ...], Meta(max_length=64)]
Note = Annotated[str, Meta(max_length=16_384)]
Revocations = Annotated[tuple[EnvelopeText, ...], Meta(max_length=64)]
What = Literal["release", "statement", "part"]
Tombstone = Literal["suspended", "recalled", "expired", "superseded"]
DeliveryFormat = Literal["mithaq-delivery/1", "mithaq-delivery/2", "mithaq-delivery/3", "mithaq-delivery/4"]
ReceiptFormat = Literal["mithaq-receipt/1", "mithaq-receipt/2", "mithaq-receipt/3", "mithaq-receipt/4"]
_FROM_TO = {"sender": "from", "receiver": "to"}


class Content(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_FROM_TO):
    """The signed bytes of one message. ``what`` says how to read the body: a release, a statement, or a
    part of an attachment that a release named.
    """

    format: Literal["mithaq-message/1"] = "mithaq-message/1"
    sender: PartyId
    receiver: PartyId
    seq: Number
    lane: Lane
    what: What
    body: dict[str, Any]


class Carried(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One number of a delivery: a message with its salt; a tombstone, which shows its log entry and why; or the entry
    alone, for a number that the receiver holds already because it overtook.
    """

    seq: Number
    salt: Hash | None = None
    content: Annotated[str, Meta(max_length=MAX_CONTENT)] | None = None
    entry: Hash | None = None
    tombstone: Tombstone | None = None
    path: Path | None = None  # of a message that overtakes


class Delivery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, rename=_FROM_TO):
    """What one request carries. Format 2 may overtake, and may ask for verdicts given before, ``after`` a number.

    Format 3 is used only for what it adds: the sender's newest key ``manifest`` with the ``revocations`` that speak of
    this link, where the partner may not have them yet; and ``holds``, the serial of the receiver's manifest that the
    sender has, where it could not verify a receipt.

    Format 4 asks the receiver to ``cosign`` the checkpoint: the serial of its witness card that the sender has, or 0.
    ``cosigned`` is the newest checkpoint that the sender has with the receiver's cosignature, shown after a start.
    """

    format: DeliveryFormat
    sender: PartyId
    receiver: PartyId
    checkpoint: Note
    consistency: Path = ()
    messages: Annotated[tuple[Carried, ...], Meta(max_length=MAX_MESSAGES)] = ()
    after: Annotated[int, Meta(ge=0)] | None = None
    manifest: EnvelopeText | None = None
    revocations: Revocations = ()
    holds: Annotated[int, Meta(ge=0)] | None = None
    cosign: Annotated[int, Meta(ge=0)] | None = None
    cosigned: Note | None = None

    @property
    def overtakes(self) -> bool:
        return bool(self.messages) and self.messages[0].path is not None


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


class Receipt(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, rename=_FROM_TO):
    """The signed answer to one delivery.

    ``settled``: a verdict for each message. ``gap``: numbers are missing, send from ``head.size + 1``. ``conflict``:
    something signed contradicts what was signed before; the receiver keeps the evidence and takes nothing more.
    ``paused``: the receiver takes nothing for now.

    Format 2 names the delivery it ``answers`` by the SHA-256 of its bytes, so that it cannot stand for another; and,
    when asked for verdicts given before, the newest ``checkpoint`` the sender signed. Format 3, for a sender that
    ``holds`` an older one, shows the ``manifest`` under which this very receipt is to be verified. Format 4 answers
    format 4: the receiver's ``cosignatures`` of its head, as signature lines, and its ``witness`` card where the
    sender has not the newest.
    """

    format: ReceiptFormat
    sender: PartyId
    receiver: PartyId
    link: LinkId
    outcome: Literal["settled", "gap", "conflict", "paused"]
    verdicts: Annotated[tuple[Verdict, ...], Meta(max_length=MAX_MESSAGES)] = ()
    head: Head
    at: Instant
    answers: Hash | None = None
    checkpoint: Note | None = None
    manifest: EnvelopeText | None = None
    cosignatures: Note | None = None
    witness: EnvelopeText | None = None
