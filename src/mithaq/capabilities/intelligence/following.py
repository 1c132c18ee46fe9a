"""What follows on an alert, each addressed to one partner: a sighting, supplementary information, a request, a reply.

A sighting of, or information about, a partner's alert goes to its origin and to nobody else. Information about our own
alert goes to those who have it, as long as the alert itself might still be released to them. A request goes to whom it
names, a reply to who asked. Each still needs the agreement's permit, and its text a release text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from mithaq.capabilities.intelligence import drafts, guarding
from mithaq.capabilities.intelligence.exchanged import REPLY, REQUEST, SIGHTING, SUPPLEMENT
from mithaq.capabilities.intelligence.forms import Following, body_of, form, release_texts_of
from mithaq.capabilities.intelligence.reading import readable
from mithaq.capabilities.intelligence.records import sort_of
from mithaq.errors import Invalid, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.attachment.cross import is_on_its_way
from mithaq.kernel.clock import after, write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Kind, Marking
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import link_id

REPLY_WITHIN: dict[str, str] = {"flash": "PT1H", "urgent": "PT12H", "routine": "P7D"}
"""Until when a reply is asked for if the request does not say (urgent: as the SIRENE Manual has it, a model only)."""

ReportSighting = form("ReportSighting", SIGHTING, "What an alert is about was found.", beside=Following)
GiveSupplement = form("GiveSupplement", SUPPLEMENT, "Supplementary information about an alert.", beside=Following)
AskPartner = form("AskPartner", REQUEST, "A question to one partner.", beside=Following)
GiveReply = form("GiveReply", REPLY, "An answer to a partner's request.", beside=Following)

CORRESPONDS = ("duty_officer", "analyst", "liaison_officer", "legal_officer", "supervisor")


def report_sighting(desk: Desk, given: Any) -> Stated:
    """State that an alert was found; it goes to the alert's origin. Of our own alert it stays at home."""
    alert = _alert(desk, given.about)
    return _state(desk, SIGHTING, given, alert, {alert.origin} - {desk.node.party})


def supplement(desk: Desk, given: Any) -> Stated:
    """Tell more about an alert: to its origin, or to those who have ours."""
    alert = _alert(desk, given.about)
    ours = alert.origin == desk.node.party
    return _state(desk, SUPPLEMENT, given, alert, still_holding(desk, alert.id) if ours else {alert.origin})


def request(desk: Desk, given: Any) -> Stated:
    """Ask a partner; about an alert only one that it has."""
    if given.addressee not in desk.node.partners:
        known = ", ".join(desk.node.partners)
        raise NotFound("partner", f"{given.addressee} is not a partner of this node", where="$.addressee", hint=known)
    alert = _alert(desk, given.about) if given.about else None
    if alert is not None and not _has(desk, given.addressee, alert):
        raise Invalid("about", f"{given.addressee} does not have this alert", where="$.about", hint="ask without it")
    return _state(desk, REQUEST, given, alert, {given.addressee})


def reply(desk: Desk, given: Any) -> Stated:
    """Answer a partner's request; it goes to who asked."""
    asked = _held(desk, given.request)
    if asked.kind.rpartition("/")[0] != REQUEST.base or asked.origin == desk.node.party:
        raise Invalid("request", f"{given.request} is no request of a partner", where="$.request")
    about = canonical.decode(asked.content, dict)["fields"].get("about")
    alert = desk.tx.records.get(about) if about else None
    return _state(desk, REPLY, given, alert, {asked.origin}, follows_on=asked)


def still_holding(desk: Desk, id: str) -> frozenset[str]:
    """The partners that have this record of ours or get it, and to whom the law would let it go as it is now."""
    if recalled(desk.tx, id) is not None:
        return frozenset()
    newest = desk.own(id)
    sent = {
        partner for partner in desk.node.partners for version in range(1, newest.version + 1)
        if any(
            message.link == link_id(desk.node.party, partner) and is_on_its_way(message)
            for message in desk.tx.links.carrying(f"{id}/{version}")
        )
    }  # fmt: skip
    return frozenset(partner for partner in sent if desk.consider(newest, partner)[1] is not None)


