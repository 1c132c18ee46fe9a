"""The receiver's side: check a delivery against what was signed and against our own log, and give verdicts.

Nothing here trusts the sender: the checkpoint is signed, each message must fit the log that the checkpoint covers, and
our copy of that log must be the same one. What a message says is judged by ``judge``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec
from msgspec import Struct

from mithaq.errors import MithaqError, Untrusted
from mithaq.kernel.keyring import Keyring, Standing
from mithaq.kernel.link.log.checkpoint import Checkpoint, origin, read_checkpoint, verify_checkpoint_any
from mithaq.kernel.link.log.proof import Tree, verify_consistency, verify_inclusion
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.message import MAX_MESSAGES, Carried, Delivery, Head, Verdict
from mithaq.kernel.link.sequence import extend
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Edge, Filed, Holding, Message
from mithaq.kernel.values import Lane, link_id

UNFORESEEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading odd data raises where nobody thought of it. A store in trouble raises others, and stops the delivery."""


class Judgement(Struct, frozen=True):
    """What the law says of one message: take it (and hold ``holding``, or file ``filed``), or refuse it and why.

    ``keeps``: the message's content is kept; not where what it carries is kept elsewhere and goes sooner.
    """

    verdict: str
    code: str = ""
    holding: Holding | None = None
    subject: str = ""
    exercise: bool = False
    lane: Lane = "record"
    filed: tuple[Filed, ...] = ()
    keeps: bool = True


Judge = Callable[[Transaction, bytes, Carried, datetime], Judgement]
"""(transaction, exact content, its number, now) to a Judgement. It raises nothing for what a partner can send."""


class Conflict(Untrusted):
    """Something the partner signed contradicts what it signed before. The delivery is kept as evidence."""


class Taken(Struct, frozen=True):
    """What became of a delivery: settled, gap or conflict (and why), with a verdict for each message it carried."""

    outcome: str
    verdicts: tuple[Verdict, ...] = ()
    problem: str = ""


def check(delivery: Delivery, *, me: str, ring: Keyring, at: datetime, link: str = "") -> tuple[Checkpoint, Standing]:
    """The verified checkpoint of a delivery to us from the nation of this ring, whose messages come in order of number.

    And how the key stands that signed it: ``good`` or in its ``grace``. Untrusted if it is expired or revoked.
    """
    partner = ring.party
    if (delivery.sender, delivery.receiver) != (partner, me):
        raise Untrusted(
            "delivery", f"a delivery from {delivery.sender} to {delivery.receiver} in the name of {partner}"
        )
    signed, keys = verify_checkpoint_any(delivery.checkpoint, origin(link or link_id(partner, me)), ring.receipt())
    standing = ring.standing(keys, at)
    if standing not in ("good", "grace"):
        raise Untrusted(standing, f"{partner} signed with a key that is {standing}")
    numbers = [carried.seq for carried in delivery.messages]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise Untrusted("delivery", "the messages of a delivery are not in order of number")
    if numbers and numbers[-1] > signed.size:
        raise Untrusted("delivery", f"message {numbers[-1]} is not covered by a checkpoint of size {signed.size}")
    if not delivery.overtakes and numbers != list(range(numbers[0], numbers[0] + len(numbers)) if numbers else []):
        raise Untrusted("delivery", "the messages of a delivery are not numbered one after the other")
    for carried in delivery.messages:
        if (carried.path is not None) is not delivery.overtakes:
            raise Untrusted("delivery", "messages that overtake and messages that do not in one delivery")
        entry(carried)
    return signed, standing


def entry(carried: Carried) -> bytes:
    """The log entry of one number: computed from a message, shown for what is not one. Untrusted if it is neither."""
    shown = carried.entry is not None
    message = carried.salt is not None and carried.content is not None
    if message and not shown and carried.tombstone is None:
        return entry_of(carried.salt or b"", (carried.content or "").encode())
    if carried.entry is not None and (carried.salt, carried.content, carried.path) == (None, None, None):
        return carried.entry
    raise Untrusted("delivery", f"number {carried.seq} is neither a message nor a tombstone")


