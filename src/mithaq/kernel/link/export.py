"""Exports: one nation's side of a link as lines of a file, for an auditor who has no node and trusts none.

The first line names the link and whose side it is. Then come messages by number, the receipts that settled them, and
every signed checkpoint. ``tools/verify_link.py`` checks such a file; ``first_difference`` holds two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal

from msgspec import Struct

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Message, Outcome
from mithaq.kernel.values import LinkId, PartyId

PAGE = 200


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    link: LinkId
    by: PartyId
    format: Literal["mithaq-export/1"] = "mithaq-export/1"


class Row(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message. ``content`` are its exact bytes as text; ``receipt`` is the number of the receipt that settled it."""

    seq: int
    entry: bytes
    outcome: Outcome
    salt: bytes = b""
    content: str | None = None
    code: str = ""
    receipt: int = 0


class Signed(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A receipt (by its number) or a checkpoint (by its size), exactly as it was signed."""

    number: int
    text: str


class Line(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Any line but the first: one of the three."""

    message: Row | None = None
    receipt: Signed | None = None
    checkpoint: Signed | None = None


class Page(Struct, frozen=True):
    """Some lines, and the number to go on after; None when these were the last."""

    lines: tuple[Line, ...]
    after: int | None


def page(tx: Transaction, link: str, after: int) -> Page:
    """The next messages with the receipts that settled them; after the last message, the checkpoints.

    A message that overtook is among them once the log has reached it.
    """
    size = tx.links.edge(link).size
    found = [message for message in tx.links.page(link, after=after, limit=PAGE) if message.seq <= size]
    if not found:
        notes = (Line(checkpoint=Signed(size, note)) for size, note in tx.links.checkpoints(link))
        return Page(tuple(notes), None)
    numbers = dict.fromkeys(message.receipt for message in found if message.receipt)
    receipts = ((number, tx.links.receipt(link, number)) for number in numbers)
    told = (Line(receipt=Signed(number, envelope.decode())) for number, envelope in receipts if envelope is not None)
    return Page((*map(_line, found), *told), found[-1].seq)


def first_difference(one: Iterator[bytes], other: Iterator[bytes]) -> str:
    """The first number on which two exports of a link differ, and how; empty if they hold the same messages.

    Invalid where they are not exports, or not of the same link.
    """
    heads = [canonical.read(next(lines, b""), Head) for lines in (one, other)]
    if heads[0].link != heads[1].link:
        raise Invalid("export", f"one is of {heads[0].link}, the other of {heads[1].link}")
    for seq, (ours, theirs) in enumerate(zip_longest(_messages(one), _messages(other)), 1):
        for head, row in zip(heads, (ours, theirs), strict=True):
            if row is None or row.seq != seq:
                return f"number {seq} is missing in the export of {head.by}"
        if ours is not None and theirs is not None and ours.entry != theirs.entry:
            return f"number {seq} is {ours.entry.hex()} to {heads[0].by} and {theirs.entry.hex()} to {heads[1].by}"
    return ""


def _line(message: Message) -> Line:
    content = message.content.decode() if message.content is not None else None
    return Line(
        Row(message.seq, message.entry, message.outcome, message.salt, content, message.code, message.receipt)
    )  # fmt: skip


def _messages(lines: Iterator[bytes]) -> Iterator[Row]:
    for line in lines:
        found = canonical.read(line, Line)
        if found.message is not None:
            yield found.message
