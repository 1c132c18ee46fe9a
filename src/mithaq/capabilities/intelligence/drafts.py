"""Drafts: from a filled-in form to a checked record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from mithaq.capabilities.intelligence import again, identifiers, rules
from mithaq.capabilities.intelligence.forms import body_of, release_texts_of
from mithaq.capabilities.intelligence.parts import Identifier
from mithaq.capabilities.intelligence.reading import readable
from mithaq.capabilities.intelligence.records import ALERTS, sort_of
from mithaq.errors import Clash, Invalid, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.reading import seen_of
from mithaq.kernel.record import Kind, Marking, Record


def alert(desk: Desk, sort: str, given: Any, known: Record | None, *, corrects: bool = False) -> Record:
    """The alert that a form asks for, as a new record or as the version after ``known``.

    Only what ``corrects`` takes back the safeguards of the version before.
    """
    kind, body = ALERTS[sort], body_of(ALERTS[sort], given)
    texts, made = release_texts_of(kind, given), marking(given)
    if known is not None:
        _keep_hidden(desk, known, kind, body, texts)
    identifiers.check(sort, msgspec.convert(body.get("identifiers", ()), tuple[Identifier, ...]))
    _check_links(desk, sort, body.get("links", ()), exercise=given.exercise)
    rules.check_measure(sort, body)
    _set_clocks(desk, sort, body, known)
    if known is not None and not corrects:
        made = again.carry_over(desk, known, body, made)
    return desk.draft(kind, body, purpose=given.purpose, marking=made, release_texts=texts, follows=known)


def next_version(
    desk: Desk, record: Record, changes: Mapping[str, Any], *, caveats: tuple[str, ...] | None = None
) -> Record:
    """The version after one of our own alerts, with these fields changed, in the newest version of its Kind."""
    made = record.marking if caveats is None else structs.replace(record.marking, caveats=tuple(sorted(set(caveats))))
    still = {"expires": write_instant(desk.at)} if again.is_ended(record) else {}
    return desk.draft(
        ALERTS[sort_of(record.kind)], {**record.body, **still, **changes}, purpose=record.purpose, marking=made,
        release_texts=record.release_texts, follows=record,
    )  # fmt: skip


def known(desk: Desk, kind: Kind, given: Any) -> Record | None:
    """Our own record that has the form's reference already. Clash if it is not theirs to know who give the form."""
    if not given.reference:
        return None
    holding = desk.tx.records.by_reference(kind.base, given.reference, given.exercise)
    if holding is not None and not readable(desk, holding):
        raise Clash("reference", "this reference is taken", where="$.reference", hint="give another one")
    return canonical.decode(holding.content, Record) if holding else None


def same(new: Record, old: Record) -> bool:
    """Whether a draft says nothing that the version before did not."""
    return (new.body, new.purpose, new.marking, new.release_texts) == (
        old.body, old.purpose, old.marking, old.release_texts,
    )  # fmt: skip


def own_alert(desk: Desk, id: str, sort: str = "") -> Record:
    """One of our own alerts, of this sort if one is named; Invalid if it is another.

    NotFound, with the same words, where there is none and where it may not be read.
    """
    if not readable(desk, desk.held(id)):
        raise NotFound("record", f"no record {id}")
    record = desk.own(id)
    found = sort_of(record.kind)
    if not found or (sort and found != sort):
        wanted = f"an alert on a {sort}" if sort else "an alert"
        raise Invalid("kind", f"{id} is a {record.kind}, not {wanted}", where="$.id")
    return record


def marking(given: Struct) -> Marking:
    """The marking that a form asks for."""
    asked: Any = given
    return Marking(
        exercise=asked.exercise, caveats=tuple(sorted(set(asked.caveats))), sources=tuple(sorted(set(asked.sources)))
    )


def _set_clocks(desk: Desk, sort: str, body: dict[str, Any], known: Record | None) -> None:
    """A correction is no review: it moves no clock but those that it names."""
    before = known.body if known is not None else {}
    rules.check_clocks(sort, {k: v for k, v in body.items() if v != before.get(k) or k == "category"}, desk.at)
    if "review_by" in before:
        body.setdefault("review_by", before["review_by"])


def _keep_hidden(desk: Desk, known: Record, kind: Kind, body: dict[str, Any], texts: dict[str, str]) -> None:
    """What our own law keeps from whoever acts stays as it was, and so does what they give back as it was shown."""
    reading = desk.read(seen_of(known))
    shown = reading.fields if reading is not None else {}
    for name in kind.fields.keys() & known.body.keys():
        kept = known.body[name]
        if name not in shown or (shown[name] != kept and body.get(name) == shown[name]):
            body[name] = kept
            texts.pop(name, None)
            texts.update({name: known.release_texts[name]} if name in known.release_texts else {})


def _check_links(desk: Desk, sort: str, links: Sequence[Mapping[str, str]], *, exercise: bool) -> None:
    """Refuse a link between what is real and an exercise; and from a thing to a person whom a partner looks for:
    where that person was is a sighting, which is protected until screened and goes to the partner alone.
    """
    for n, link in enumerate(links):
        target, where = desk.tx.records.get(link["to"]), f"$.links[{n}].to"
        if target is None:
            continue
        if target.exercise != exercise:
            raise Invalid("exercise", "what is real and an exercise are not linked", where=where)
        if sort != "person" and sort_of(target.kind) == "person" and target.origin != desk.node.party:
            hint = "report a sighting instead: intelligence.report-sighting"
            raise Invalid("links", "it is a partner's alert on a person", where=where, hint=hint)
