"""Search: alerts by what identifies them and by facets, newest first. What the reader may not read is not found either.

A search for words finds what has all of them, each as the beginning of a word; or what has the whole, written without
separators: so ``ب د ر 4821`` and ``بدر4821`` find the same plate (``lib/folding.py``).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.capabilities.intelligence import rules
from mithaq.capabilities.intelligence.reading import shown
from mithaq.capabilities.intelligence.rows import ALERTS_VIEW, facet, terms
from mithaq.capabilities.intelligence.words import Category
from mithaq.kernel.desk import Desk
from mithaq.kernel.shelves import Row
from mithaq.kernel.values import PartyId
from mithaq.lib import folding

MAX_LIMIT = 500
MAX_WORDS = 8
PAGE = 200

Sort = Literal["vehicle", "person", "document", "vessel", "goods", "organisation"]
Position = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Wanted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which alerts: with these words, of this sort, origin, state and category. Exercises are a list of their own."""

    find: Annotated[str, Meta(max_length=200)] = ""
    kind: Sort | None = None
    origin: PartyId | None = None
    state: rules.State | None = None
    category: Category | None = None
    exercise: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it asks for anything but all of them."""
        return bool(self.find.strip() or self.kind or self.origin or self.state or self.category)


class Search(Wanted, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A page of a search: ``before`` is what ``next`` said last."""

    before: Position = 0
    limit: int = 50


class Found(Struct, frozen=True):
    """Alerts, the last changed first; ``next`` goes on, and is nothing after the last."""

    items: tuple[Row, ...]
    next: int | None = None


def search(desk: Desk, asked: Search) -> Found:
    """A page of the alerts that are wanted."""
    limit = bounded(asked.limit)
    items: list[Row] = []
    for row in newest(desk, asked, before=asked.before, size=limit + 1):
        if len(items) == limit:
            return Found(tuple(items), items[-1].position)
        items.append(row)
    return Found(tuple(items))


def newest(desk: Desk, wanted: Wanted, before: int = 0, size: int = PAGE) -> Iterator[Row]:
    """Every alert that is wanted and may be read, the last changed first; taken from the store so many at a time."""
    ways = _ways(wanted.find)
    if not ways:
        return
    last = ""
    for row in _merged(desk, wanted.exercise, _facets(wanted), ways, before, size):
        seen = shown(desk, row) if row.key != last else None
        last = row.key
        if seen is None or (seen.body["fields"] != row.body["fields"] and not _is_visible(seen, wanted, ways)):
            continue
        told = with_state(seen, desk.at)
        if wanted.state is None or told.body["state"] == wanted.state:
            yield told


def with_state(row: Row, at: datetime) -> Row:
    """The row, and how it stands at this instant."""
    body = row.body
    expires = body["fields"].get("expires")
    state = rules.state_of(made=body["made"], expires=expires, recalled=body["recalled"], at=at)
    return replace(row, body={**body, "state": state})


def bounded(limit: int) -> int:
    """A limit that is at least one and at most what one answer holds."""
    return max(1, min(limit, MAX_LIMIT))


def _ways(find: str) -> list[tuple[str, ...]]:
    """The sets of terms of which a row must have one whole: the words, or all of it without separators.

    Without anything to find, one set of none. Where there is nothing but separators to find, no set at all.
    """
    if not find.strip():
        return [()]
    words = folding.words(find)[:MAX_WORDS]
    if not words:
        return []
    whole = (f"{folding.tight(find)}*",)
    apart = tuple(f"{word}*" for word in words if len(word) >= folding.SHORTEST)
    return [whole] if not apart or apart == whole else [apart, whole]


def _facets(wanted: Wanted) -> tuple[str, ...]:
    state = "active" if wanted.state == "expired" else wanted.state  # what has expired, only the clock tells
    given = {"kind": wanted.kind, "from": wanted.origin, "state": state, "category": wanted.category}
    return tuple(facet(name, value) for name, value in given.items() if value)


def _merged(
    desk: Desk, exercise: bool, facets: Sequence[str], ways: list[tuple[str, ...]], before: int, size: int
) -> Iterator[Row]:
    found = [_pages(desk, exercise, (*way, *facets), before, size) for way in ways]
    return heapq.merge(*found, key=lambda row: (-row.position, row.key))


def _pages(desk: Desk, exercise: bool, asked: Sequence[str], before: int, size: int) -> Iterator[Row]:
    while True:
        page = desk.tx.views.newest(ALERTS_VIEW, exercise=exercise, terms=asked, before=before, limit=size)
        yield from page
        if len(page) < size:
            return
        before = page[-1].position


def _is_visible(row: Row, wanted: Wanted, ways: list[tuple[str, ...]]) -> bool:
    """Whether what the reader sees of it is what was asked for: what is kept from them is not found by guessing."""
    here: set[Any] = set(terms(row.body))
    if not here.issuperset(_facets(wanted)):
        return False
    return any(all(any(term.startswith(begin[:-1]) for term in here) for begin in way) for way in ways)