def take(tx: Transaction, delivery: Delivery, signed: Checkpoint, judge: Judge, at: datetime, link: str) -> Taken:
    """Keep what is new and repeat the verdicts of what is not. Runs inside one transaction.

    On a contradiction nothing of the delivery is taken; the caller keeps the evidence.
    """
    edge = tx.links.edge(link)
    entries = [entry(carried) for carried in delivery.messages]
    known = _known(tx, link, delivery)
    try:
        _check_known(link, delivery, entries, known)
        if delivery.overtakes:
            _check_paths(delivery, entries, signed)
            grown = edge
        else:
            missing = _missing(delivery, known, edge.size)
            if missing:
                return Taken("gap", problem=missing)
            grown = _grown(delivery, entries, edge)
        _check_log(tx, link, edge, grown, delivery, signed)
    except Conflict as conflict:
        return Taken("conflict", problem=str(conflict))
    verdicts = tuple(
        _verdict(tx, link, carried, one, known[carried.seq], judge, at)
        for carried, one in zip(delivery.messages, entries, strict=True)
    )
    if grown.size > edge.size:
        extend(tx, link, entries[len(entries) - (grown.size - edge.size) :])
    if signed.size >= grown.size:
        tx.links.add_checkpoint(link, signed.size, delivery.checkpoint)
    return Taken("settled", verdicts)


def again(tx: Transaction, link: str, after: int) -> tuple[tuple[Verdict, ...], str | None]:
    """The verdicts given after a number, and the newest checkpoint we hold: for a sender that has lost them."""
    size = tx.links.edge(link).size
    found = tx.links.page(link, after=after, limit=MAX_MESSAGES)
    return tuple(_repeated(message) for message in found if message.seq <= size), tx.links.checkpoint(link)


def head(tx: Transaction, link: str) -> Head:
    """How much of a link we hold."""
    edge = tx.links.edge(link)
    return Head(edge.size, root(edge))


def _known(tx: Transaction, link: str, delivery: Delivery) -> dict[int, Message | None]:
    """What is held under each number of a delivery."""
    numbers = [carried.seq for carried in delivery.messages]
    if delivery.overtakes:
        return {seq: tx.links.get(link, seq) for seq in numbers}
    found = (
        {each.seq: each for each in tx.links.page(link, after=numbers[0] - 1, limit=len(numbers))} if numbers else {}
    )
    return {seq: found.get(seq) for seq in numbers}


def _missing(delivery: Delivery, known: Mapping[int, Message | None], size: int) -> str:
    """Why a run does not follow on our log, if it does not; what is shown by its entry alone must be here already."""
    first = delivery.messages[0].seq if delivery.messages else size + 1
    if first > size + 1:
        return f"number {size + 1}"
    bare = (one for one in delivery.messages if one.content is None and one.tombstone is None)
    return next((f"the message of number {one.seq}" for one in bare if known[one.seq] is None), "")


def _check_known(link: str, delivery: Delivery, entries: Sequence[bytes], known: Mapping[int, Message | None]) -> None:
    """What came before under these numbers was the same; else Conflict."""
    for carried, one in zip(delivery.messages, entries, strict=True):
        before = known[carried.seq]
        if before is not None and before.entry != one:
            raise Conflict("conflict", f"{link}/{carried.seq} was another message before")


def _check_paths(delivery: Delivery, entries: Sequence[bytes], signed: Checkpoint) -> None:
    """Each message that overtakes is in the log that the checkpoint signs; else Conflict."""
    for carried, one in zip(delivery.messages, entries, strict=True):
        try:
            verify_inclusion(one, carried.seq - 1, signed.size, carried.path or (), signed.root)
        except Untrusted as problem:
            raise Conflict("conflict", f"number {carried.seq}: {problem.message}") from None


def _grown(delivery: Delivery, entries: Sequence[bytes], edge: Edge) -> Edge:
    new = [one for carried, one in zip(delivery.messages, entries, strict=True) if carried.seq > edge.size]
    return append(edge, new)[0]


