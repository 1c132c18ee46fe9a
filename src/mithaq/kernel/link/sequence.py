"""Numbering: a message gets its number, its salt and its place in the link's log in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.link import epochs
from mithaq.kernel.link.log.checkpoint import Checkpoint, origin, sign_checkpoint
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.message import MAX_CONTENT, Content, What
from mithaq.kernel.link.speaks import lane_for
from mithaq.kernel.ports import Signer, Transaction
from mithaq.kernel.shelves import Message
from mithaq.kernel.values import Lane


def number(
    tx: Transaction,
    *,
    sender: str,
    receiver: str,
    what: What,
    body: dict[str, Any],
    subject: str,
    exercise: bool,
    at: datetime,
    randomness: Callable[[int], bytes],
    lane: Lane = "record",
) -> Message:
    """Number a body for ``receiver`` and append it to the link's log, as a message that waits."""
    link, lane = epochs.current(tx, sender, receiver), lane_for(tx, receiver, lane)
    edge = tx.links.edge(link)
    content = canonical.encode(
        Content(sender=sender, receiver=receiver, seq=edge.size + 1, lane=lane, what=what, body=body)
    )
    if len(content) > MAX_CONTENT:  # its receiver would turn it away, and all that follows would wait for it
        raise Invalid("too-large", f"a message has at most {MAX_CONTENT} bytes", hint="say less")
    salt = randomness(32)
    entry = entry_of(salt, content)
    position = tx.journal.add("released", f"{link}/{edge.size + 1}", at=at, party=receiver, exercise=exercise)
    message = Message(link, edge.size + 1, lane, salt, content, entry, "waiting", subject=subject, position=position)
    tx.links.add(message)
    extend(tx, link, [entry])
    return message


def extend(tx: Transaction, link: str, entries: list[bytes]) -> None:
    """Append entries to this node's log of the link."""
    edge, full = append(tx.links.edge(link), entries)
    tx.links.add_tiles(link, full)
    tx.links.put_edge(link, edge)


def sign_head(tx: Transaction, link: str, signer: Signer, *sets: VerifyKeys) -> None:
    """Sign the link's log as it stands, once per commit: one hybrid signature for all that the commit numbered.

    What was signed of the same log with another key is replaced: it is not shown any more.
    """
    edge = tx.links.edge(link)
    note = sign_checkpoint(Checkpoint(origin(link), edge.size, root(edge)), signer, *sets)
    tx.links.add_checkpoint(link, edge.size, note, anew=True)
