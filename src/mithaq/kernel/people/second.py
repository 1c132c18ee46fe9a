"""Four eyes: an act that needs a second person waits until one has agreed, wherever that person is.

The second person has signed in, holds the permission of the act itself and is somebody else. Who cannot wait may
*break the glass*: the act is done at once, with a reason, and is reviewed within 24 hours (``glass``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import NotAllowed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.people import permit
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.officer import behind
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Code, Instant, Line

SORT = "held"
WAITS = timedelta(hours=72)
Why = Annotated[str, Meta(min_length=10, max_length=1000, description="a reason that a reviewer will understand")]


class OnlyBy(str):
    """A reason for a second person that also says who alone may be it: a holder of one of these roles.

    The permission of the act itself is not asked of such a person; and no glass is broken for such an act.
    """

    roles: tuple[str, ...]

    def __new__(cls, why: str, roles: tuple[str, ...]) -> OnlyBy:
        made = super().__new__(cls, why)
        made.roles = roles
        return made


class HeldAct(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An act that waits for a second person: what was asked, by whom, and why it needs one."""

    id: Code
    name: Line
    given: dict[str, Any]
    first: Line
    roles: tuple[str, ...]
    why: Line
    at: Instant
    until: Instant


class Waits(Struct, frozen=True, tag_field="outcome", tag="waits"):
    """The act was not done yet: a second person must agree to it, by this id, until then."""

    waiting: str
    why: str
    until: Instant


def hold(tx: Transaction, actor: Actor, name: str, given: Struct, why: str, at: Any, id: str) -> Waits:
    """Keep an act until a second person agrees."""
    held = HeldAct(
        id=id, name=name, given=canonical.plain(given), first=actor.id, roles=actor.roles, why=str(why), at=at,
        until=at + WAITS,
    )  # fmt: skip
    tx.papers.put(SORT, id, msgspec.json.encode(held), expires=held.until)
    return Waits(id, held.why, held.until)


def held(tx: Transaction, id: str, at: Any) -> HeldAct:
    """The act that waits under this id; NotFound if none does any more."""
    found = tx.papers.get(SORT, id)
    act = msgspec.json.decode(found, type=HeldAct) if found else None
    if act is None or act.until <= at:
        raise NotFound("held", f"no act waits as {id}", hint="see acts.waiting")
    return act


def waiting(tx: Transaction, at: Any) -> list[HeldAct]:
    """Every act that waits, the oldest first."""
    found, after = [], ""
    while page := tx.papers.page(SORT, after=after):
        found += [msgspec.json.decode(content, type=HeldAct) for _, content in page]
        after = page[-1][0]
    return sorted((act for act in found if act.until > at), key=lambda act: (act.at, act.id))


def check_second(tx: Transaction, act: HeldAct, actor: Actor, declared: permit.Declared, why: str) -> None:
    """Refuse a second person who is the first, is no person, or may not agree to this act.

    A program is nobody; nor is the home, once there are people who sign in.
    """
    if behind(tx, act.first) & behind(tx, actor.id):
        raise NotAllowed("second", "the second person must be somebody else", hint="ask a colleague")
    if actor.by != "session" and (actor.by != "home" or permit.is_founded(tx)):
        raise NotAllowed("second", "the second person must be an officer who has signed in", hint="mithaq sign-in")
    if not may_agree(tx, actor, declared, why):
        roles = why.roles if isinstance(why, OnlyBy) else permit.holders(declared, permit.permissions(tx))
        raise NotAllowed(
            "permission", f"{declared.name} is not for {actor.id}", hint=f"it is for: {', '.join(sorted(roles))}"
        )


def may_agree(tx: Transaction, actor: Actor, declared: permit.Declared, why: str) -> bool:
    """Whether an actor holds what a second person to this act must hold."""
    if isinstance(why, OnlyBy):
        return not set(why.roles).isdisjoint(actor.roles)
    return permit.may(tx, actor, declared)
