"""Four eyes at the desk: what waits for a second person, agreeing to it or not, and what was done without one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import MithaqError, NotAllowed
from mithaq.kernel.desk import Desk
from mithaq.kernel.link.desk import STORED, Nothing
from mithaq.kernel.people import act, glass, second
from mithaq.kernel.people.glass import Broken
from mithaq.kernel.people.officer import behind, program
from mithaq.kernel.people.roles import EVERYONE
from mithaq.kernel.people.second import HeldAct, Why
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.record import Sensitivity
from mithaq.kernel.values import Code, Instant


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """An act that waits."""

    id: Code


class Decline(Struct, frozen=True, forbid_unknown_fields=True):
    """An act that waits, and why it is not to be done."""

    id: Code
    reason: Why


class Review(Struct, frozen=True, forbid_unknown_fields=True):
    """A break of the glass, and what its review found."""

    id: Code
    finding: Why


class Approved(Struct, frozen=True):
    """An act that was done, by whom it was asked, and what it gave."""

    id: str
    name: str
    first: str
    answer: Any

    def without_secret(self) -> Approved:
        hidden = self.answer.without_secret() if isinstance(self.answer, act.ShownOnce) else self.answer
        return replace(self, answer=hidden)


class Declined(Struct, frozen=True):
    """An act that is not done."""

    id: str
    name: str


class Waiting(Struct, frozen=True, kw_only=True):
    """An act that waits, as whoever may agree to it sees it, or asked for it."""

    id: str
    name: str
    given: dict[str, Any]
    why: str
    first: str
    at: Instant
    until: Instant
    yours: bool  # you asked for it, or are behind the program that did: somebody else must agree


class Tally(Struct, frozen=True):
    """How often one officer broke the glass for one command, and how many of those nobody has reviewed."""

    name: str
    who: str
    count: int
    unreviewed: int


class Glass(Struct, frozen=True):
    """Every break of the glass counted, and those that wait for their review."""

    count: int
    tallies: tuple[Tally, ...]
    unreviewed: tuple[Broken, ...]


def approve(desk: Desk, given: Which) -> Approved:
    """Agree to an act that waits: it is done now, as whoever asked for it."""
    held = second.held(desk.tx, given.id, desk.at)
    return Approved(held.id, held.name, held.first, act.run_held(held, desk))


def decline(desk: Desk, given: Decline) -> Declined:
    """Do not agree, or take back what one has asked for: the act is not done."""
    held = second.held(desk.tx, given.id, desk.at)
    if not _is_own(desk, held) and not _may_agree(desk, held):
        raise NotAllowed("permission", f"{held.name} is not for {desk.who}", hint="only who may do it may decline it")
    desk.tx.papers.remove(second.SORT, held.id)
    subject = act.subject_of(held.given)
    desk.tx.audit.add(at=desk.at, who=desk.who, act=f"declined {held.name}", subject=subject, reason=given.reason)
    return Declined(held.id, held.name)


def waiting(desk: Desk, _: Nothing) -> tuple[Waiting, ...]:
    """What waits and you may agree to, or have asked for; the oldest first."""
    return tuple(
        Waiting(
            id=held.id, name=held.name, given=_given(desk, held), why=held.why, first=held.first, at=held.at,
            until=held.until, yours=bool(behind(desk.tx, held.first, held.behind) & behind(desk.tx, desk.who)),
        )
        for held in second.waiting(desk.tx, desk.at)
        if _is_own(desk, held) or _may_agree(desk, held)
    )  # fmt: skip


def _given(desk: Desk, held: second.HeldAct) -> dict[str, Any]:
    """What was asked, for who may agree to it: all but what would tell who told us, unless one asked it oneself."""
    if _is_own(desk, held):
        return held.given
    capability = held.name.partition(".")[0]
    kinds = (kind for kind in desk.node.kinds.values() if kind.base.startswith(f"{capability}."))
    sources = {name for kind in kinds for name, field in kind.fields.items() if field.sensitivity is Sensitivity.SOURCE}
    return {name: value for name, value in held.given.items() if name not in sources}


def review(desk: Desk, given: Review) -> Broken:
    """Say what the review of a break of the glass found. Who broke it does not review it."""
    found = glass.review(desk.tx, given.id, given.finding, desk.actor, desk.at)
    desk.tx.audit.add(
        at=desk.at, who=desk.who, act=f"reviewed {found.name}", subject=found.subject, reason=given.finding
    )
    return found


def broken(desk: Desk, _: Nothing) -> Glass:
    """How often the glass was broken, by command and officer, and what nobody has reviewed yet."""
    found = glass.broken(desk.tx)
    counts = Counter((each.name, each.who) for each in found)
    left = [each for each in found if not each.reviewed_by]
    open_ = Counter((each.name, each.who) for each in left)
    tallies = (Tally(*key, count, open_[key]) for key, count in sorted(counts.items()))
    return Glass(len(found), tuple(tallies), tuple(left))


def _is_own(desk: Desk, held: HeldAct) -> bool:
    """Whether it was asked by whoever acts, or by a program they answer for. Who issued its token is not told by it."""
    asking = program(desk.tx, held.first) if held.first.startswith("program/") else None
    return desk.who == held.first or (asking is not None and desk.who == asking[1].keeper)


def _may_agree(desk: Desk, held: HeldAct) -> bool:
    try:
        command, given = act.held_command(held, desk)
        why = act.why_second(command, replace(desk, actor=act.first_of(held)), given)
    except MithaqError:  # it can no longer be done as it was asked: who may do such an act may still decline it
        found = desk.node.commands.get(held.name)
        return found is not None and second.may_agree(desk.tx, desk.actor, found, "", desk.at)
    return second.may_agree(desk.tx, desk.actor, command, why, desk.at)


COMMANDS = (
    Command("acts.approve", "agree to an act that waits", Which, Approved, approve, roles=EVERYONE),
    Command("acts.decline", "refuse an act that waits, or take it back", Decline, Declined, decline, roles=EVERYONE),
    Command(
        "acts.review", "say what the review of a break-glass found", Review, Broken, review,
        roles=("oversight", "supervisor"),
    ),
)  # fmt: skip
QUESTIONS = (
    Question("acts.waiting", "what waits for a second person", Nothing, tuple[Waiting, ...], waiting,
             roles=EVERYONE, **STORED),
    Question("acts.broken", "breaks of the glass, counted", Nothing, Glass, broken,
             roles=("oversight", "supervisor"), **STORED),
)  # fmt: skip
