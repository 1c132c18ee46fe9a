"""Papers about people: one value under a sort and an id, as JSON. Nothing of them is released."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from mithaq.kernel.ports import Transaction

T = TypeVar("T", bound=Struct)


def find(tx: Transaction, sort: str, id: str, into: type[T]) -> T | None:
    """The value under this id, if there is one. Who needs it to be in time looks at its own ``until``."""
    found = tx.papers.get(sort, id)
    return msgspec.json.decode(found, type=into) if found is not None else None


def keep(tx: Transaction, sort: str, id: str, value: Struct, *, until: datetime | None = None) -> None:
    """Keep it in place of what was there, and forget it after ``until``."""
    tx.papers.put(sort, id, msgspec.json.encode(value), expires=until)


def every(tx: Transaction, sort: str, into: type[T]) -> Iterator[tuple[str, T]]:
    """(id, value) of a sort, by id."""
    after = ""
    while page := tx.papers.page(sort, after=after):
        yield from ((id, msgspec.json.decode(content, type=into)) for id, content in page)
        after = page[-1][0]
