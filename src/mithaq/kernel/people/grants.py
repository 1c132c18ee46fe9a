"""Grants: what a role may do, changed by the nation from what commands and questions declare.

What no administrator can do by this: give a role that they or whoever is behind them holds anything; touch what is
oversight's; and take from the administrators what they run people with, which nobody could give back.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.errors import NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.law.vocabulary import known_word
from mithaq.kernel.people import permit
from mithaq.kernel.people.desk import note
from mithaq.kernel.people.officer import OFFICERS, Officer, behind
from mithaq.kernel.people.paper import find
from mithaq.kernel.people.permit import Declared, Permissions
from mithaq.kernel.people.served import SERVED
from mithaq.kernel.plug import Command
from mithaq.kernel.values import Code, Line

ADMINISTRATION = "people."


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """A role, and the command or question that is given to it or taken from it."""

    role: Code
    permission: Line
    change: Literal["give", "take"]


class Granted(Struct, frozen=True):
    """The roles that hold the permission now."""

    permission: str
    roles: tuple[str, ...]


def grant(desk: Desk, given: Grant) -> Granted:
    """Give a permission to a role, or take it. A role that was not known before is known by what it was given."""
    declared = _declared(desk, given.permission)
    _check(desk, given, declared)
    found = permit.permissions(desk.tx)
    of_role = {**found.changed.get(given.role, {}), given.permission: given.change == "give"}
    changed = Permissions({**found.changed, given.role: of_role})
    desk.tx.papers.put(permit.SORT, permit.PERMISSIONS, canonical.encode(changed))
    note(desk, "people.permit", given.permission, f"{given.change} {given.role}")
    return Granted(given.permission, tuple(sorted(permit.holders(declared, changed))))


def _declared(desk: Desk, name: str) -> Declared:
    from mithaq.kernel.node_acts import NODE_ACTS  # it knows the node, which knows this

    known: dict[str, Declared] = {**desk.node.commands, **desk.node.questions, **NODE_ACTS, **SERVED}
    known_word("permission", name, known, "$.permission")
    return known[name]


def _check(desk: Desk, given: Grant, declared: Declared) -> None:
    if given.permission.startswith("audit.") or given.permission == "people.review":
        raise NotAllowed("oversight", f"{given.permission} is for oversight, and for nobody else")
    if given.role == "oversight" and "oversight" in declared.roles:
        raise NotAllowed("oversight", f"oversight holds {given.permission} by right; nobody gives or takes it")
    runs = given.permission.startswith(ADMINISTRATION) and "administrator" in declared.roles
    if given.role == "administrator" and given.change == "take" and runs:
        raise NotAllowed("administrator", "without it the node's people could not be run, nor could it be given back")
    before_founding = desk.actor.by == "home" and not permit.is_founded(desk.tx)
    if given.change == "give" and given.role in held_behind(desk) and not before_founding:
        raise NotAllowed("self", f"you hold the role {given.role} yourself", hint="nobody gives themselves anything")


def held_behind(desk: Desk) -> set[str]:
    """The roles of whoever acts and of everybody behind; the home is an administrator."""
    people = behind(desk.tx, desk.who)
    officers = (find(desk.tx, OFFICERS, id, Officer) for id in people)
    held = {role for each in officers if each is not None for role in each.roles}
    return held.union(desk.actor.roles, ("administrator",) if "home" in people else ())


COMMANDS = (
    Command(
        "people.permit", "give a role a permission, or take it", Grant, Granted, grant, roles=("administrator",)
    ),
)  # fmt: skip
