"""The sender's side: what the next delivery carries, and what a receipt settles."""

from __future__ import annotations

from msgspec import Struct

from mithaq.errors import Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link.log.checkpoint import read_checkpoint
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.message import Carried, Delivery, Receipt, Verdict
from mithaq.kernel.ports import Message, Outcome, Transaction
from mithaq.kernel.values import ends

BATCH_MESSAGES = 200
BATCH_BYTES = 1024 * 1024


class Settled(Struct, frozen=True):
    """What a receipt changed: messages settled by it, how many of them were refused, and the receiver's outcome."""

    outcome: str
    settled: int = 0
    refused: int = 0


def next_delivery(
    tx: Transaction, link: str, *, after: int | None = None, messages: int = BATCH_MESSAGES, size: int = BATCH_BYTES
) -> Delivery | None:
    """The next messages that wait (or every one after a number the partner named), oldest first; None if none wait."""
    if after is None:
        first = tx.links.page(link, limit=1, outcome="waiting")
        if not first:
            return None
        after = first[0].seq - 1
    batch = _within(tx.links.page(link, after=after, limit=messages), size)
    return _delivery(tx, link, batch) if batch else None


def head_request(tx: Transaction, link: str) -> Delivery | None:
    """An empty delivery: it asks the partner for its head. None while nothing was ever numbered."""
    return _delivery(tx, link, []) if tx.links.checkpoint(link) else None


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
    return Settled(receipt.outcome, len(waiting), sum(outcome == "refused" for _, outcome, _ in waiting))


def _delivery(tx: Transaction, link: str, batch: list[Message]) -> Delivery:
    sender, receiver = ends(link)
    edge = tx.links.edge(link)
    tree = Tree(edge, lambda level, index: tx.links.tile(link, level, index))
    note = tx.links.checkpoint(link) or ""
    signed, _ = read_checkpoint(note)
    last = batch[-1].seq if batch else 0
    proof = tree.consistency(last, signed.size) if 0 < last < signed.size else []
    return Delivery(
        sender=sender,
        receiver=receiver,
        checkpoint=note,
        consistency=tuple(proof),
        messages=tuple(_carried(message) for message in batch),
    )


def _carried(message: Message) -> Carried:
    if message.content is None or message.outcome == "tombstone":
        return Carried(seq=message.seq, entry=message.entry, tombstone=message.code)  # type: ignore[arg-type]
    return Carried(seq=message.seq, salt=message.salt, content=message.content.decode())


def _within(page: object, size: int) -> list[Message]:
    batch: list[Message] = []
    total = 0
    for message in page:  # type: ignore[attr-defined]
        total += len(message.content or b"") + 200
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


def encode(delivery: Delivery) -> bytes:
    """The exact bytes that are sealed."""
    return canonical.encode(delivery)
