"""Four eyes: an act that needs a second person waits until one has agreed, wherever that person is.

The second person has signed in, holds the permission of the act itself and is somebody else. Who cannot wait may
*break the glass*: the act is done at once, with a reason, and is reviewed within 24 hours (``glass``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.people import permit
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.officer import active_since, behind
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Code, Instant, Line

SORT = "held"
WAITS = timedelta(hours=72)
Why = Annotated[str, Meta(min_length=10, max_length=1000, description="a reason that a reviewer will understand")]


class OnlyBy(str):
    """A reason for a second person that also says who alone may be it: a holder of one of these roles.

    The permission of the act itself is not asked of such a person; and no glass is broken for such an act.
    ``known_for``: how long the person must have been active, so that nobody is made for the purpose.
    """

    roles: tuple[str, ...]
    known_for: timedelta

    def __new__(cls, why: str, roles: tuple[str, ...], known_for: timedelta = timedelta()) -> OnlyBy:
        made = super().__new__(cls, why)
        made.roles, made.known_for = roles, known_for
        return made


class HeldAct(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An act that waits for a second person: what was asked, by whom, and why it needs one.

    ``behind``: the people behind whoever asked, then. ``stood``: the version of the record it names that stood then; 0
    where it names none.
    """

    id: Code
    name: Line
    given: dict[str, Any]
    first: Line
    roles: tuple[str, ...]
    why: Line
    at: Instant
    until: Instant
    behind: tuple[str, ...] = ()
    stood: int = 0


class Waits(Struct, frozen=True, tag_field="outcome", tag="waits"):
    """The act was not done yet: a second person must agree to it, by this id, until then."""

    waiting: str
    why: str
    until: Instant


def hold(tx: Transaction, actor: Actor, name: str, given: Struct, why: str, at: Any, id: str) -> Waits:
    """Keep an act until a second person agrees."""
    held = HeldAct(
        id=id, name=name, given=canonical.plain(given), first=actor.id, roles=actor.roles, why=str(why), at=at,
        until=at + WAITS, behind=tuple(sorted(behind(tx, actor.id))), stood=standing_version(tx, given),
    )  # fmt: skip
    tx.papers.put(SORT, id, msgspec.json.encode(held), expires=held.until)
    return Waits(id, held.why, held.until)


def standing_version(tx: Transaction, given: Struct) -> int:
    """The newest version held here of the record that an act names by its ``id``; 0 if it names none."""
    named = getattr(given, "id", None)
    holding = tx.records.get(named) if isinstance(named, str) else None
    return holding.version if holding is not None else 0


def check_stands(tx: Transaction, act: HeldAct, given: Struct) -> None:
    """Refuse an act whose record was changed since it was asked: it would undo the change, which nobody agreed to."""
    if standing_version(tx, given) != act.stood:
        raise Clash("held", "the record was changed since this was asked", hint="decline it and ask anew")


def check_glass(actor: Actor, reason: str) -> None:
    """Refuse a reason that says too little to be reviewed, and whoever is no person: a program can always wait."""
    try:
        canonical.fit(reason, Why)
    except Invalid:
        raise Invalid(
            "glass", "the reason to break the glass has 10 to 1000 characters", where="glass",
            hint="say why it cannot wait, so that a reviewer understands it",
        ) from None  # fmt: skip
    if actor.by == "token":
        raise NotAllowed("glass", "a program breaks no glass", hint="ask for it without, and it waits")


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


def check_second(
    tx: Transaction, act: HeldAct, actor: Actor, declared: permit.Declared, why: str, at: datetime
) -> None:
    """Refuse a second person who is the first, is no person, or may not agree to this act.

    A program is nobody; nor is the home, once there are people who sign in.
    """
    if behind(tx, act.first, act.behind) & behind(tx, actor.id):
        raise NotAllowed("second", "the second person must be somebody else", hint="ask a colleague")
    if not permit.is_person(tx, actor):
        raise NotAllowed("second", "the second person must be an officer who has signed in", hint="mithaq sign-in")
    if not may_agree(tx, actor, declared, why, at):
        roles = why.roles if isinstance(why, OnlyBy) else permit.holders(declared, permit.permissions(tx))
        known = f", active for {why.known_for}" if isinstance(why, OnlyBy) and why.known_for else ""
        raise NotAllowed(
            "permission", f"{declared.name} is not for {actor.id}",
            hint=f"it is for: {', '.join(sorted(roles))}{known}",
        )  # fmt: skip


def may_agree(tx: Transaction, actor: Actor, declared: permit.Declared, why: str, at: datetime) -> bool:
    """Whether an actor holds what a second person to this act must hold."""
    if isinstance(why, OnlyBy):
        return not set(why.roles).isdisjoint(actor.roles) and _is_known(tx, actor, why.known_for, at)
    return permit.may(tx, actor, declared)


def _is_known(tx: Transaction, actor: Actor, known_for: timedelta, at: datetime) -> bool:
    since = active_since(tx, actor.id)
    return not known_for or (since is not None and at - since >= known_for)
