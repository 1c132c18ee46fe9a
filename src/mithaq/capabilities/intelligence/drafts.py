"""Drafts: from a filled-in form to a checked record, and what would become of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from mithaq.capabilities.intelligence import identifiers, rules
from mithaq.capabilities.intelligence.forms import body_of, release_texts_of
from mithaq.capabilities.intelligence.parts import Identifier
from mithaq.capabilities.intelligence.records import ALERTS, sort_of
from mithaq.errors import Invalid
from mithaq.kernel import canonical, reviews
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.record import Kind, Marking, Record


def alert(desk: Desk, sort: str, given: Any, known: Record | None) -> Record:
    """The alert that a form asks for, as a new record or as the version after ``known``."""
    kind = ALERTS[sort]
    body = body_of(kind, given)
    identifiers.check(msgspec.convert(body.get("identifiers", ()), tuple[Identifier, ...]))
    rules.check_measure(sort, body)
    _set_clocks(desk, sort, body, known)
    return desk.draft(
        kind, body, purpose=given.purpose, marking=marking(given), release_texts=release_texts_of(kind, given),
        follows=known,
    )  # fmt: skip


def next_version(
    desk: Desk, record: Record, changes: Mapping[str, Any], *, caveats: tuple[str, ...] | None = None
) -> Record:
    """The version after one of our own alerts, with these fields changed, in the newest version of its Kind."""
    made = record.marking if caveats is None else Marking(record.marking.exercise, tuple(sorted(set(caveats))))
    return desk.draft(
        ALERTS[sort_of(record.kind)], {**record.body, **changes}, purpose=record.purpose, marking=made,
        release_texts=record.release_texts, follows=record,
    )  # fmt: skip


def known(desk: Desk, kind: Kind, given: Any) -> Record | None:
    """Our own record that has the form's reference already."""
    if not given.reference:
        return None
    holding = desk.tx.records.by_reference(kind.base, given.reference, given.exercise)
    return canonical.decode(holding.content, Record) if holding else None


def same(new: Record, old: Record) -> bool:
    """Whether a draft says nothing that the version before did not."""
    return (new.body, new.purpose, new.marking, new.release_texts) == (
        old.body, old.purpose, old.marking, old.release_texts,
    )  # fmt: skip


def foresee(desk: Desk, record: Record) -> Stated:
    """What would become of a draft if it were stated now. Nothing is kept, and a new one has no id yet."""
    released: list[str] = []
    reviewing: list[str] = []
    deferred: list[str] = []
    withheld: dict[str, tuple[str, ...]] = {}
    for partner in desk.node.partners:
        if partner in desk.node.unsure:
            deferred.append(partner)
            continue
        decision, copy = desk.consider(record, partner)
        if copy is not None:
            asked = reviews.is_asked(decision) and desk.second is None
            (reviewing if asked else released).append(partner)
        else:
            withheld[partner] = tuple(f"{each.law} {each.clause}" for each in decision.forbids)
    id = record.id if record.version > 1 else ""
    return Stated(id, record.version, tuple(released), withheld, tuple(deferred), tuple(reviewing))


def own_alert(desk: Desk, id: str, sort: str = "") -> Record:
    """One of our own alerts, of this sort if one is named; Invalid if it is another."""
    record = desk.own(id)
    found = sort_of(record.kind)
    if not found or (sort and found != sort):
        wanted = f"an alert on a {sort}" if sort else "an alert"
        raise Invalid("kind", f"{id} is a {record.kind}, not {wanted}", where="$.id")
    return record


def marking(given: Struct) -> Marking:
    """The marking that a form asks for."""
    asked: Any = given
    return Marking(exercise=asked.exercise, caveats=tuple(sorted(set(asked.caveats))))


def _set_clocks(desk: Desk, sort: str, body: dict[str, Any], known: Record | None) -> None:
    """A correction is no review: it moves no clock but those that it names."""
    before = known.body if known is not None else {}
    rules.check_clocks(sort, {k: v for k, v in body.items() if v != before.get(k) or k == "category"}, desk.at)
    if "review_by" in before:
        body.setdefault("review_by", before["review_by"])
