"""Four eyes: an act that needs a second person waits until one has agreed, wherever that person is.

The second person holds the permission of the act itself and is somebody else. Who cannot wait may *break the glass*:
the act is done at once, with a reason, and is reviewed within 24 hours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.duty import Duty, open_duty
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Code, Instant, Line

SORT = "held"
WAITS = timedelta(hours=72)
REVIEWED_WITHIN = timedelta(hours=24)
Why = Annotated[str, Meta(min_length=10, max_length=1000, description="a reason that a reviewer will understand")]


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
        id=id, name=name, given=canonical.plain(given), first=actor.id, roles=actor.roles, why=why, at=at,
        until=at + WAITS,
    )  # fmt: skip
    tx.papers.put(SORT, id, msgspec.json.encode(held), expires=held.until)
    return Waits(id, why, held.until)


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


def check_second(act: HeldAct, actor: Actor) -> None:
    """Refuse a second person who is the first."""
    if actor.id == act.first:
        raise NotAllowed("second", "the second person must be somebody else", hint="ask a colleague")


def break_glass(tx: Transaction, actor: Actor, name: str, subject: str, at: Any, id: str) -> None:
    """Note that an act was done without a second person: it is to be reviewed by those who oversee."""
    made = Duty(
        id=f"glass/{id}",
        what="review_break_glass",
        about=f"{name} {subject}".strip(),
        since=at,
        due=at + REVIEWED_WITHIN,
        owed_by="oversight",
        escalates_to="supervisor",
        discharged_by=("acts_review",),
    )
    if not open_duty(tx, made):
        raise Clash("glass", "this break-glass is known already")
