"""The auditor: re-verifies a link from what is stored, and compares the two sides. It trusts no counter, only bytes.

``verify`` rebuilds one side's log from its messages and checks it against every signed checkpoint and receipt.
``compare`` takes both sides and counts what was lost, came twice or came out of order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import get_args

from msgspec import Struct

from mithaq.errors import MithaqError
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.link.log.checkpoint import origin, verify_checkpoint_any
from mithaq.kernel.link.log.tree import EMPTY_ROOT, append, entry_of, root
from mithaq.kernel.link.message import Receipt
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Edge, Message
from mithaq.kernel.statement import verified_any
from mithaq.kernel.values import Lane

PAGE = 1000


class Finding(Struct, frozen=True):
    """One thing that does not hold, and where: a link or ``link/seq``."""

    where: str
    what: str


class Report(Struct, frozen=True):
    """One side's log of one link: verified if nothing was found against it."""

    link: str
    size: int
    root: bytes
    checkpoints: int
    receipts: int
    findings: tuple[Finding, ...]

    @property
    def verified(self) -> bool:
        return not self.findings


class Arrival(Struct, frozen=True):
    """One message as the receiver's journal tells it, in order of arrival."""

    position: int
    seq: int
    what: str


class Side(Struct, frozen=True):
    """What one nation holds of one link: messages by number, and arrivals (the receiver's only)."""

    messages: tuple[Message, ...]
    arrivals: tuple[Arrival, ...] = ()


class Comparison(Struct, frozen=True):
    """Both sides of one link. All three are 0 on an honest link when nothing waits any more."""

    lost: int
    duplicates: int
    out_of_order: int
    first_difference: str = ""


def messages(tx: Transaction, link: str) -> Iterator[Message]:
    """Every message of a link by number."""
    after = 0
    while page := tx.links.page(link, after=after, limit=PAGE):
        yield from page
        after = page[-1].seq


def side(tx: Transaction, link: str) -> Side:
    """One nation's side of a link, from its store."""
    return Side(tuple(messages(tx, link)), arrivals(tx).get(link, ()))


def arrivals(tx: Transaction) -> dict[str, tuple[Arrival, ...]]:
    """What arrived, by link, in order of arrival: one pass over the journal, whatever the number of links."""
    found: dict[str, list[Arrival]] = {}
    after = 0
    while page := tx.journal.page(after=after, limit=PAGE):
        for entry in page:
            if entry.what in ("received", "refused", "tombstone"):
                link, _, seq = entry.subject.rpartition("/")
                found.setdefault(link, []).append(Arrival(entry.position, int(seq), entry.what))
        after = page[-1].position
    return {link: tuple(each) for link, each in found.items()}


def verify(tx: Transaction, link: str, *, sender: Keyring, receiver: Keyring | None) -> Report:
    """Rebuild the log of a link and check it against everything signed about it.

    It was taken when it came, so the time of keys is not asked for; how far a revoked one is trusted is.
    """
    signed = dict(tx.links.checkpoints(link))
    edge, findings = Edge(), []
    roots = {0: EMPTY_ROOT}
    by_receipt: dict[int, list[Message]] = {}
    stored = tx.links.edge(link)
    for message in messages(tx, link):
        overtook = message.seq > stored.size  # the log has not reached it yet: it is checked when it has
        findings += _check_message(message, message.seq if overtook else edge.size + 1)
        if overtook:
            continue
        edge, _ = append(edge, [message.entry])
        if message.receipt:
            by_receipt.setdefault(message.receipt, []).append(message)
        if edge.size in signed:
            roots[edge.size] = root(edge)
    if edge.size < stored.size:
        findings.append(Finding(f"{link}/{edge.size + 1}", f"number {edge.size + 1} is missing"))
    if (stored.size, root(stored)) != (edge.size, root(edge)):
        findings.append(
            Finding(link, f"the log has {stored.size} entries, its messages give {edge.size} or other ones")
        )
    for size, note in signed.items():
        findings += _check_checkpoint(link, size, note, roots.get(size), edge.size, sender)
    for number, settled in by_receipt.items():
        findings += _check_receipt(tx.links.receipt(link, number), f"{link} receipt {number}", settled, receiver)
    return Report(link, edge.size, root(edge), len(signed), len(by_receipt), tuple(findings))


def compare(sent: Side, received: Side) -> Comparison:
    """What the sender numbered against what the receiver took, and the first number on which they differ."""
    ours = {message.seq: message for message in sent.messages}
    theirs = {message.seq: message for message in received.messages}
    arrived = [arrival.seq for arrival in received.arrivals]
    differing = sorted(
        seq for seq in ours.keys() | theirs.keys()
        if seq not in ours or seq not in theirs or ours[seq].entry != theirs[seq].entry
    )  # fmt: skip
    return Comparison(
        lost=len(ours.keys() - theirs.keys()),
        duplicates=_twice(arrived) + _twice(m.entry for m in received.messages),
        out_of_order=sum(_out_of_order(received.arrivals, ours, lane) for lane in get_args(Lane)),
        first_difference=f"number {differing[0]}" if differing else "",
    )


def _out_of_order(arrivals: Iterable[Arrival], sent: Mapping[int, Message], lane: str) -> int:
    """How often a message of a lane arrived after a later one of the same lane. A tombstone is not an arrival."""
    arrived = [
        one.seq for one in arrivals if one.what != "tombstone" and one.seq in sent and sent[one.seq].lane == lane
    ]
    return sum(later < earlier for earlier, later in pairwise(arrived))


def _twice(values: Iterable[object]) -> int:
    found = list(values)
    return len(found) - len(set(found))


def _check_message(message: Message, expected: int) -> list[Finding]:
    where = f"{message.link}/{message.seq}"
    if message.seq != expected:
        return [Finding(where, f"number {expected} is missing")]
    if message.content is not None and entry_of(message.salt, message.content) != message.entry:
        return [Finding(where, "the message is not the one the log commits to")]
    return []


def _check_checkpoint(
    link: str, size: int, note: str, rebuilt: bytes | None, held: int, sender: Keyring
) -> list[Finding]:
    where = f"{link} at {size}"
    try:
        signed, _ = verify_checkpoint_any(note, origin(link), sender.checkpoint(link, size))
    except MithaqError as problem:
        return [Finding(where, f"the checkpoint does not verify: {problem.message}")]
    if signed.size != size:
        return [Finding(where, f"the checkpoint kept for size {size} is of size {signed.size}")]
    if size <= held and signed.root != rebuilt:
        return [Finding(where, "the signed root is not the root of the messages held")]
    return []


def _check_receipt(
    envelope: bytes | None, where: str, settled: list[Message], receiver: Keyring | None
) -> list[Finding]:
    if envelope is None or receiver is None:
        return [Finding(where, "the receipt is missing")]
    try:
        receipt = verified_any("receipt", envelope, Receipt, receiver.receipt())
    except MithaqError as problem:
        return [Finding(where, f"the receipt does not verify: {problem.message}")]
    said = {verdict.seq: (verdict.entry, verdict.verdict) for verdict in receipt.verdicts}
    wrong = [message for message in settled if said.get(message.seq) != (message.entry, message.outcome)]
    return [Finding(f"{message.link}/{message.seq}", "its receipt says otherwise") for message in wrong]
