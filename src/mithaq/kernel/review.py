"""Review before release: what an agreement or law lets go only after a second person here has looked at it.

The obligation ``review`` with ``releasing`` asks for it. The record is kept and goes at once to those partners for whom
nothing is asked; for the others its release waits until somebody other than whoever stated it has agreed, and the law
is asked again then. A correction takes the place of the version that waited.

What may save a life does not wait (the purposes of ``clause.LIFE_SAVING``): it goes at once and is reviewed afterwards.
An emergency path is narrow and reviewed, not slow (Directive (EU) 2016/680, art. 38, as a model; secondary source).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import discharge
from mithaq.kernel.people.officer import behind
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.reviews import SORT, Waiting, duty_id, waiting
from mithaq.kernel.values import PartyId, RecordId

Finding = Annotated[str, Meta(min_length=3, max_length=1000)]


class ToReview(Struct, frozen=True, forbid_unknown_fields=True):
    """A release that waits, and what the reviewer finds: it goes, or it is withheld."""

    id: RecordId
    to: PartyId
    finding: Finding
    release: bool = True


class Reviewed(Struct, frozen=True):
    """What became of it: released, or withheld by the reviewer or by a law that has changed since."""

    id: str
    version: int
    to: str
    outcome: Literal["released", "withheld"]
    by: tuple[str, ...] = ()


class All(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


def review(desk: Desk, given: ToReview) -> Reviewed:
    """Let a release go, or withhold it; or say of one that went at once that it was right.

    NotAllowed for whoever stated the record. Clash for withholding what has gone: that is taken back by a recall.
    """
    found = desk.tx.papers.get(SORT, f"{given.id}/{given.to}")
    if found is None:
        raise NotFound("review", f"no release of {given.id} to {given.to} waits", hint="see release.waiting")
    held = msgspec.json.decode(found, type=Waiting)
    if behind(desk.tx, held.who, held.behind) & behind(desk.tx, desk.who):
        raise NotAllowed("second", "who stated a record does not review its release", hint="ask a colleague")
    if desk.actor.by == "token":
        raise NotAllowed("second", "a program reviews nothing", hint="an officer who has signed in does")
    if held.gone and not given.release:
        raise Clash("gone", f"it went to {given.to} at once", hint="take the record back: link.recall")
    desk.tx.papers.remove(SORT, f"{given.id}/{given.to}")
    discharge(desk.tx, duty_id(given.id, given.to), f"release.review by {desk.who}", desk.at)
    if held.gone:
        return Reviewed(given.id, held.version, given.to, "released")
    if not given.release:
        desk.withhold(given.id, held.version, given.to)
        return Reviewed(given.id, held.version, given.to, "withheld", (given.finding,))
    fate = desk.release_reviewed(given.id, held.version, given.to, flash=held.flash)
    if isinstance(fate, tuple):
        return Reviewed(given.id, held.version, given.to, "withheld", fate)
    return Reviewed(given.id, held.version, given.to, "released")


def waits(desk: Desk, _: All) -> tuple[Waiting, ...]:
    """Every release that waits for a review, the oldest first."""
    return tuple(sorted(waiting(desk.tx), key=lambda each: (each.at, each.id, each.to)))


COMMANDS = (
    Command(
        "release.review", "agree to a release that waits for a second person, or withhold it", ToReview, Reviewed,
        review, roles=OPERATIONAL,
    ),
)  # fmt: skip
QUESTIONS = (
    Question(
        "release.waiting", "releases that wait for a second person", All, tuple[Waiting, ...], waits,
        of_views=False, roles=OPERATIONAL,
    ),
)  # fmt: skip