def _check_log(tx: Transaction, link: str, edge: Edge, grown: Edge, delivery: Delivery, signed: Checkpoint) -> None:
    """Our log of the link, as it grows by this delivery, is a prefix of every log that was signed; else Conflict."""
    tree = Tree(edge, lambda level, index: tx.links.tile(link, level, index))
    try:
        if grown.size > signed.size:
            if tree.root(signed.size) != signed.root:
                raise Untrusted("fork", f"the checkpoint of size {signed.size} is of another log")
        elif grown.size == signed.size:
            if root(grown) != signed.root:
                raise Untrusted("fork", f"the checkpoint of size {signed.size} is of another log")
        elif delivery.messages and not delivery.overtakes:
            last = delivery.messages[-1].seq  # the proof starts there, also where we hold more than was sent again
            known = root(grown) if last == grown.size else tree.root(last)
            verify_consistency(last, signed.size, list(delivery.consistency), known, signed.root)
        _check_signed_before(tx, link, edge, grown, delivery, signed)
    except Untrusted as problem:
        raise Conflict("conflict", f"{link}: {problem.message}") from None


def _check_signed_before(
    tx: Transaction, link: str, edge: Edge, grown: Edge, delivery: Delivery, signed: Checkpoint
) -> None:
    """The checkpoints signed before, of sizes that our log had not reached, are of the log as it now is."""
    same = tx.links.checkpoint(link, signed.size)
    if same is not None and read_checkpoint(same)[0].root != signed.root:
        raise Untrusted("equivocation", f"two checkpoints of size {signed.size} with different roots")
    if grown.size == edge.size:
        return
    sizes = tx.links.checkpoints(link, after=edge.size, upto=grown.size)
    entries = [entry(carried) for carried in delivery.messages if carried.seq > edge.size] if sizes else []
    for size, note in sizes:
        if root(append(edge, entries[: size - edge.size])[0]) != read_checkpoint(note)[0].root:
            raise Untrusted("fork", f"an earlier checkpoint of size {size} is of another log")


def _verdict(
    tx: Transaction, link: str, carried: Carried, one: bytes, known: Message | None, judge: Judge, at: datetime
) -> Verdict:
    if known is not None:
        return _repeated(known)
    return _settle(tx, link, carried, one, _judged(tx, carried, judge, at), at)


def _repeated(known: Message) -> Verdict:
    return Verdict(known.seq, known.entry, known.outcome, known.code or None)  # type: ignore[arg-type]


def _judged(tx: Transaction, carried: Carried, judge: Judge, at: datetime) -> Judgement:
    if carried.content is None:
        return Judgement("tombstone", carried.tombstone or "")
    try:
        return judge(tx, carried.content.encode(), carried, at)
    except MithaqError as problem:
        return Judgement("refused", problem.code.replace("-", "_"))
    except UNFORESEEN:  # whatever a partner sends gets a verdict: one message must not hold up all that follow
        return Judgement("refused", "shape")


def _settle(tx: Transaction, link: str, carried: Carried, one: bytes, judged: Judgement, at: datetime) -> Verdict:
    """Keep the number. A refused message's content is not kept: we have no right to hold it, only its entry."""
    partner = link.partition(">")[0]
    what = "received" if judged.verdict == "accepted" else judged.verdict
    position = tx.journal.add(what, f"{link}/{carried.seq}", at=at, party=partner, exercise=judged.exercise)
    held = judged.verdict == "accepted" and judged.keeps
    tx.links.add(
        Message(
            link=link,
            seq=carried.seq,
            lane=judged.lane,
            salt=carried.salt or b"",
            content=carried.content.encode() if held and carried.content is not None else None,
            entry=one,
            outcome=judged.verdict,  # type: ignore[arg-type]
            code=judged.code,
            subject=judged.subject,
            position=position,
        )
    )
    if judged.holding is not None:
        tx.records.add(msgspec.structs.replace(judged.holding, position=position))
    for filed in judged.filed:
        tx.statements.add(filed)
    return Verdict(carried.seq, one, judged.verdict, judged.code or None)  # type: ignore[arg-type]
