"""Officers, their agencies, and the programs that act for them. All of this stays at home: only roles cross a border.

An officer is *invited* until a password and a code are confirmed, then *active*; *suspended* ends every session, and
whatever the officer asked for is not done any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.errors import NotAllowed, NotFound
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.paper import every, find, keep
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import AgencyId, Code, Instant, Line

OVERSEEN = "overseen"
AGENCIES, OFFICERS, PROGRAMS = "agency", "officer", "program"
_NAME = "[a-z][a-z0-9-]{0,31}"
OFFICER = re.compile(rf"^officer/{_NAME}(?!\n)$")
OfficerId = Annotated[str, Meta(pattern=OFFICER.pattern, description="an officer: officer/rania")]
ProgramId = Annotated[str, Meta(pattern=rf"^program/{_NAME}(?!\n)$", description="a program: program/customs-system")]


class Agency(Struct, frozen=True, forbid_unknown_fields=True):
    """An agency of our own, and what it is by law: a word of the vocabulary's authorities."""

    id: AgencyId
    name: Line
    authority: Line


class Officer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person who acts here. ``name`` and ``agency`` are for people at home."""

    id: OfficerId
    name: Line
    agency: AgencyId | None = None
    roles: tuple[Code, ...] = ()
    state: Literal["invited", "active", "suspended"] = "invited"
    since: Instant  # of this state
    returning: bool = False  # was active before, and is invited anew

    @property
    def is_active(self) -> bool:
        return self.state == "active"


class Program(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program that acts under a token. ``keeper`` answers for it; without an active keeper the token is no good."""

    id: ProgramId
    roles: tuple[Code, ...]
    agency: AgencyId | None = None
    keeper: str  # an officer, or the home
    issued_by: str
    since: Instant
    until: Instant


def officer(tx: Transaction, id: str) -> Officer:
    """NotFound if there is none by this id."""
    found = find(tx, OFFICERS, id, Officer)
    if found is None:
        raise NotFound("officer", f"no {id} here", hint="see people.list")
    return found


def officers(tx: Transaction) -> list[Officer]:
    return [each for _, each in every(tx, OFFICERS, Officer)]


def holding(tx: Transaction, role: str) -> set[str]:
    """The active officers that hold a role."""
    return {each.id for each in officers(tx) if each.is_active and role in each.roles}


def holding_still(tx: Transaction, role: str) -> set[str]:
    """Those, and the officers that hold it and are about to come back: a lost device takes no role from anybody."""
    return {each.id for each in officers(tx) if (each.is_active or each.returning) and role in each.roles}


def active_since(tx: Transaction, id: str) -> datetime | None:
    """Since when an officer has been active; None if it is not, or is no officer."""
    found = find(tx, OFFICERS, id, Officer)
    return found.since if found is not None and found.is_active else None


def keep_officer(tx: Transaction, changed: Officer) -> Officer:
    """Keep an officer as it is now, and that somebody has held oversight once somebody has."""
    keep(tx, OFFICERS, changed.id, changed)
    if changed.is_active and "oversight" in changed.roles and not was_overseen(tx):
        tx.papers.put("people", OVERSEEN, b"{}")
    return changed


def was_overseen(tx: Transaction) -> bool:
    """Whether an officer has ever held oversight here: from then on no administrator alone gives or takes it."""
    return tx.papers.get("people", OVERSEEN) is not None


def agency(tx: Transaction, id: str) -> Agency:
    """NotFound if there is none by this id."""
    found = find(tx, AGENCIES, id, Agency)
    if found is None:
        raise NotFound("agency", f"no agency {id} here", hint="add it first: people.add-agency")
    return found


def program(tx: Transaction, id: str) -> tuple[str, Program] | None:
    """(digest of its token, program) by the program's id."""
    return next(((hashed, each) for hashed, each in every(tx, PROGRAMS, Program) if each.id == id), None)


def authority_of(tx: Transaction, agency_id: str | None) -> str | None:
    """What an officer or program of this agency is by law."""
    return agency(tx, agency_id).authority if agency_id is not None else None


def is_kept(tx: Transaction, keeper: str) -> bool:
    """Whether somebody answers for a program: an active officer, or the home that issued its token."""
    found = find(tx, OFFICERS, keeper, Officer)
    return keeper == "home" or (found is not None and found.is_active)


def behind(tx: Transaction, id: str, then: Iterable[str] = ()) -> frozenset[str]:
    """The people behind an actor: itself; for a program also who keeps it and who has seen its token.

    ``then``: who was behind it when it acted. A token that was revoked or issued anew since takes nobody out of it.
    """
    found = program(tx, id) if id.startswith("program/") else None
    now = {id, found[1].keeper, found[1].issued_by} if found else {id}
    return frozenset(now).union(then)


def present(tx: Transaction, actor: Actor) -> Actor:
    """The actor with the roles, agency and authority of this moment. NotAllowed if suspended or revoked since.

    Who is not kept here (the home, the node, whoever a program in this process made known) is as it was told.
    """
    if actor.id.startswith("program/"):
        return _program_as(tx, actor)
    found = find(tx, OFFICERS, actor.id, Officer) if actor.id.startswith("officer/") else None
    if found is None:
        return actor
    if not found.is_active:
        raise NotAllowed("suspended", f"{actor.id} is {found.state}", hint="an administrator may restore or reinvite")
    return _as(tx, actor, found)


def _program_as(tx: Transaction, actor: Actor) -> Actor:
    found = program(tx, actor.id)
    if found is None or not is_kept(tx, found[1].keeper):
        raise NotAllowed("token", f"the token of {actor.id} was revoked", hint="an administrator may issue another")
    return _as(tx, actor, found[1])


def _as(tx: Transaction, actor: Actor, found: Officer | Program) -> Actor:
    return replace(actor, roles=found.roles, agency=found.agency, authority=authority_of(tx, found.agency))
