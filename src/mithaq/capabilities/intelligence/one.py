"""One alert, whole: provenance, links both ways, what followed on it, and what our own law lets be done on a hit."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.capabilities.intelligence import rules
from mithaq.capabilities.intelligence.reading import shown
from mithaq.capabilities.intelligence.rows import ALERTS_VIEW, FOLLOWING_VIEW, facet, links_of
from mithaq.capabilities.intelligence.search import with_state
from mithaq.errors import NotFound
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.law.decision import Basis
from mithaq.kernel.law.request import Given, Request
from mithaq.kernel.shelves import Row
from mithaq.kernel.values import RecordId

TOLD = ("sort", "origin", "version", "made", "fields", "hidden")
MOST = 200  # follow-ups, and links to it, that are told
MOST_REPLIES = 20  # to each request


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One alert by its id."""

    id: RecordId


def show(desk: Desk, one: One) -> Row:
    """One alert. NotFound, with the same words, where there is none and where it is not the reader's to know."""
    row = desk.tx.views.get(ALERTS_VIEW, one.id)
    seen = shown(desk, row) if row is not None else None
    if seen is None:
        raise NotFound("record", f"no record {one.id}")
    told = with_state(seen, desk.at)
    links = {"links": linked_to(desk, seen), "linked_from": linked_from(desk, seen)}
    more = {**links, "follow_ups": follow_ups(desk, one.id, seen.exercise)}
    kept = {name: each for name, each in more.items() if each}
    return replace(told, body={**told.body, **kept, **_measure(desk, seen)})


def linked_to(desk: Desk, row: Row) -> list[dict[str, Any]]:
    """The records that an alert names. Of one that is not here, or not the reader's to know, no more than its id."""
    return [{**link, **_named(desk, link["to"], row.exercise)} for link in links_of(row.body["fields"])]


def linked_from(desk: Desk, row: Row) -> list[dict[str, Any]]:
    """The alerts that name this one, as far as the reader may read them and their links."""
    found = []
    for each in desk.tx.views.newest(ALERTS_VIEW, exercise=row.exercise, terms=(facet("link", row.key),), limit=MOST):
        seen = shown(desk, each)
        found += [
            {"from": each.key, "relation": link["relation"], **_told(seen)}
            for link in (links_of(seen.body["fields"]) if seen is not None else ()) if link["to"] == row.key
        ]  # fmt: skip
    return found


def follow_ups(desk: Desk, id: str, exercise: bool) -> list[dict[str, Any]]:
    """What followed on an alert, the newest first, as far as it may be read; the replies with the request."""
    found: list[dict[str, Any]] = []
    for row in about(desk, id, exercise, MOST):
        if row.body["sort"] == "reply":
            continue
        replies = replies_to(desk, row) if row.body["sort"] == "request" else ()
        told = [_follow_up(each) for each in replies]
        found.append({**_follow_up(row), **({"replies": told} if told else {})})
    return found


def replies_to(desk: Desk, request: Row) -> list[Row]:
    """The replies to a request that may be read, the newest first."""
    found = about(desk, request.key, request.exercise, MOST_REPLIES)
    return [each for each in found if each.body["sort"] == "reply"]


def about(desk: Desk, id: str, exercise: bool, most: int) -> list[Row]:
    """What follows on this record itself, the newest first, as far as it may be read; of the newest so many."""
    rows = desk.tx.views.newest(FOLLOWING_VIEW, exercise=exercise, terms=(facet("about", id),), limit=most)
    return [seen for row in rows if (seen := shown(desk, row)) is not None]


def _follow_up(row: Row) -> dict[str, Any]:
    state = {"state": "recalled"} if row.body["recalled"] else {}
    return {"id": row.key, **{name: row.body[name] for name in TOLD if name in row.body}, **state}


def allowed(desk: Desk, row: Row) -> rules.Allowed | None:
    """What our own law lets be done once a person has confirmed the match; None if nothing is asked for."""
    requested = row.body["fields"].get("measure")
    if not isinstance(requested, str) or requested not in rules.SUBSTITUTES:  # nothing, or not shown in clear
        return None
    return rules.substituted(requested, lambda measure: _permitted(desk, row, measure))


def _permitted(desk: Desk, row: Row, measure: str) -> Basis | None:
    ruling = desk.law.rule(_request(desk, row, measure), near_misses=False)
    return ruling.basis if ruling.permits else None


def _request(desk: Desk, row: Row, measure: str) -> Request:
    body, kind, me = row.body, desk.node.kinds[row.body["kind"]], desk.node.party
    given: dict[str, Given] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, field in kind.attributes.items()
        if (value := body["fields"].get(field)) is not None
    }
    given |= {"measure.requested": measure, "hit.confirmed_by_human": True}
    if "subject.protected_trait" in desk.law.book.vocabulary.applicable("measure", kind.name):
        given["subject.protected_trait"] = ()  # no Kind of alert has a field that could hold one
    return Request(
        act="measure", sender=me, receiver=me, kind=kind.name, purpose=body["purpose"], instant=desk.at,
        origin=body["origin"], exercise=row.exercise, caveats=tuple(body["caveats"]), attributes=given,
    )  # fmt: skip


def _measure(desk: Desk, row: Row) -> dict[str, Any]:
    found = allowed(desk, row)
    return {} if found is None else {"measure": canonical.plain(found)}


def _named(desk: Desk, id: str, exercise: bool) -> dict[str, Any]:
    row = desk.tx.views.get(ALERTS_VIEW, id)
    return _told(shown(desk, row) if row is not None and row.exercise == exercise else None)


def _told(seen: Row | None) -> dict[str, Any]:
    return {} if seen is None else {"title": seen.title, "sort": seen.body["sort"], "origin": seen.body["origin"]}
