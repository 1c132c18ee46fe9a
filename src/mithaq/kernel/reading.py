"""Reading: what a person here may see of a record, our own or a partner's, by our own law (``act: read``).

A nation whose law says nothing of reading leaves it to the roles that hold a question's permission. As soon as one
clause of it speaks of reading, what no clause permits is not read. Handling that came with a partner's record binds
its readers too: where it names the authorities it is for, no other reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decision import Basis, Ruling
from mithaq.kernel.law.generalise import generalise
from mithaq.kernel.law.level import ABSENT, CLEAR, PSEUDONYM
from mithaq.kernel.law.request import Given, Request
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.record import Kind, Record
from mithaq.kernel.release import Pseudonym, Release


class Seen(Struct, frozen=True, kw_only=True):
    """A record as it is held here: our own body, or the fields of a partner's release with its handling."""

    id: str
    version: int
    kind: str
    origin: str
    purpose: str
    exercise: bool = False
    caveats: tuple[str, ...] = ()
    fields: Mapping[str, Any]
    handling: Mapping[str, Any] = {}


def seen_of(record: Record) -> Seen:
    """Our own record, as it is read at home."""
    return Seen(
        id=record.id, version=record.version, kind=record.kind, origin=record.origin, purpose=record.purpose,
        exercise=record.marking.exercise, caveats=record.marking.caveats, fields=record.body,
    )  # fmt: skip


def seen_in(release: Release) -> Seen:
    """A partner's record, as far as it was released to us."""
    return Seen(
        id=release.record, version=release.version, kind=release.kind, origin=release.origin, purpose=release.purpose,
        exercise=release.marking.exercise, caveats=release.marking.caveats, fields=release.fields,
        handling=release.handling,
    )  # fmt: skip


class Reading(Struct, frozen=True):
    """What one reader sees: fields, the names of those that are kept from them, and on what basis they read at all.

    ``coarse`` are those that are shown, but not in clear.
    """

    fields: dict[str, Any]
    hidden: tuple[str, ...] = ()
    basis: Basis | None = None
    coarse: tuple[str, ...] = ()


def request(seen: Seen, kind: Kind, actor: Actor, *, me: str, at: datetime, law: Compiled) -> Request:
    """What the law is asked about reading this record. Roles that the Vocabulary does not know are left out."""
    words = law.book.vocabulary
    given: dict[str, Given] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, field in kind.attributes.items()
        if (value := seen.fields.get(field)) is not None
    }
    if "reader.roles" in words.attributes:
        known = words.values("reader.roles")
        given["reader.roles"] = tuple(role for role in actor.roles if role in known)
    if actor.authority is not None:
        given["reader.authority"] = actor.authority
    return Request(
        act="read", sender=me, receiver=me, kind=seen.kind, purpose=seen.purpose, instant=at, origin=seen.origin,
        exercise=seen.exercise, caveats=seen.caveats, attributes=given, fields=tuple(kind.fields),
    )  # fmt: skip


def read(
    seen: Seen, kind: Kind, actor: Actor, *, me: str, at: datetime, law: Compiled, pseudonym: Pseudonym
) -> Reading | None:
    """What the actor may see of it; None if nothing of it, not even that it is there.

    A nation whose words are older than the Kind of a record has not said who reads it: then it is read as the version
    of the Kind that it has words for, as far as it can be made into that.
    """
    if not _is_for(seen, actor):
        return None
    if not law.speaks_of(me, "read"):
        return Reading(dict(seen.fields))
    decision = law.rule(request(seen, kind, actor, me=me, at=at, law=law), near_misses=False)
    if decision.permits:
        return _shown(seen, decision, pseudonym)
    if kind.name in law.book.vocabulary.kinds or kind.before is None or kind.down is None:
        return None
    fields = kind.down(dict(seen.fields))
    if fields is None:
        return None
    earlier = replace(seen, kind=kind.before.name, fields=fields)
    return read(earlier, kind.before, actor, me=me, at=at, law=law, pseudonym=pseudonym)


def _is_for(seen: Seen, actor: Actor) -> bool:
    """Whether the recipients that its origin asked for let this actor in. A person without an authority is in none."""
    recipients = seen.handling.get("recipients")
    return recipients is None or actor.by == "home" or actor.authority in recipients


def _shown(seen: Seen, decision: Ruling, pseudonym: Pseudonym) -> Reading:
    fields, hidden = {}, []
    for name, value in seen.fields.items():
        level = decision.fields.get(name, ABSENT)
        if level == ABSENT:
            hidden.append(name)
        elif level == CLEAR:
            fields[name] = value
        elif level == PSEUDONYM:
            fields[name] = pseudonym(name, value)
        else:
            fields[name] = generalise(value, level)
    coarse = tuple(name for name in fields if decision.fields.get(name) != CLEAR)
    return Reading(fields, tuple(hidden), decision.basis, coarse)
