"""How the logs of a node stand towards the witnesses that its agreements ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from mithaq.kernel.clock import after, read_instant, write_instant
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant, ends
from mithaq.kernel.witness import kept
from mithaq.kernel.witness.card import keys_of
from mithaq.kernel.witness.cosignature import VerifierKey
from mithaq.kernel.witness.policy import NONE, Witnessed

Keys = dict[str, tuple[VerifierKey, ...]]


class Stands(Struct, frozen=True):
    """One link under one agreement that asks for witnesses.

    ``witnessed`` of its ``size`` entries are under a checkpoint with the quorum, and have been so since ``at``. What
    is ``missing`` on the head has not cosigned it. ``since``: when the first entry came that no quorum covers.
    """

    link: str
    agreement: str
    size: int
    witnessed: int
    quorum: bool  # whether it is met for the head
    asked: tuple[str, ...]
    missing: tuple[str, ...]
    at: Instant | None = None
    age: int | None = None  # seconds since then
    since: Instant | None = None
    due: Instant | None = None
    late: bool = False
    fail_closed: bool = False
    by_receipt: bool = False  # the receiver has no witness keys: its signed head counts


def policies(book: Rulebook, link: str, at: datetime) -> Iterator[tuple[str, Witnessed]]:
    """(agreement, what it asks) for this link, of every agreement in force that asks for witnesses."""
    sender, receiver = ends(link)
    seen: set[str] = set()
    for law in book.agreements:
        if law.witnessed is not None and law.ref not in seen and law.binds(sender, receiver, at):
            seen.add(law.ref)
            yield law.ref, law.witnessed.on(sender, receiver)


def keys_for(tx: Transaction, link: str, policy: Witnessed) -> Keys:
    """The keys of every witness that counts beside the sender, as far as they are known."""
    receiver = ends(link)[1]
    third = {name: policy.keys(name) for name in policy.asked() if name in policy.witnesses}
    return {**third, receiver: keys_of(tx, receiver)} if receiver in policy.asked() else third


def stands(tx: Transaction, link: str, agreement: str, policy: Witnessed, at: datetime) -> Stands:
    """How this link stands, by what is kept here."""
    sender, receiver = ends(link)
    size, keys = tx.links.edge(link).size, keys_for(tx, link, policy)
    by_receipt = receiver in keys and not keys[receiver]
    told = receipt(tx, link) if by_receipt else None
    size_of: dict[int, dict[str, int]] = {each.checkpoint.size: each.times(keys) for each in kept.notes(tx, link)}
    if told is not None:
        size_of.setdefault(told[0], {})
    witnessed, since = 0, None
    for found in sorted(size_of, reverse=True):
        times = dict(size_of[found])
        if told is not None and found <= told[0]:
            times[receiver] = int(told[1].timestamp())
        if policy.met({sender, *times}):
            witnessed, since = found, max((times[n] for n in times), default=0)
            break
    if policy.quorum == NONE or policy.met({sender}):
        witnessed = size
    head = set(size_of.get(size, {})) | ({receiver} if told is not None and told[0] >= size else set())
    first = _came(tx, link, witnessed + 1) if witnessed < size else None
    due = after(first, policy.within) if first is not None else None
    reached = datetime.fromtimestamp(since, UTC) if since else None
    return Stands(
        link=link,
        agreement=agreement,
        size=size,
        witnessed=witnessed,
        quorum=witnessed >= size,
        asked=policy.asked(),
        missing=tuple(name for name in policy.asked() if name != sender and name not in head) if size else (),
        at=reached,
        age=max(0, int((at - reached).total_seconds())) if reached is not None else None,
        since=first,
        due=due,
        late=due is not None and due <= at,
        fail_closed=policy.fail_closed,
        by_receipt=by_receipt,
    )


def holds(tx: Transaction, link: str, book: Rulebook, at: datetime) -> bool:
    """Whether an agreement lets nothing but statements go: its outside witnesses have not cosigned the head.

    The receiver's cosignature is not waited for: it can only give one once it has got what is to be cosigned.
    """
    for _, policy in policies(book, link, at):
        if policy.fail_closed:
            size, third = tx.links.edge(link).size, {name: policy.keys(name) for name in policy.witnesses}
            note = next((each for each in kept.notes(tx, link) if each.checkpoint.size == size), None)
            times = note.times(third) if note is not None else {}
            if not policy.met({*ends(link), *times}):
                return True
    return False


def note_receipt(tx: Transaction, link: str, size: int, at: datetime) -> None:
    """The receiver, who has no witness keys, signed a receipt with this head of ours."""
    tx.memos.put(f"receipt-head/{link}", f"{size} {write_instant(at)}")


def receipt(tx: Transaction, link: str) -> tuple[int, datetime] | None:
    """The newest head in a receipt of a receiver without witness keys, and when it was signed."""
    memo = tx.memos.get(f"receipt-head/{link}")
    if memo is None:
        return None
    size, _, at = memo.partition(" ")
    return int(size), read_instant(at)


def _came(tx: Transaction, link: str, seq: int) -> datetime | None:
    """When this number was given, or came."""
    message = tx.links.get(link, seq)
    found = tx.journal.page(after=message.position - 1, limit=1) if message is not None else ()
    return found[0].at if found else None
