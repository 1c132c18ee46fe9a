"""Rows: what the views keep of each alert, and of what follows on it, at its newest version, with its provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mithaq.capabilities.intelligence import rules
from mithaq.capabilities.intelligence.exchanged import FOLLOW_UPS, follow_up
from mithaq.capabilities.intelligence.records import ALERTS, sort_of
from mithaq.kernel import canonical
from mithaq.kernel.clock import after, read_instant, write_instant
from mithaq.kernel.keeping.onward import strictest
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reaction import holding_of
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Entry, Holding, Row
from mithaq.kernel.view import View
from mithaq.lib import folding

ALERTS_VIEW, FOLLOWING_VIEW = "intelligence.alerts", "intelligence.follow-ups"

SEARCHED = ("plate", "name", "other_names", "document", "number", "identifiers", "goods")
"""The fields by which an alert is found: what identifies it. What was remarked, and by whom, is not searched."""


def fold_alert(entry: Entry, tx: Transaction) -> Row | None:
    """The row of the alert that this entry brought or that it took back, if it is one and is the newest version."""
    if entry.what == "recalled":
        return _recalled(ALERTS_VIEW, entry, tx)
    holding = holding_of(entry, tx, sort_of)
    if holding is None or not sort_of(holding.kind):
        return None
    old = tx.views.get(ALERTS_VIEW, holding.id)
    if old is not None and old.body["version"] >= holding.version:
        return None
    return alert_row(holding, write_instant(entry.at), tx)


def fold_following(entry: Entry, tx: Transaction) -> Row | None:
    """The row of a sighting, supplement, request or reply that this entry brought or that it took back."""
    if entry.what == "recalled":
        return _recalled(FOLLOWING_VIEW, entry, tx)
    holding = holding_of(entry, tx, follow_up)
    if holding is None or not follow_up(holding.kind):
        return None
    old = tx.views.get(FOLLOWING_VIEW, holding.id)
    if old is not None and old.body["version"] >= holding.version:
        return None
    return following_row(holding, write_instant(entry.at), tx)


def following_row(holding: Holding, received: str, tx: Transaction) -> Row:
    """The row of what follows on an alert, found by what it is about."""
    sort = follow_up(holding.kind)
    body = {"sort": sort, "recalled": recalled(tx, holding.id) is not None, **provenance(holding, received, tx)}
    about = body["fields"].get("request" if sort == "reply" else "about", "")
    side = "received" if holding.link else "sent"
    facets = {"kind": sort, "from": holding.origin, "side": side, "about": about}
    found = tuple(facet(name, value) for name, value in facets.items() if value)
    return _row(holding, FOLLOW_UPS[sort].title, FOLLOW_UPS[sort].place, FOLLOW_UPS[sort].time or "", body, found)


def alert_row(holding: Holding, received: str, tx: Transaction) -> Row:
    """The row of an alert, with everything by which it is found."""
    sort = sort_of(holding.kind)
    body = {"sort": sort, "recalled": recalled(tx, holding.id) is not None, **provenance(holding, received, tx)}
    return _row(holding, ALERTS[sort].title, "place", "time", body, tuple(terms(body)))


def terms(body: Mapping[str, Any]) -> Iterator[str]:
    """The folded words of what identifies an alert, and its facets. Of the fields that are given, and of no others."""
    fields = body["fields"]
    for name in SEARCHED:
        for text in _texts(fields.get(name)):
            yield from folding.terms(text)
    if body.get("reference"):
        yield from folding.terms(body["reference"])
    yield facet("kind", body["sort"])
    yield facet("from", body["origin"])
    yield facet("state", standing(body))
    for name in ("category", "reason"):
        if name in fields:
            yield facet(name, fields[name])
    for link in links_of(fields):
        yield facet("link", link["to"])


def facet(name: str, value: object) -> str:
    """The term of a facet. It begins as no folded word does, so that words find none.

    >>> facet("kind", "vehicle")
    '=kind:vehicle'
    """
    return f"={name}:{value}"


def links_of(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The links among the fields; none where something else is shown in their place."""
    links = fields.get("links")
    return [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []


def standing(body: Mapping[str, Any]) -> str:
    """How an alert stands but for the clock: active, ended or recalled."""
    made = body["made"]
    expires = body["fields"].get("expires")
    return rules.state_of(made=made, expires=expires, recalled=body["recalled"], at=read_instant(made))


def _recalled(view: str, entry: Entry, tx: Transaction) -> Row | None:
    """The row anew of what was taken back; None where it is not here yet: a recall can come before its record."""
    holding, old = tx.records.get(entry.subject), tx.views.get(view, entry.subject)
    if holding is None or old is None or not holding.content:
        return None
    return (alert_row if view == ALERTS_VIEW else following_row)(holding, old.body["received"], tx)


def provenance(holding: Holding, received: str, tx: Transaction) -> dict[str, Any]:
    if not holding.link:
        return _own(holding, received, tx)
    release = canonical.fit(canonical.decode(holding.content, dict), Release)
    retain = release.handling.get("retain")
    return {
        "version": release.version,
        "origin": release.origin,
        "purpose": release.purpose,
        "kind": release.kind,
        "made": write_instant(release.made),
        "received": received,
        "caveats": list(release.marking.caveats),
        "fields": release.fields,
        "levels": release.levels,
        "basis": {"law": release.basis.law, "clause": release.basis.clause},
        "handling": canonical.plain(release.handling),
        "delete_by": write_instant(after(read_instant(received), retain)) if isinstance(retain, str) else "",
        "message": f"{holding.link}/{holding.seq}",
    }


def _own(holding: Holding, received: str, tx: Transaction) -> dict[str, Any]:
    record = canonical.decode(holding.content, Record)
    return {
        "version": record.version,
        "origin": record.origin,
        "purpose": record.purpose,
        "kind": record.kind,
        "made": write_instant(record.made),
        "received": received,
        "caveats": list(record.marking.caveats),
        "fields": record.body,
        "reference": holding.reference,
        **({"handling": {"onward": onward}} if (onward := strictest(tx, record.marking.sources)) else {}),
    }


def _row(
    holding: Holding, title: str, place: str | None, time: str, body: dict[str, Any], facets: tuple[str, ...]
) -> Row:
    fields = body["fields"]
    return Row(
        key=holding.id,
        title=str(fields.get(title, "")),
        time=str(fields.get(time, "")),
        place=str(fields.get(place or "", "")),
        exercise=holding.exercise,
        body=body,
        terms=facets,
    )


def _texts(value: Any) -> Iterator[str]:
    """The texts in a field: itself, or the names and numbers in its parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each.get("name") or each.get("value")) if isinstance(each, dict) else _texts(each)


VIEWS = (View(ALERTS_VIEW, 4, fold_alert), View(FOLLOWING_VIEW, 3, fold_following))
