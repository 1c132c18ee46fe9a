"""People at the desk: what an administrator does with officers, their roles and sessions.

Nobody changes their own roles or standing. Every change is put before oversight (``changes``), and whatever gives or
takes the role of oversight needs somebody who holds it.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import Clash, Invalid, NotAllowed
from mithaq.kernel.desk import Desk
from mithaq.kernel.law.vocabulary import known_word
from mithaq.kernel.people import changes, credential, permit, second, session
from mithaq.kernel.people import invitation as invitations
from mithaq.kernel.people.act import subject_of
from mithaq.kernel.people.invitation import Invited
from mithaq.kernel.people.officer import (
    AGENCIES,
    OFFICERS,
    Agency,
    Officer,
    OfficerId,
    agency,
    behind,
    holding,
    holding_still,
    keep_officer,
    officer,
    program,
    was_overseen,
)
from mithaq.kernel.people.paper import find, keep
from mithaq.kernel.people.roles import STANDARD
from mithaq.kernel.people.second import OnlyBy
from mithaq.kernel.plug import Command
from mithaq.kernel.values import AgencyId, Code, Line

KEPT = ("administrator", "oversight")
"""Roles that a node is never without again once somebody holds them; and nobody holds both."""
VOUCH = ("oversight", "supervisor", "legal_officer")
KNOWN_FOR = timedelta(hours=72)
"""How long somebody who vouches has been active: long enough for the others to see who was let in."""


class AddAgency(Struct, frozen=True, forbid_unknown_fields=True):
    """An agency of our own, and its authority: a word of the vocabulary."""

    id: AgencyId
    name: Line
    authority: Line


class Invite(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new officer."""

    id: OfficerId
    name: Line
    roles: tuple[Code, ...]
    agency: AgencyId | None = None


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """One officer."""

    id: OfficerId


class SetRoles(Struct, frozen=True, forbid_unknown_fields=True):
    """The roles of an officer from now on, in place of those before."""

    id: OfficerId
    roles: tuple[Code, ...]


class Move(Struct, frozen=True, forbid_unknown_fields=True):
    """The agency of an officer from now on; none if left out."""

    id: OfficerId
    agency: AgencyId | None = None


class EndSessions(Struct, frozen=True, forbid_unknown_fields=True):
    """Of one officer; without one, of everybody."""

    id: OfficerId | None = None


class Ended(Struct, frozen=True):
    """How many sessions were ended."""

    sessions: int


def add_agency(desk: Desk, given: AddAgency) -> Agency:
    """Name an agency of our own; naming it again changes its name and authority."""
    if given.id.partition("/")[0] != desk.node.party:
        raise Invalid("agency", f"{given.id} is not an agency of {desk.node.party}", where="$.id")
    known_word("authority", given.authority, desk.law.book.vocabulary.authorities, "$.authority")
    made = Agency(given.id, given.name, given.authority)
    keep(desk.tx, AGENCIES, made.id, made)
    note(desk, "people.add-agency", made.id, made.authority)
    return made


def invite(desk: Desk, given: Invite) -> Invited:
    """A new officer, and the invitation to hand over. Clash if there is one by this id."""
    if find(desk.tx, OFFICERS, given.id, Officer) is not None:
        raise Clash("officer", f"there is a {given.id} already", hint="people.reinvite gives a new invitation")
    check_roles(desk, given.roles)
    if given.agency is not None:
        agency(desk.tx, given.agency)
    made = Officer(id=given.id, name=given.name, agency=given.agency, roles=_sorted(given.roles), since=desk.at)
    keep_officer(desk.tx, made)
    note(desk, "people.invite", made.id, " ".join(made.roles))
    return invitations.invite(desk.tx, made.id, desk.at, desk.node.randomness)


def reinvite(desk: Desk, given: Which) -> Invited:
    """For a lost password or device: what was known of it is forgotten, every session ends, and one starts anew."""
    found = _another(desk, given.id)
    if found.state == "suspended":
        raise NotAllowed("suspended", f"{found.id} is suspended", hint="people.restore first")
    returning = found.is_active or found.returning
    keep_officer(desk.tx, replace(found, state="invited", since=desk.at, returning=returning))
    desk.tx.papers.remove(credential.SORT, found.id)
    session.end_all(desk.tx, found.id.__eq__)
    note(desk, "people.reinvite", found.id)
    return invitations.invite(desk.tx, found.id, desk.at, desk.node.randomness)


