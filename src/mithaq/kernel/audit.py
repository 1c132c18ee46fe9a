"""The audit log: own reads and administration, each line chained to the one before.

Whoever can write the store can write it anew from some line on; but not change or take out a line of which somebody
has noted a later chain value. So those who oversee a node note the newest one now and then (``audit.verify``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from mithaq.kernel.clock import write_instant
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Audited

PAGE = 1000


def chained(before: bytes, line: Audited) -> bytes:
    """The chain value of a line after one with the chain value ``before``: SHA-256 of that and the line's contents."""
    contents = [line.number, write_instant(line.at), line.who, line.act, line.subject, line.reason]
    return hashlib.sha256(before + msgspec.json.encode(contents)).digest()


def lines(tx: Transaction, *, after: int = 0, who: str = "", subject: str = "") -> Iterator[Audited]:
    """Every line after a number, page by page."""
    while page := tx.audit.page(after=after, limit=PAGE, who=who, subject=subject):
        yield from page
        after = page[-1].number


def broken(tx: Transaction) -> int | None:
    """The number of the first line that does not follow on the one before; None if all do.

    Lines of before there were chains have none, and are at the beginning only.
    """
    before, number = b"", None
    for line in lines(tx):
        unchained = not before and not line.chain
        if not unchained and line.chain != chained(before, line):
            return line.number
        if number is not None and line.number != number + 1:
            return line.number
        before, number = line.chain, line.number
    return None
