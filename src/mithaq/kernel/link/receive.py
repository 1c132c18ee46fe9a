"""The receiver's side: check a delivery against what was signed and against our own log, and give verdicts.

Nothing here trusts the sender: the checkpoint is signed, each message must fit the log that the checkpoint covers, and
our copy of that log must be the same one. What a message says is judged by ``judge``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct

from mithaq.errors import MithaqError, Untrusted
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.link.log.checkpoint import Checkpoint, origin, verify_checkpoint
from mithaq.kernel.link.log.proof import Tree, verify_consistency
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.message import Carried, Delivery, Head, Receipt, Verdict
from mithaq.kernel.link.sequence import extend
from mithaq.kernel.ports import Edge, Holding, Message, Transaction
from mithaq.kernel.values import link_id


class Judgement(Struct, frozen=True):
    """What the law says of one message: take it (and hold ``holding``), or refuse it and why."""

    verdict: str
    code: str = ""
    holding: Holding | None = None
    subject: str = ""
    exercise: bool = False


Judge = Callable[[Transaction, bytes, Carried, datetime], Judgement]
"""(transaction, exact content, its number, now) to a Judgement. It raises nothing for what a partner can send."""


class Conflict(Untrusted):
    """Something the partner signed contradicts what it signed before. The delivery is kept as evidence."""


def check(delivery: Delivery, *, me: str, partner: str, keys: VerifyKeys) -> Checkpoint:
    """The verified checkpoint of a delivery from ``partner`` to us, whose messages come in order of number."""
    if (delivery.sender, delivery.receiver) != (partner, me):
        raise Untrusted(
            "delivery", f"a delivery from {delivery.sender} to {delivery.receiver} in the name of {partner}"
        )
    signed = verify_checkpoint(delivery.checkpoint, origin(link_id(partner, me)), keys)
    numbers = [carried.seq for carried in delivery.messages]
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise Untrusted("delivery", "the messages of a delivery are not numbered one after the other")
    if numbers and numbers[-1] > signed.size:
        raise Untrusted("delivery", f"message {numbers[-1]} is not covered by a checkpoint of size {signed.size}")
    for carried in delivery.messages:
        entry(carried)
    return signed


def entry(carried: Carried) -> bytes:
    """The log entry of one number: computed from a message, shown by a tombstone. Untrusted if it is neither."""
    if carried.salt is not None and carried.content is not None and (carried.entry, carried.tombstone) == (None, None):
        return entry_of(carried.salt, carried.content.encode())
    if carried.entry is not None and carried.tombstone is not None and (carried.salt, carried.content) == (None, None):
        return carried.entry
    raise Untrusted("delivery", f"number {carried.seq} is neither a message nor a tombstone")


def take(
    tx: Transaction, delivery: Delivery, signed: Checkpoint, judge: Judge, at: datetime, keep: Callable[[str], None]
) -> Receipt:
    """Append what is new, repeat the verdicts of what is not, and answer. Runs inside one transaction.

    On a contradiction nothing of the delivery is taken; ``keep`` is told why, and the caller keeps the evidence.
    """
    link = link_id(delivery.sender, delivery.receiver)
    edge = tx.links.edge(link)
    first = delivery.messages[0].seq if delivery.messages else edge.size + 1
    if first > edge.size + 1:
        return _receipt(tx, delivery, "gap", (), at)
    try:
        _check_log(tx, link, edge, delivery, signed)
    except Conflict as conflict:
        keep(str(conflict))
        return _receipt(tx, delivery, "conflict", (), at)
    verdicts = [_verdict(tx, link, carried, edge.size, judge, at) for carried in delivery.messages]
    extend(tx, link, [entry(carried) for carried in delivery.messages if carried.seq > edge.size])
    if signed.size >= edge.size:
        tx.links.add_checkpoint(link, signed.size, delivery.checkpoint)
    return _receipt(tx, delivery, "settled", tuple(verdicts), at)


def _check_log(tx: Transaction, link: str, edge: Edge, delivery: Delivery, signed: Checkpoint) -> None:
    """Our log of the link, extended by this delivery, is a prefix of the log the checkpoint signs; else Conflict."""
    for carried in delivery.messages:
        if carried.seq <= edge.size:
            known = tx.links.get(link, carried.seq)
            if known is None or known.entry != entry(carried):
                raise Conflict("conflict", f"{link}/{carried.seq} was another message before")
    new = [entry(carried) for carried in delivery.messages if carried.seq > edge.size]
    extended, _ = append(edge, new)
    tree = Tree(edge, lambda level, index: tx.links.tile(link, level, index))
    try:
        if extended.size <= signed.size:
            old = delivery.consistency if new or delivery.consistency else ()
            _prefix(extended, signed, old, bool(new))
        elif tree.root(signed.size) != signed.root:
            raise Untrusted("fork", f"the checkpoint of size {signed.size} is of another log")
    except Untrusted as problem:
        raise Conflict("conflict", f"{link}: {problem.message}") from None


def _prefix(edge: Edge, signed: Checkpoint, proof: tuple[bytes, ...], new: bool) -> None:
    if edge.size == signed.size:
        if root(edge) != signed.root:
            raise Untrusted("fork", f"the checkpoint of size {signed.size} is of another log")
    elif new:
        verify_consistency(edge.size, signed.size, list(proof), root(edge), signed.root)


def _verdict(tx: Transaction, link: str, carried: Carried, size: int, judge: Judge, at: datetime) -> Verdict:
    if carried.seq <= size:
        known = tx.links.get(link, carried.seq)
        assert known is not None  # noqa: S101 - _check_log has read it in this transaction
        return Verdict(carried.seq, known.entry, known.outcome, known.code or None)  # type: ignore[arg-type]
    return _settle(tx, link, carried, _judged(tx, carried, judge, at), at)


def _judged(tx: Transaction, carried: Carried, judge: Judge, at: datetime) -> Judgement:
    if carried.content is None:
        return Judgement("tombstone", carried.tombstone or "")
    try:
        return judge(tx, carried.content.encode(), carried, at)
    except MithaqError as problem:
        return Judgement("refused", problem.code.replace("-", "_"))


def _settle(tx: Transaction, link: str, carried: Carried, judged: Judgement, at: datetime) -> Verdict:
    """Keep the number. A refused message's content is not kept: we have no right to hold it, only its entry."""
    partner = link.partition(">")[0]
    what = "received" if judged.verdict == "accepted" else judged.verdict
    position = tx.journal.add(what, f"{link}/{carried.seq}", at=at, party=partner, exercise=judged.exercise)
    held = judged.verdict == "accepted" and carried.content is not None
    tx.links.add(
        Message(
            link=link,
            seq=carried.seq,
            lane="record",
            salt=carried.salt or b"",
            content=carried.content.encode() if held and carried.content is not None else None,
            entry=entry(carried),
            outcome=judged.verdict,  # type: ignore[arg-type]
            code=judged.code,
            subject=judged.subject,
            position=position,
        )
    )
    if judged.holding is not None:
        tx.records.add(msgspec.structs.replace(judged.holding, position=position))
    return Verdict(carried.seq, entry(carried), judged.verdict, judged.code or None)  # type: ignore[arg-type]


def _receipt(tx: Transaction, delivery: Delivery, outcome: str, verdicts: tuple[Verdict, ...], at: datetime) -> Receipt:
    link = link_id(delivery.sender, delivery.receiver)
    edge = tx.links.edge(link)
    return Receipt(
        sender=delivery.receiver,
        receiver=delivery.sender,
        link=link,
        outcome=outcome,  # type: ignore[arg-type]
        verdicts=verdicts,
        head=Head(edge.size, root(edge)),
        at=at,
    )
