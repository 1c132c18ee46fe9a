"""The sender's side: the parts of what a release shows are numbered right after it, on the same link.

They go once to each partner, as long as it holds them. A partner that reads the Kind of the release has a program
that knows what attachments are; any other gets the description and no parts, which it could only refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import NotFound
from mithaq.kernel import canonical
from mithaq.kernel.attachment import hold
from mithaq.kernel.attachment.descriptor import Attachment, attachments_in
from mithaq.kernel.attachment.part import Part
from mithaq.kernel.law.decision import Basis
from mithaq.kernel.link import epochs
from mithaq.kernel.link.sequence import number
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Record, earlier
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Message
from mithaq.kernel.values import Instant, RecordId

if TYPE_CHECKING:
    from mithaq.kernel.desk import Desk

SENT = "attachment_sent"


class Sent(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the parts of an attachment were numbered for a partner, on what terms, and until when it holds them."""

    first: int
    record: RecordId
    basis: Basis
    until: Instant


def number_parts(desk: Desk, record: Record, copy: Release, partner: str) -> None:
    """Number the parts of each attachment that a release shows to a partner, unless it has them or cannot take them."""
    shown = _shown(desk, record, copy)
    if not shown or copy.kind not in desk.node.cards[partner].reads:
        return
    link = epochs.current(desk.tx, desk.node.party, partner)
    until = hold.kept_until(desk.at, copy.handling.get("retain"))
    for attachment in shown:
        sent = _sent(desk.tx, partner, attachment)
        if sent is not None and sent.until > desk.at and _arrives(desk.tx, link, sent, attachment, copy):
            sent = replace(sent, until=max(sent.until, until))
        else:
            sent = Sent(_number(desk, copy, partner, attachment), copy.record, copy.basis, until)
        key = f"{partner}|{attachment.digest}"
        desk.tx.papers.put(SENT, key, msgspec.json.encode(sent), expires=sent.until)


def stay_here(desk: Desk, record: Record, partner: str) -> bool:
    """Whether a release of this record shows a partner attachments of which it cannot take the parts."""
    if not any(attachments_in(record.body, desk.kind(record.kind))):
        return False
    _, copy = desk.consider(record, partner)
    return copy is not None and bool(_shown(desk, record, copy)) and copy.kind not in desk.node.cards[partner].reads


def _shown(desk: Desk, record: Record, copy: Release) -> list[Attachment]:
    """Each attachment that a release of this record shows, once."""
    kind = desk.kind(record.kind)
    if not any(attachments_in(record.body, kind)):
        return []
    kind = next(each for _, each in earlier(record, kind) if each.name == copy.kind)
    return list({each.digest: each for _, each in attachments_in(copy.fields, kind)}.values())


def _sent(tx: Transaction, partner: str, attachment: Attachment) -> Sent | None:
    found = tx.papers.get(SENT, f"{partner}|{attachment.digest}")
    return msgspec.json.decode(found, type=Sent) if found else None


def _arrives(tx: Transaction, link: str, sent: Sent, attachment: Attachment, copy: Release) -> bool:
    """Whether every part has arrived; or waits, on terms under which this release goes as well."""
    found = tx.links.page(link, after=sent.first - 1, limit=len(attachment.parts))
    if len(found) < len(attachment.parts):
        return False
    same = (sent.record, sent.basis) == (copy.record, copy.basis)
    return all(each.outcome == "accepted" or (same and is_on_its_way(each)) for each in found)


def is_on_its_way(message: Message) -> bool:
    """Whether a message has arrived, or waits and was not withdrawn."""
    return message.outcome == "accepted" or (message.outcome == "waiting" and not message.code)


def _number(desk: Desk, copy: Release, partner: str, attachment: Attachment) -> int:
    """The number that its first part was given; the others follow it."""
    held = hold.held(desk.tx, desk.node.party, attachment.digest)
    handling = {what: value for what, value in copy.handling.items() if what == "retain"}
    first = 0
    for count in range(1, len(attachment.parts) + 1):
        data = hold.part(desk.tx, held, count) if held is not None else None
        if data is None:
            raise NotFound("erased", f"part {count} of {attachment.digest} is not held any more")
        body = Part(
            record=copy.record, version=copy.version, of=attachment.digest, part=count, data=data, basis=copy.basis,
            made=copy.made, handling=handling,
        )  # fmt: skip
        message = number(
            desk.tx,
            sender=desk.node.party,
            receiver=partner,
            what="part",
            body=canonical.plain(body),
            subject=body.subject,
            exercise=copy.marking.exercise,
            at=desk.at,
            randomness=desk.node.randomness,
        )
        first = first or message.seq
        desk.node.touched.add(message.link)
    return first
