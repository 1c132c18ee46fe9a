"""Break-glass: an act that needed a second person and was done without one, because nobody could wait.

It is counted, and reviewed within 24 hours by somebody else than who did it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel.duty import Duty, discharge, open_duty
from mithaq.kernel.people import permit
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.officer import behind
from mithaq.kernel.people.paper import every, find, keep
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Code, Instant

SORT = "glass"
REVIEWED_WITHIN = timedelta(hours=24)


class Broken(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One break of the glass: what was done, by whom and why, and what the review found."""

    id: Code
    name: str
    subject: str
    who: str
    why: str
    at: Instant
    reviewed_by: str = ""
    finding: str = ""
    behind: tuple[str, ...] = ()  # the people behind whoever did it, then


def break_glass(tx: Transaction, actor: Actor, name: str, subject: str, why: str, at: datetime, id: str) -> None:
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
    people = tuple(sorted(behind(tx, actor.id)))
    keep(tx, SORT, id, Broken(id=id, name=name, subject=subject, who=actor.id, why=why, at=at, behind=people))


def broken(tx: Transaction) -> list[Broken]:
    """Every break of the glass, the oldest first."""
    return sorted((each for _, each in every(tx, SORT, Broken)), key=lambda each: (each.at, each.id))


def review(tx: Transaction, id: str, finding: str, actor: Actor, at: datetime) -> Broken:
    """Keep what a review found, and discharge its duty. NotAllowed for whoever broke the glass, and for a program."""
    if not permit.is_person(tx, actor):
        raise NotAllowed("glass", "only an officer who has signed in reviews it", hint="mithaq sign-in")
    found = find(tx, SORT, id, Broken)
    if found is None:
        raise NotFound("glass", f"no break-glass {id}", hint="see acts.broken")
    if found.reviewed_by:
        raise Clash("glass", f"{found.reviewed_by} has reviewed it already")
    if behind(tx, found.who, found.behind) & behind(tx, actor.id):
        raise NotAllowed("glass", "who broke the glass does not review it", hint="ask a colleague")
    reviewed = replace(found, reviewed_by=actor.id, finding=finding)
    keep(tx, SORT, id, reviewed)
    discharge(tx, f"glass/{id}", f"acts.review by {actor.id}", at)
    return reviewed
