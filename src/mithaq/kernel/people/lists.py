"""Who is here: officers, who holds what, who is signed in, which programs have tokens, what changed of all this."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from mithaq.errors import NotAllowed
from mithaq.kernel.desk import Desk
from mithaq.kernel.link.desk import STORED, Nothing
from mithaq.kernel.people import changes, permit, session
from mithaq.kernel.people.changes import Change
from mithaq.kernel.people.officer import AGENCIES, PROGRAMS, Agency, Program, holding, is_kept, officers
from mithaq.kernel.people.paper import every
from mithaq.kernel.people.permit import Declared
from mithaq.kernel.people.roles import STANDARD
from mithaq.kernel.people.served import SERVED
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.values import Count, Instant


class Person(Struct, frozen=True, kw_only=True):
    """An officer. ``authority`` comes with the agency."""

    id: str
    name: str
    agency: str | None
    authority: str | None
    roles: tuple[str, ...]
    state: str
    since: Instant


class People(Struct, frozen=True):
    """Officers and our agencies."""

    officers: tuple[Person, ...]
    agencies: tuple[Agency, ...]


class Role(Struct, frozen=True, kw_only=True):
    """A role, what it is for, the active officers that hold it, and the permissions that it holds."""

    role: str
    meaning: str
    officers: tuple[str, ...]
    permissions: tuple[str, ...]


class SignedInNow(Struct, frozen=True, kw_only=True):
    """A session: whose, since when, last used when (to a minute), and until when at most."""

    officer: str
    since: Instant
    seen: Instant
    until: Instant


class Token(Struct, frozen=True, kw_only=True):
    """A program and its token. ``good``: it is not over, and its keeper is active."""

    id: str
    roles: tuple[str, ...]
    agency: str | None
    keeper: str
    issued_by: str
    until: Instant
    good: bool


class Upto(Struct, frozen=True, forbid_unknown_fields=True):
    """Every change up to this number was looked at, and what was found."""

    upto: Count
    finding: Annotated[str, Meta(min_length=2, max_length=1000)]


class LookedAt(Struct, frozen=True):
    """How many changes went off the list."""

    changes: int


def people(desk: Desk, _: Nothing) -> People:
    """Every officer and agency."""
    agencies = dict(every(desk.tx, AGENCIES, Agency))
    found = tuple(
        Person(
            id=each.id, name=each.name, agency=each.agency, roles=each.roles, state=each.state, since=each.since,
            authority=agencies[each.agency].authority if each.agency in agencies else None,
        )
        for each in officers(desk.tx)
    )  # fmt: skip
    return People(found, tuple(agencies.values()))


def roles(desk: Desk, _: Nothing) -> tuple[Role, ...]:
    """Who holds what: role by role."""
    from mithaq.kernel.node_acts import NODE_ACTS  # it knows the node, which knows this

    changed = permit.permissions(desk.tx)
    node = desk.node
    declared: Iterable[Declared] = (
        *node.commands.values(), *node.questions.values(), *NODE_ACTS.values(), *SERVED.values()
    )  # fmt: skip
    held = {each.name: permit.holders(each, changed) for each in declared}
    named = {role for each in officers(desk.tx) for role in each.roles} | set(changed.changed)
    return tuple(
        Role(
            role=role,
            meaning=STANDARD.get(role, ""),
            officers=tuple(sorted(holding(desk.tx, role))),
            permissions=tuple(sorted(name for name, holders in held.items() if role in holders)),
        )
        for role in (*STANDARD, *sorted(named - STANDARD.keys()))
    )


def signed_in(desk: Desk, _: Nothing) -> tuple[SignedInNow, ...]:
    """Who is signed in at this moment."""
    return tuple(
        SignedInNow(officer=each.officer, since=each.since, seen=each.seen, until=each.until)
        for each in session.sessions(desk.tx, desk.at)
    )


def tokens(desk: Desk, _: Nothing) -> tuple[Token, ...]:
    """Every program with a token."""
    return tuple(
        Token(
            id=each.id, roles=each.roles, agency=each.agency, keeper=each.keeper, issued_by=each.issued_by,
            until=each.until, good=desk.at < each.until and is_kept(desk.tx, each.keeper),
        )
        for _hash, each in every(desk.tx, PROGRAMS, Program)
    )  # fmt: skip


def changed(desk: Desk, _: Nothing) -> tuple[Change, ...]:
    """What changed of people and was not looked at by oversight yet, the oldest first."""
    return tuple(changes.unseen(desk.tx))


def review(desk: Desk, given: Upto) -> LookedAt:
    """Take every change up to a number off the list; those that came later stay. NotAllowed for who is no person."""
    if not permit.is_person(desk.tx, desk.actor):
        raise NotAllowed("oversight", "only an overseer who has signed in looks at changes", hint="mithaq sign-in")
    desk.tx.audit.add(at=desk.at, who=desk.who, act="looked at people", subject=str(given.upto), reason=given.finding)
    return LookedAt(changes.looked_at(desk.tx, given.upto, desk.who, desk.at))


_SEES = ("administrator", "oversight", "supervisor")
COMMANDS = (
    Command(
        "people.review", "say that changes of people were looked at", Upto, LookedAt, review, roles=("oversight",)
    ),
)  # fmt: skip
QUESTIONS = (
    Question("people.list", "officers and agencies", Nothing, People, people, roles=_SEES, **STORED),
    Question("people.roles", "who holds what", Nothing, tuple[Role, ...], roles, roles=_SEES, **STORED),
    Question(
        "people.sessions", "who is signed in", Nothing, tuple[SignedInNow, ...], signed_in,
        roles=("administrator", "oversight"), **STORED,
    ),
    Question(
        "people.tokens", "programs and their tokens", Nothing, tuple[Token, ...], tokens,
        roles=("administrator", "oversight"), **STORED,
    ),
    Question(
        "people.changes", "changes of people that oversight has not looked at", Nothing, tuple[Change, ...], changed,
        roles=("administrator", "oversight"), **STORED,
    ),
)  # fmt: skip
