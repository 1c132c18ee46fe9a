"""Pages of the console, as data."""

from __future__ import annotations

from typing import Literal

from mithaq.capabilities.intelligence.records import ALERTS
from mithaq.kernel.plug import Column, Page

_LIST = (
    Column("body.sort", "kind", "code"),
    Column("title", "title"),
    Column("body.origin", "from", "code"),
    Column("body.state", "state", "code"),
    Column("body.fields.category", "category", "code"),
    Column("body.fields.reason", "reason", "code"),
    Column("body.version", "v"),
    Column("time", "time", "time"),
    Column("place", "place", "place"),
)
_REQUESTS = (
    Column("title", "topic", "code"),
    Column("body.origin", "from", "code"),
    Column("body.fields.addressee", "to", "code"),
    Column("body.fields.urgency", "urgency", "code"),
    Column("body.state", "state", "code"),
    Column("time", "reply by", "time"),
)

_CODES = frozenset({"reason", "category", "measure", "reliability", "accuracy", "subject", "flags", "type"})
_AS: dict[str, Literal["code", "place", "time", "picture", "link"]] = {
    **dict.fromkeys(_CODES, "code"), "place": "place", "time": "time", "review_by": "time", "expires": "time",
    "photos": "picture", "links": "link",
}  # fmt: skip
_DETAIL = (
    *(Column(f"body.{name}", name, "code") for name in ("sort", "state", "purpose")),
    *(
        Column(f"body.fields.{name}", name.replace("_", " "), _AS.get(name, "text"))
        for name in dict.fromkeys(name for kind in ALERTS.values() for name in kind.fields)
    ),
    Column("body.measure", "measure here"),
    Column("body.links", "linked to", "link"),
    Column("body.linked_from", "linked from", "link"),
    Column("body.follow_ups", "what followed", "link"),
)


_CARD = (
    Column("title", "title"), Column("origin", "from", "code"), Column("state", "state", "code"),
    Column("requested", "measure asked for", "code"), Column("becomes", "measure here", "code"),
    Column("by.clause", "by which clause", "code"), Column("hold_minutes", "longest hold"),
    Column("due", "due", "time"),
)  # fmt: skip
_QUERIES = (
    Column("title", "case"),
    Column("body.side", "side", "code"),
    Column("body.origin", "from", "code"),
    Column("body.fields.addressee", "to", "code"),
    Column("body.fields.urgency", "urgency", "code"),
    Column("body.state", "state", "code"),
    Column("body.refused", "refused", "code"),
    Column("body.due", "due", "time"),
    Column("time", "time", "time"),
)


def _form(sort: str) -> Page:
    name = f"intelligence.alert-{sort}"
    return Page(name, f"raise an alert: {sort}", "form", name, opens="intelligence.alert")


PAGES = (
    Page("intelligence.alerts", "alerts", "list", "intelligence.search", _LIST, opens="intelligence.alert"),
    Page(
        "intelligence.alerts-map", "alerts on the map", "map", "intelligence.search", _LIST, opens="intelligence.alert"
    ),
    Page("intelligence.alert", "alert", "detail", "intelligence.alert", _DETAIL, opens="intelligence.sighting"),
    *(_form(sort) for sort in ALERTS),
    Page("intelligence.sighting", "report a sighting", "form", "intelligence.report-sighting"),
    Page("intelligence.supplement", "supplementary information", "form", "intelligence.supplement"),
    Page("intelligence.request", "ask a partner", "form", "intelligence.request"),
    Page("intelligence.reply", "answer a request", "form", "intelligence.reply"),
    Page("intelligence.card", "action card", "detail", "intelligence.card", _CARD, template="card.html"),
    Page("intelligence.query", "ask: hit or no hit", "form", "intelligence.query"),
    Page(
        "intelligence.queries",
        "questions of hit or no hit",
        "list",
        "intelligence.queries",
        _QUERIES,
        opens="intelligence.card",
    ),
    Page("intelligence.confirm-hit", "confirm a hit", "form", "intelligence.confirm-hit"),
    Page("intelligence.course", "how a hit goes on", "form", "intelligence.course"),
    Page("intelligence.requests", "requests", "list", "intelligence.requests", _REQUESTS),
)