def _state(
    desk: Desk, kind: Kind, given: Any, alert: Holding | None, only: Collection[str], follows_on: Holding | None = None
) -> Stated:
    on = follows_on or alert
    known = drafts.known(desk, kind, given)
    body = body_of(kind, given)
    if alert is not None and sort_of(alert.kind) in guarding.THINGS:
        body.setdefault("flags", [])
    if alert is not None and "flags" in body and (of_alert := guarding.guarded_in(alert)):
        body["flags"] = sorted({*body["flags"], *of_alert})
    if kind is REQUEST and "reply_by" not in body:
        body["reply_by"] = (known.body if known else {}).get("reply_by") or write_instant(
            after(desk.at, REPLY_WITHIN[given.urgency])
        )
    new = desk.draft(
        kind, body, purpose=given.purpose or _purpose(on), marking=_marking(given, on),
        release_texts=release_texts_of(kind, given), follows=known,
    )  # fmt: skip
    if known is not None and drafts.same(new, known):
        return Stated(known.id, known.version, unchanged=True)
    flash = given.flash or body.get("urgency") == "flash"
    return desk.state(new, reference=given.reference or "", flash=flash, only=only)


def _purpose(on: Holding | None) -> str:
    if on is None:
        raise Invalid("purpose", "it needs a purpose, since it is about no alert", where="$.purpose")
    return str(canonical.decode(on.content, dict)["purpose"])


def _marking(given: Any, on: Holding | None) -> Marking:
    """What follows on an exercise record is an exercise record, and on a real one a real one."""
    if on is not None and given.exercise and not on.exercise:
        raise Invalid("exercise", "what it is about is real", where="$.exercise")
    sources = {*given.sources, *([on.id] if on is not None and on.link else ())}
    exercise = given.exercise or (on is not None and on.exercise)
    return Marking(exercise, tuple(sorted(set(given.caveats))), tuple(sorted(sources)))


def _alert(desk: Desk, id: str) -> Holding:
    holding = _held(desk, id)
    if not sort_of(holding.kind):
        raise Invalid("about", f"{id} is no alert", where="$.about")
    return holding


def _held(desk: Desk, id: str) -> Holding:
    """A record that whoever acts may read; to others it is not there."""
    holding = desk.held(id)
    if not readable(desk, holding):
        raise NotFound("record", f"no record {id}")
    return holding


def _needs_second(kind: Kind) -> Callable[[Desk, Any], str]:
    """Why a follow-up of this Kind needs a second person; nothing if it does not."""

    def why(desk: Desk, given: Any) -> str:
        if not release_texts_of(kind, given):
            return ""
        on = [each for each in _follows_on(desk, given) if readable(desk, each)]
        return guarding.needs_second(given.flags or (), given.purpose, on)

    return why


def _follows_on(desk: Desk, given: Any) -> Iterator[Holding]:
    """The request that is answered, if it is a reply, and the alert that it is about."""
    id = getattr(given, "about", None)
    if (asked := getattr(given, "request", None)) and (request := desk.tx.records.get(asked)):
        yield request
        id = guarding.fields_of(request).get("about")
    if isinstance(id, str) and (alert := desk.tx.records.get(id)):
        yield alert


def _has(desk: Desk, partner: str, alert: Holding) -> bool:
    ours = alert.origin == desk.node.party
    return partner in still_holding(desk, alert.id) if ours else alert.origin == partner


COMMANDS = (
    Command(
        "intelligence.report-sighting", "tell that what an alert is about was found", ReportSighting, Stated,
        report_sighting, roles=OPERATIONAL, second=_needs_second(SIGHTING),
    ),
    Command(
        "intelligence.supplement", "tell more about an alert", GiveSupplement, Stated, supplement, roles=CORRESPONDS,
        second=_needs_second(SUPPLEMENT),
    ),
    Command(
        "intelligence.request", "ask a partner", AskPartner, Stated, request, roles=CORRESPONDS,
        second=_needs_second(REQUEST),
    ),
    Command(
        "intelligence.reply", "answer a partner's request", GiveReply, Stated, reply, roles=CORRESPONDS,
        second=_needs_second(REPLY),
    ),
)  # fmt: skip
