"""Stating: how each record of oversight is made and to whom it goes; and who may not decide about their own work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from mithaq.capabilities.oversight.records import PURPOSE, Flags
from mithaq.errors import NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.attachment.cross import is_on_its_way
from mithaq.kernel.clock import write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.people.actor import NODE
from mithaq.kernel.people.officer import behind
from mithaq.kernel.record import Kind, Marking, Record
from mithaq.kernel.shelves import Message
from mithaq.kernel.values import ends

CONTESTED = "contested"


def state(
    desk: Desk, kind: Kind, body: Mapping[str, Any], *, only: Collection[str] = (), exercise: bool = False,
    texts: Mapping[str, str] = {}, follows: Record | None = None,
) -> Stated:  # fmt: skip
    """State it, for these partners; without any it stays at home and no partner is considered at all."""
    drafted = desk.draft(
        kind, {name: value for name, value in body.items() if value is not None}, purpose=PURPOSE,
        marking=Marking(exercise=exercise), release_texts=texts, follows=follows,
    )  # fmt: skip
    return desk.state(drafted, only=only)


def flags(given: Flags | None, screened: bool) -> list[str] | None:
    """What a screening found; none where there was no screening, and then nothing leaves."""
    return list(given) if given is not None else [] if screened else None


def now(desk: Desk) -> str:
    return write_instant(desk.at)


def sent(desk: Desk, id: str, partner: str) -> list[tuple[int, Message]]:
    """(version, message) of everything of our record that was numbered for a partner."""
    newest, link = desk.tx.records.get(id), (desk.node.party, partner)
    versions = range(1, newest.version + 1) if newest is not None else ()
    return [
        (version, message) for version in versions for message in desk.tx.links.carrying(f"{id}/{version}")
        if ends(message.link) == link
    ]  # fmt: skip


def holders(desk: Desk, id: str) -> tuple[str, ...]:
    """The partners that have a version of our record, or get one."""
    return tuple(
        partner for partner in desk.node.partners if any(is_on_its_way(each) for _, each in sent(desk, id, partner))
    )


def check_independent(desk: Desk, id: str) -> None:
    """Refuse whoever stated a version of the record: nobody decides on a complaint about their own work."""
    mine = behind(desk.tx, desk.who)
    if any(line.act == "stated" and line.who in mine for line in desk.tx.audit.page(subject=id)):
        raise NotAllowed(
            "own-work", "who stated the record does not decide on a complaint about it", hint="ask another"
        )


def check_person(desk: Desk) -> None:
    """Refuse a program: what is decided about a person is decided by one."""
    if desk.actor.by not in ("session", "home"):
        raise NotAllowed("person", "a person decides on this, by name", hint="an officer who has signed in")


def mark(desk: Desk, id: str, *, contested: bool) -> Record | None:
    """Our record's next version, marked as contested or not any more; None where it is so already, or no longer is."""
    record = desk.own(id)
    here = CONTESTED in record.marking.caveats
    desk = replace(desk, actor=NODE)  # it follows from the complaint, and is nobody's own work on the record
    if here == contested or desk.tx.memos.get(f"recalled/{id}") is not None:
        return None
    kept = {each for each in record.marking.caveats if each != CONTESTED} | ({CONTESTED} if contested else set())
    made = desk.draft(
        desk.kind(record.kind), record.body, purpose=record.purpose,
        marking=replace(record.marking, caveats=tuple(sorted(kept))), release_texts=record.release_texts,
        follows=record,
    )  # fmt: skip
    desk.state(made, reference=desk.held(id).reference)
    return made


def record_of(desk: Desk, id: str) -> Record:
    """Our own record, as it stands."""
    return canonical.decode(desk.held(id).content, Record)
