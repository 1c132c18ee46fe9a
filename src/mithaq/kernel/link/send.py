"""The sender's side: what the next delivery carries, and what a receipt settles.

What waits goes out in order of number. When it does not all fit into one delivery, what is urgent overtakes: the
``flash`` lane before all, the ``latest`` lane in turn with the rest. Order is kept on each lane.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from mithaq.errors import Untrusted
from mithaq.kernel.link.log.checkpoint import read_checkpoint
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.message import Carried, Delivery, DeliveryFormat, Receipt, Verdict
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Message, Outcome
from mithaq.kernel.values import Lane, ends

BATCH_MESSAGES = 500
BATCH_BYTES = 1024 * 1024
OVERTAKING = 50  # messages that overtake at once: what is urgent is small
FRAME = 200  # bytes of a delivery, about, for each message beside its content


class Settled(Struct, frozen=True):
    """What a receipt changed: messages settled by it, how many of them were refused, and the receiver's outcome."""

    outcome: str
    head: int
    settled: int = 0
    refused: int = 0


class Room(Struct, frozen=True):
    """How much one delivery may carry, in which format, and whether it is the turn of the ``latest`` lane."""

    messages: int = BATCH_MESSAGES
    size: int = BATCH_BYTES
    format: DeliveryFormat = "mithaq-delivery/2"
    latest: bool = True


def next_delivery(tx: Transaction, link: str, *, head: int | None = None, room: Room | None = None) -> Delivery | None:
    """What to send next to a partner that holds ``head`` numbers of the link; None if it lacks nothing.

    Without a head: what waits. With one: also what the partner has lost, and the rest of what overtook.
    """
    room = room or Room()
    waiting = tx.links.page(link, limit=1, outcome="waiting")
    lacks = head is not None and head < tx.links.edge(link).size
    if not waiting and not lacks:
        return None
    start = min(waiting[0].seq - 1 if waiting else tx.links.edge(link).size, tx.links.edge(link).size)
    if head is not None:
        start = min(start, head)
    run = _within(tx.links.page(link, after=start, limit=room.messages), room.size)
    if run and run[-1].seq < tx.links.edge(link).size and room.format == "mithaq-delivery/2":
        urgent = _urgent(tx, link, room, run[-1].seq)
        if urgent:
            return _delivery(tx, link, urgent, room.format, overtaking=True)
    return _delivery(tx, link, run, room.format) if run else None


def run_after(tx: Transaction, link: str, after: int, room: Room) -> Delivery | None:
    """Every number after this one, in full, as far as there is room: for a partner that has lost some."""
    run = _within(tx.links.page(link, after=after, limit=room.messages), room.size)
    return _delivery(tx, link, run, room.format, full=True) if run else None


def ask_head(link: str, note: str, format: DeliveryFormat, after: int) -> Delivery:
    """An empty delivery: it asks the partner for its head, and for the verdicts it gave ``after`` a number."""
    sender, receiver = ends(link)
    beyond = after if format == "mithaq-delivery/2" else None
    return Delivery(format=format, sender=sender, receiver=receiver, checkpoint=note, after=beyond)


def settle(tx: Transaction, link: str, receipt: Receipt, envelope: bytes) -> Settled:
    """Keep a verified receipt and give its verdicts to the messages that wait.

    Untrusted if it speaks of another link, of a message we did not send, or of a log that is not ours: the envelope is
    then evidence against its signer, and the caller keeps it.
    """
    sender, receiver = ends(link)
    if (receipt.link, receipt.sender, receipt.receiver) != (link, receiver, sender):
        raise Untrusted("receipt", f"a receipt for {receipt.link} from {receipt.sender} answers {link}")
    _check_head(tx, link, receipt)
    known = [_outcome(tx, link, verdict) for verdict in receipt.verdicts]
    waiting = [one for one, message in known if message.outcome == "waiting"]
    if waiting:
        tx.links.settle(link, waiting, tx.links.add_receipt(link, envelope))
    refused = sum(outcome == "refused" for _, outcome, _ in waiting)
    return Settled(receipt.outcome, receipt.head.size, len(waiting), refused)


def _urgent(tx: Transaction, link: str, room: Room, after: int) -> Sequence[Message]:
    """What waits on an urgent lane beyond a number, first things first."""
    lanes: list[Lane] = ["flash", "latest"] if room.latest else ["flash"]
    for lane in lanes:
        found = tx.links.page(link, after=0, limit=OVERTAKING, outcome="waiting", lane=lane)
        if found and found[-1].seq > after:
            return _within(found, room.size)
    return []


def _delivery(
    tx: Transaction,
    link: str,
    batch: Sequence[Message],
    format: DeliveryFormat,
    *,
    overtaking: bool = False,
    full: bool = False,
) -> Delivery:
    sender, receiver = ends(link)
    tree = Tree(tx.links.edge(link), lambda level, index: tx.links.tile(link, level, index))
    note = tx.links.checkpoint(link) or ""
    size, last = read_checkpoint(note)[0].size, batch[-1].seq
    full = full or format == "mithaq-delivery/1"
    paths = (tuple(tree.inclusion(message.seq - 1, size)) if overtaking else None for message in batch)
    return Delivery(
        format=format,
        sender=sender,
        receiver=receiver,
        checkpoint=note,
        consistency=() if overtaking or last >= size else tuple(tree.consistency(last, size)),
        messages=tuple(_carried(message, full, path) for message, path in zip(batch, paths, strict=True)),
    )


def _carried(message: Message, full: bool, path: tuple[bytes, ...] | None) -> Carried:
    waits = message.outcome == "waiting"
    if message.outcome == "tombstone" or (waits and message.code):
        return Carried(seq=message.seq, entry=message.entry, tombstone=message.code)  # type: ignore[arg-type]
    if message.content is None:  # numbered before a restore: we know that we sent it, and no longer what it said
        return Carried(seq=message.seq, entry=message.entry, tombstone="expired" if full else None)
    if not message.content:
        raise Untrusted("vault", f"what is kept as {message.link}/{message.seq} is not what was put there")
    if not waits and not full:
        return Carried(seq=message.seq, entry=message.entry)
    return Carried(seq=message.seq, salt=message.salt, content=message.content.decode(), path=path)


def _within(page: Sequence[Message], size: int) -> list[Message]:
    batch: list[Message] = []
    total = 0
    for message in page:
        total += (len(message.content or b"") if message.outcome == "waiting" else 0) + FRAME
        if batch and total > size:
            break
        batch.append(message)
    return batch


def _check_head(tx: Transaction, link: str, receipt: Receipt) -> None:
    edge = tx.links.edge(link)
    if receipt.head.size > edge.size:
        raise Untrusted("head", f"{receipt.sender} claims {receipt.head.size} messages of {link}; we sent {edge.size}")
    tree = Tree(edge, lambda level, index: tx.links.tile(link, level, index))
    if tree.root(receipt.head.size) != receipt.head.root:
        raise Untrusted("head", f"{receipt.sender} signed another log of {link} at size {receipt.head.size}")


def _outcome(tx: Transaction, link: str, verdict: Verdict) -> tuple[tuple[int, Outcome, str], Message]:
    message = tx.links.get(link, verdict.seq)
    if message is None or message.entry != verdict.entry:
        raise Untrusted("verdict", f"a verdict on {link}/{verdict.seq} is not about the message we sent")
    return (verdict.seq, verdict.verdict, verdict.code or ""), message