def set_roles(desk: Desk, given: SetRoles) -> Officer:
    """Other roles, from the next act on."""
    found = _another(desk, given.id)
    check_roles(desk, given.roles)
    _leave_one(desk, found, set(found.roles) - set(given.roles))
    note(desk, "people.set-roles", found.id, f"{' '.join(found.roles)} -> {' '.join(_sorted(given.roles))}")
    return keep_officer(desk.tx, replace(found, roles=_sorted(given.roles)))


def move(desk: Desk, given: Move) -> Officer:
    """Another agency, and with it another authority."""
    found = _another(desk, given.id)
    if given.agency is not None:
        agency(desk.tx, given.agency)
    note(desk, "people.move", found.id, f"{found.agency or '-'} -> {given.agency or '-'}")
    return keep_officer(desk.tx, replace(found, agency=given.agency))


def suspend(desk: Desk, given: Which) -> Officer:
    """Every session ends, what was asked is not done, and programs that the officer keeps stop."""
    found = _another(desk, given.id)
    _leave_one(desk, found, set(found.roles))
    session.end_all(desk.tx, found.id.__eq__)
    invitations.withdraw(desk.tx, found.id)
    _withdraw_acts(desk, found.id)
    note(desk, "people.suspend", found.id)
    return keep_officer(desk.tx, replace(found, state="suspended", since=desk.at))


def restore(desk: Desk, given: Which) -> Officer:
    """Active again, with the password and device of before; who had none yet is to be reinvited."""
    found = _another(desk, given.id)
    if found.state != "suspended":
        raise Clash("officer", f"{found.id} is {found.state}, not suspended")
    known = find(desk.tx, credential.SORT, found.id, credential.Credential)
    note(desk, "people.restore", found.id)
    return keep_officer(desk.tx, replace(found, state="active" if known else "invited", since=desk.at))


def end_sessions(desk: Desk, given: EndSessions) -> Ended:
    """Sign an officer, or everybody, out at once: an administrator all but overseers, and an overseer those.

    NotAllowed for naming an officer of the other sort. Naming nobody passes them over.
    """
    overseers, roles = holding_still(desk.tx, "oversight"), set(desk.actor.roles)
    others = permit.holders(desk.node.commands["people.end-sessions"], permit.permissions(desk.tx)) - {"oversight"}

    def is_theirs(id: str) -> bool:
        return not roles.isdisjoint({"oversight"} if id in overseers else others)

    if given.id is not None and not is_theirs(officer(desk.tx, given.id).id):
        whose = "an overseer" if given.id in overseers else "an administrator"
        raise NotAllowed(
            "sessions", f"only {whose} ends the sessions of {given.id}", hint="or they sign out themselves"
        )
    note(desk, "people.end-sessions", given.id or "everybody")
    return Ended(session.end_all(desk.tx, lambda id: given.id in (None, id) and is_theirs(id)))


def note(desk: Desk, act: str, subject: str, detail: str = "") -> None:
    """Put a change before oversight."""
    agreed = desk.second.id if desk.second is not None else ""
    changes.note(desk.tx, act, subject, desk.at, who=desk.who, second=agreed, detail=detail)


def check_roles(desk: Desk, roles: tuple[str, ...]) -> None:
    """Refuse a role that nobody knows: neither standard, nor spoken of by law, nor given a permission."""
    changed = permit.permissions(desk.tx).changed
    words = desk.law.book.vocabulary
    spoken = words.values("reader.roles") if "reader.roles" in words.attributes else ()
    for i, role in enumerate(roles):
        known_word("role", role, (*STANDARD, *spoken, *changed), f"$.roles[{i}]")
    if set(KEPT) <= set(roles):
        raise Invalid("roles", "who runs the node's people does not oversee it too", where="$.roles")


