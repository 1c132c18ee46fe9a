"""Permission: whether an actor may run a command or ask a question at all. What of a record is read, the law says.

Denied unless a role holds it: by the declaration of the command, changed by what the nation gave and took.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.clock import Clock
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.officer import present
from mithaq.kernel.ports import Store, Transaction

SORT = "people"
FOUNDED = "founded"
PERMISSIONS = "permissions"


class Declared(Protocol):
    """A command or question, as far as permission goes."""

    @property
    def name(self) -> str: ...

    @property
    def roles(self) -> tuple[str, ...]: ...


class Permissions(Struct, frozen=True, forbid_unknown_fields=True):
    """What the nation changed: for each role, the names it gave (true) and took (false)."""

    changed: dict[str, dict[str, bool]] = {}


def permissions(tx: Transaction) -> Permissions:
    """What the nation has changed so far."""
    found = tx.papers.get(SORT, PERMISSIONS)
    return canonical.decode(found, Permissions) if found else Permissions()


def holders(declared: Declared, changed: Permissions) -> frozenset[str]:
    """The roles that hold a permission."""
    given = {role for role, names in changed.changed.items() if names.get(declared.name) is True}
    taken = {role for role, names in changed.changed.items() if names.get(declared.name) is False}
    return (frozenset(declared.roles) | given) - taken


def is_founded(tx: Transaction) -> bool:
    """Whether the nation has an administrator of its own."""
    return tx.papers.get(SORT, FOUNDED) is not None


def is_person(tx: Transaction, actor: Actor) -> bool:
    """Whether somebody has signed in, and is no program; nor the home, once there are people who sign in."""
    return actor.by == "session" or (actor.by == "home" and not is_founded(tx))


def standing(tx: Transaction, actor: Actor) -> Actor:
    """The actor as it is now: the home stands in for every role only until there is an administrator.

    NotAllowed for an officer who was suspended, or a program whose token was revoked, since it was made known.
    """
    if actor.by == "home" and is_founded(tx):
        return replace(actor, roles=("administrator",))
    return present(tx, actor)


def may(tx: Transaction, actor: Actor, declared: Declared) -> bool:
    """Whether one of the actor's roles holds the permission. The node itself may do what it was built to do."""
    return actor.by == "node" or not holders(declared, permissions(tx)).isdisjoint(actor.roles)


def require(tx: Transaction, actor: Actor, declared: Declared) -> Actor:
    """The actor as it is now; NotAllowed if it may not."""
    found = standing(tx, actor)
    if not may(tx, found, declared):
        roles = ", ".join(sorted(holders(declared, permissions(tx)))) or "nobody"
        raise NotAllowed("permission", f"{declared.name} is not for {actor.id}", hint=f"it is for: {roles}")
    return found


def require_audited(store: Store, clock: Clock, who: Actor, declared: Declared, subject: str) -> Actor:
    """The actor as it is now. NotAllowed, and that it was refused is in the audit log before it is told."""
    try:
        with store.read() as tx:
            return require(tx, who, declared)
    except NotAllowed as problem:
        at, act = clock.now(), f"refused {declared.name}"
        store.write(lambda tx: tx.audit.add(at=at, who=who.id, act=act, subject=subject)).result()
        raise problem from None
