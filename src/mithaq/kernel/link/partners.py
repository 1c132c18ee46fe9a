"""Pausing, resuming, removing and readmitting a partner: stop, statement, journal and audit in one transaction."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.errors import Clash, NotFound
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import discharge
from mithaq.kernel.link import epochs, pause
from mithaq.kernel.matter import link as matters
from mithaq.kernel.matter.link import KIND, Reason
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.people.roles import EVERYONE
from mithaq.kernel.people.second import OnlyBy
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.values import PartyId, ends


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class ToPause(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner, the reason that it is told, and what becomes of what waits: kept until then, or stopped for good."""

    party: PartyId
    reason: Reason = "unspecified"
    waiting: Literal["keep", "stop"] = "keep"


class Whom(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner."""

    party: PartyId


class ToRemove(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner, and the reason that it is told."""

    party: PartyId
    reason: Reason = "unspecified"


class LinkPaused(Struct, frozen=True):
    """Whether the links with a partner are paused by us; the matter that says so; numbers that never go."""

    party: str
    paused: bool
    matter: str = ""
    stopped: tuple[int, ...] = ()


class Removed(Struct, frozen=True):
    """The matter that says it; the numbers that never go; how many records of ours it has, under their own terms."""

    party: str
    matter: str
    stopped: tuple[int, ...]
    has: int


class Readmitted(Struct, frozen=True):
    """The matter in which it is said; empty where the store was set back, and nothing is left of it to answer."""

    party: str
    matter: str


class Dealing(Struct, frozen=True):
    """How we stand towards a partner and it towards us: ``open``, ``paused``, ``removed``.

    ``told``: whether its node has taken our statement. ``attempts``: deliveries refused since it was removed.
    """

    party: str
    ours: str
    since: str
    reason: str
    told: bool
    theirs: str
    their_reason: str
    attempts: int = 0
    last_attempt: str = ""


def pause_link(desk: Desk, given: ToPause) -> LinkPaused:
    """Stop sending to a partner and taking from it, at once, and say so. Doing it again changes nothing."""
    tx, me, partner = desk.tx, desk.node.party, _partner(desk, given.party)
    if pause.is_removed(tx, partner):
        raise Clash("removed", f"{partner} is removed", hint="mithaq party standing")
    if pause.is_paused(tx, partner):
        stopped = pause.stop_waiting(tx, me, partner, desk.at) if given.waiting == "stop" else ()
        return LinkPaused(partner, True, tx.memos.get(_matter(partner)) or "", stopped)
    pause.pause(tx, partner, desk.at)
    stopped = pause.stop_waiting(tx, me, partner, desk.at) if given.waiting == "stop" else ()
    return LinkPaused(partner, True, _stop(desk, "pause", partner, given.reason), stopped)


def resume_link(desk: Desk, given: Whom) -> LinkPaused:
    """Send to and take from a partner again."""
    partner = _partner(desk, given.party)
    if pause.is_removed(desk.tx, partner):
        raise Clash("removed", f"{partner} is removed, not paused", hint="mithaq party readmit")
    if not pause.is_paused(desk.tx, partner):
        return LinkPaused(partner, False)
    pause.resume(desk.tx, partner)
    return LinkPaused(partner, False, _end(desk, "resume", partner))


def remove(desk: Desk, given: ToRemove) -> Removed:
    """Deal with a partner no more: nothing that waits is ever sent, and it is told."""
    tx, partner = desk.tx, _partner(desk, given.party)
    if pause.is_removed(tx, partner):
        raise Clash("removed", f"{partner} is removed already", hint="mithaq party standing")
    stopped = pause.remove(tx, desk.node.party, partner, desk.at)
    matter = _stop(desk, "remove", partner, given.reason)
    has = tx.links.tally(epochs.current(tx, desk.node.party, partner)).get("accepted", 0)
    return Removed(partner, matter, stopped, has)


def readmit(desk: Desk, given: Whom) -> Readmitted:
    """Deal with a removed partner again, from here on. It takes two people."""
    partner = _partner(desk, given.party)
    if not pause.is_removed(desk.tx, partner):
        raise Clash("removed", f"{partner} is not removed", hint="mithaq party standing")
    pause.readmit(desk.tx, desk.node.party, partner, desk.at)
    return Readmitted(partner, _end(desk, "readmit", partner))


def dealings(desk: Desk, _: Nothing) -> tuple[Dealing, ...]:
    """How we and every partner stand towards each other."""
    return tuple(dealing(desk, partner) for partner in desk.node.partners)


def dealing(desk: Desk, partner: str) -> Dealing:
    """How we and one partner stand towards each other."""
    tx, theirs = desk.tx, matters.theirs(desk.tx, partner)
    matter, reason, told = tx.memos.get(_matter(partner)) or "", "", False
    ours = pause.standing(tx, partner)
    if matter and ours:
        carried = [m for m in tx.links.carrying(f"{matter}/1") if ends(m.link) == (desk.node.party, partner)]
        told = any(message.outcome == "accepted" for message in carried)
        reason = tx.memos.get(f"stop-reason/{partner}") or ""
    count, _, last = pause.attempts(tx, partner)
    return Dealing(
        party=partner,
        ours=ours or "open",
        since=pause.since(tx, partner),
        reason=reason,
        told=told,
        theirs=(theirs.standing if theirs else "") or "open",
        their_reason=theirs.reason if theirs else "",
        attempts=count,
        last_attempt=last,
    )


def _stop(desk: Desk, says: str, partner: str, reason: str) -> str:
    """Say it to the partner, and note it at home."""
    parties = (desk.node.party, partner)
    matter = speak(desk, KIND, says, parties=parties, reason=reason, received="stays_bound")
    for link in epochs.every(desk.tx, partner, desk.node.party):
        discharge(desk.tx, f"split_view/{link}", f"link_{says}", desk.at)
    desk.tx.memos.put(_matter(partner), matter)
    desk.tx.memos.put(f"stop-reason/{partner}", reason)
    desk.tx.journal.add("removed" if says == "remove" else "paused", partner, at=desk.at, party=partner)
    return matter


def _end(desk: Desk, says: str, partner: str) -> str:
    """Say in the matter of the stop that it is over. A stop of before there were such matters had none."""
    matter = desk.tx.memos.get(_matter(partner)) or ""
    if matter:
        speak(desk, KIND, says, matter)
        desk.tx.memos.put(_matter(partner), None)
    desk.tx.journal.add("readmitted" if says == "readmit" else "resumed", partner, at=desk.at, party=partner)
    return matter


def _partner(desk: Desk, party: str) -> str:
    if party not in desk.node.partners:
        raise NotFound("partner", f"{party} is not a partner of this node", hint="see mithaq party list")
    return party


def _matter(partner: str) -> str:
    return f"stop-matter/{partner}"


def _two(_: Desk, __: Whom) -> str:
    """Always, and no glass is broken for it: nothing is lost by waiting for the second."""
    return OnlyBy("a removed partner comes back only by two people", _READMITS)


_READMITS = ("supervisor", "legal_officer")
_STOPS = ("supervisor", "legal_officer", "liaison_officer", "administrator")
COMMANDS = (
    Command(
        "link.pause", "stop sending to a partner and taking from it", ToPause, LinkPaused, pause_link, roles=_STOPS
    ),
    Command("link.resume", "send to and take from a partner again", Whom, LinkPaused, resume_link, roles=_STOPS),
    Command("party.remove", "deal with a partner no more", ToRemove, Removed, remove, roles=_STOPS),
    Command(
        "party.readmit", "deal with a removed partner again", Whom, Readmitted, readmit,
        roles=_READMITS, second=_two,
    ),
)  # fmt: skip
QUESTIONS = (
    Question(
        "party.standing", "how we and our partners deal with each other", Nothing, tuple[Dealing, ...], dealings,
        roles=EVERYONE, personal=False, of_views=False,
    ),
)  # fmt: skip
