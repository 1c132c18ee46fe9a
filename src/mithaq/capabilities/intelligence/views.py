"""What is asked: lists of alerts, one alert, requests, and pages for export."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.capabilities.intelligence.card import QUESTIONS as CARD
from mithaq.capabilities.intelligence.formats.columns import flat
from mithaq.capabilities.intelligence.one import One, replies_to, show
from mithaq.capabilities.intelligence.questions import QUESTIONS as ASKED
from mithaq.capabilities.intelligence.questions import VIEW as ASKED_VIEW
from mithaq.capabilities.intelligence.reading import shown
from mithaq.capabilities.intelligence.rows import ALERTS_VIEW, FOLLOWING_VIEW, facet
from mithaq.capabilities.intelligence.rows import VIEWS as ALERTS_VIEWS
from mithaq.capabilities.intelligence.search import (
    MAX_LIMIT,
    Found,
    Position,
    Search,
    Sort,
    Wanted,
    bounded,
    newest,
    search,
    with_state,
)
from mithaq.errors import Invalid
from mithaq.kernel.clock import write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Question
from mithaq.kernel.shelves import Row

__all__ = ["QUESTIONS", "VIEWS"]

LAST = 2**53 - 1
VIEWS = (*ALERTS_VIEWS, ASKED_VIEW)


class Listing(Wanted, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A page of alerts. All of them by key, after a key; or those that are wanted, newest first, after a position."""

    after: Annotated[str, Meta(max_length=64)] = ""
    limit: int = 50


class Requests(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Requests that we sent or received, newest first; with ``open`` only those that have no reply."""

    side: Literal["sent", "received"] | None = None
    open: bool = False
    exercise: bool = False
    before: Position = 0
    limit: int = 50


class Export(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A page of alerts of one sort for a file. ``cells``: every value as the text that a CSV file has for it."""

    kind: Sort
    cells: bool = False
    exercise: bool = False
    after: Annotated[str, Meta(max_length=64)] = ""
    limit: int = MAX_LIMIT


class Exported(Struct, frozen=True):
    """Alerts by key as plain rows, named as the fields of the command that takes them in; ``after`` goes on."""

    items: tuple[dict[str, Any], ...]
    after: str = ""


def alerts(desk: Desk, listing: Listing) -> tuple[Row, ...]:
    """Alerts by key, or those that are wanted, newest first."""
    limit = bounded(listing.limit)
    if not listing.narrows:
        return tuple(_by_key(desk, listing.exercise, listing.after, limit))
    found = newest(desk, listing, before=_position(listing.after), size=limit)
    return tuple(row for row, _ in zip(found, range(limit), strict=False))


def _position(text: str) -> int:
    """The position that a list goes on from; nothing is the beginning."""
    if not text:
        return 0
    if text.isascii() and text.isdecimal() and len(text) <= len(str(LAST)) and int(text) <= LAST:
        return int(text)
    raise Invalid("after", "with something to find, it goes on after a position", where="$.after")


def requests(desk: Desk, asked: Requests) -> Found:
    """Requests with their state: answered, overdue, open or recalled, and their replies."""
    limit, items, before = bounded(asked.limit), list[Row](), asked.before
    facets = (facet("kind", "request"), *((facet("side", asked.side),) if asked.side else ()))
    while True:
        page = desk.tx.views.newest(
            FOLLOWING_VIEW, exercise=asked.exercise, terms=facets, before=before, limit=MAX_LIMIT
        )
        for row in page:
            told = _with_replies(desk, row)
            if told is None or (asked.open and told.body["state"] in ("answered", "recalled")):
                continue
            if len(items) == limit:
                return Found(tuple(items), items[-1].position)
            items.append(told)
        if len(page) < MAX_LIMIT:
            return Found(tuple(items))
        before = page[-1].position


def export(desk: Desk, asked: Export) -> Exported:
    """A page of what may be read, each alert as one flat row."""
    limit, items, after = bounded(asked.limit), list[dict[str, Any]](), asked.after
    while len(items) < limit and (page := _by_key(desk, asked.exercise, after, MAX_LIMIT)):
        for row in page:
            after = row.key
            if row.body["sort"] == asked.kind:
                items.append(flat(asked.kind, row, cells=asked.cells))
            if len(items) == limit:
                break
    return Exported(tuple(items), after if len(items) == limit else "")


def _by_key(desk: Desk, exercise: bool, after: str, limit: int) -> list[Row]:
    """The next alerts by key that may be read: as many as asked for, unless there are no more."""
    found: list[Row] = []
    while len(found) < limit and (page := desk.tx.views.page(ALERTS_VIEW, exercise=exercise, after=after, limit=limit)):
        found += [with_state(seen, desk.at) for row in page if (seen := shown(desk, row)) is not None]
        after = page[-1].key
    return found[:limit]


def _with_replies(desk: Desk, row: Row) -> Row | None:
    seen = shown(desk, row)
    if seen is None:
        return None
    replies = [each for each in replies_to(desk, row) if not each.body["recalled"]]
    late = seen.time != "" and seen.time <= write_instant(desk.at)
    state = "recalled" if row.body["recalled"] else "answered" if replies else "overdue" if late else "open"
    told = [{"id": each.key, "origin": each.body["origin"], "fields": each.body["fields"]} for each in replies]
    return replace(seen, body={**seen.body, "state": state, "replies": told})


QUESTIONS = (
    Question(
        "intelligence.alerts", "alerts, our own and received", Listing, tuple[Row, ...], alerts, roles=OPERATIONAL
    ),
    Question(
        "intelligence.search", "alerts by what identifies them, newest first", Search, Found, search, roles=OPERATIONAL
    ),
    Question("intelligence.alert", "one alert with its provenance", One, Row, show, roles=OPERATIONAL),
    Question("intelligence.requests", "requests, sent and received", Requests, Found, requests, roles=OPERATIONAL),
    Question(
        "intelligence.export", "alerts of one sort as rows for a file", Export, Exported, export,
        roles=("analyst", "supervisor"),
    ),
    *ASKED,
    *CARD,
)  # fmt: skip