def on_oversight(desk: Desk, id: str, *, touched: bool) -> str:
    """Why giving or taking oversight, or a new way in for who holds it, needs a second person, and which.

    One who holds it; where nobody is left who does, one of ``VOUCH`` who has been active for ``KNOWN_FOR``; before
    anybody did, a second administrator. Whoever is about to come back after a lost device still counts as holding it.
    NotAllowed for the home where there are administrators: one of them may be whoever holds it, and so agree alone.
    """
    if not touched:
        return ""
    if holding_still(desk.tx, "oversight") - {id}:
        return OnlyBy("oversight is given and taken only with somebody who holds it", ("oversight",))
    if was_overseen(desk.tx):
        return OnlyBy("nobody else holds oversight: somebody who runs nothing here must vouch for it", VOUCH, KNOWN_FOR)
    if desk.actor.by == "home" and not permit.is_founded(desk.tx):
        return ""
    others = holding(desk.tx, "administrator") - behind(desk.tx, desk.who)
    if desk.actor.by == "home" and others:
        raise NotAllowed("home", "the home names no overseer where there is an administrator", hint="sign in as one")
    return "nobody holds oversight yet: a second administrator must agree" if others else ""


def _holds(desk: Desk, id: str) -> bool:
    found = find(desk.tx, OFFICERS, id, Officer)
    return found is not None and "oversight" in found.roles


def _another(desk: Desk, id: str) -> Officer:
    """The officer that is to be changed, who is not the one who asks."""
    found = officer(desk.tx, id)
    if id in behind(desk.tx, desk.who):
        raise NotAllowed("self", "nobody changes their own roles or standing", hint="ask another administrator")
    return found


def _withdraw_acts(desk: Desk, id: str) -> None:
    """What an officer, or a program they keep, has asked for waits no more: it would be done once they are back."""
    for held in second.waiting(desk.tx, desk.at):
        asking = program(desk.tx, held.first) if held.first.startswith("program/") else None
        if id == held.first or (asking is not None and id == asking[1].keeper):
            desk.tx.papers.remove(second.SORT, held.id)
            desk.tx.audit.add(
                at=desk.at, who=desk.who, act=f"withdrew {held.name}", subject=subject_of(held.given),
                reason=f"{id} was suspended",
            )  # fmt: skip


def _leave_one(desk: Desk, found: Officer, taken: set[str]) -> None:
    for role in KEPT:
        if role in taken and holding(desk.tx, role) == {found.id}:
            raise NotAllowed("last", f"{found.id} is the last active {role}", hint="give the role to another first")


def _sorted(roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(roles)))


_ADMINISTRATOR = ("administrator",)
COMMANDS = (
    Command(
        "people.add-agency", "name an agency of our own and its authority", AddAgency, Agency, add_agency,
        roles=_ADMINISTRATOR,
    ),
    Command(
        "people.invite", "a new officer, and an invitation to hand over", Invite, Invited, invite,
        roles=_ADMINISTRATOR,
        second=lambda desk, given: on_oversight(desk, given.id, touched="oversight" in given.roles),
    ),
    Command(
        "people.reinvite", "a new invitation for a lost password or device", Which, Invited, reinvite,
        roles=_ADMINISTRATOR,
        second=lambda desk, given: on_oversight(desk, given.id, touched=_holds(desk, given.id)),
    ),
    Command(
        "people.set-roles", "the roles of an officer", SetRoles, Officer, set_roles, roles=_ADMINISTRATOR,
        second=lambda desk, given: on_oversight(
            desk, given.id, touched=_holds(desk, given.id) is not ("oversight" in given.roles)
        ),
    ),
    Command("people.move", "the agency of an officer", Move, Officer, move, roles=_ADMINISTRATOR),
    Command(
        "people.suspend", "end an officer's sessions and rights", Which, Officer, suspend, roles=_ADMINISTRATOR,
        second=lambda desk, given: on_oversight(desk, given.id, touched=_holds(desk, given.id)),
    ),
    Command(
        "people.restore", "let a suspended officer act again", Which, Officer, restore, roles=_ADMINISTRATOR,
        second=lambda desk, given: on_oversight(desk, given.id, touched=_holds(desk, given.id)),
    ),
    Command(
        "people.end-sessions", "sign an officer out, or everybody", EndSessions, Ended, end_sessions,
        roles=("administrator", "oversight"),
    ),
)  # fmt: skip
