"""Accounts across the border: a nation asks a partner who there had access to a record, and is told by role.

It may be asked about a record that either released to the other, and about no other. What is told is an assertion that
the nation signs: reading cannot be proved, only said. Whether nothing is there, or nothing may be told, the answer is
the same.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mithaq.capabilities.oversight import accesses, clocks, stating
from mithaq.capabilities.oversight.cases import case, fields_of
from mithaq.capabilities.oversight.records import (
    ACCOUNT,
    CORRECTION,
    REQUEST,
    Flags,
    Ground,
    Received,
)
from mithaq.errors import Clash, Invalid
from mithaq.kernel import canonical
from mithaq.kernel.clock import after, write_instant
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.duty import discharge
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Marking
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import PartyId, RecordId

FLAGGED = "subject.flags"


class Ask(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which record, and which partner; its origin, where it is a partner's. ``flags`` and ``screened`` as ever."""

    about: RecordId
    to: PartyId | None = None
    ground: Ground = "complaint"
    flags: Flags | None = None
    screened: bool = False


class Give(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The request that is answered. ``flags`` are what a screening here found of whom the record is about."""

    id: RecordId
    flags: Flags | None = None
    screened: bool = False


class Apply(Struct, frozen=True, forbid_unknown_fields=True):
    """A correction that a partner made, and that holds here too by now."""

    id: RecordId


def ask(desk: Desk, given: Ask) -> Stated:
    """Ask a partner for an account. Withheld, as everything is, where law or agreement do not permit it."""
    holding = desk.tx.records.get(given.about)
    ours = holding is not None and holding.origin == desk.node.party
    to = given.to or ("" if ours or holding is None else holding.origin)
    between = holding is not None and (to in stating.holders(desk, given.about) if ours else to == holding.origin)
    if holding is None or to not in desk.node.partners or not between:
        raise Invalid("about", "neither released this record to the other", where="$.about", hint="see release.why")
    body: dict[str, Any] = {
        "about": given.about, "addressee": to, "ground": given.ground,
        "reply_by": write_instant(after(desk.at, clocks.ACCOUNTED_WITHIN)),
        "flags": _flags(desk, holding, given.flags, given.screened),
    }  # fmt: skip
    stated = stating.state(desk, REQUEST, body, only={to}, exercise=holding.exercise)
    if stated.released or stated.deferred or stated.reviewing:
        clocks.owe(
            desk, "await_account", stated.id, clocks.ACCOUNTED_WITHIN, clocks.OVERSIGHT, clocks.LEGAL, "give_account"
        )
    return stated


def give(desk: Desk, given: Give) -> Stated:
    """Answer a partner's request. What the law withholds, and what is not here, are one and the same answer."""
    stating.check_person(desk)
    request = case(desk, given.id, "account_request", side="received")
    if clocks.end(desk, "accounted", request.id) is not None:
        raise Clash("answered", f"{given.id} was answered before")
    body: dict[str, Any] = _account(desk, request, given)
    if not _goes(desk, body, request):
        body = {"of": request.id, "outcome": "nothing_to_tell", "flags": []}
    stated = stating.state(desk, ACCOUNT, body, only={request.origin}, exercise=request.exercise)
    clocks.note_end(desk, "accounted", request.id, stated.id)
    discharge(desk.tx, f"give_account/{request.id}", f"{stated.id}/1", desk.at)
    return stated


def apply(desk: Desk, given: Apply) -> Stated:
    """Say to the origin that its correction holds here. Checked against what is held: a wish is not enough."""
    correction = case(desk, given.id, "correction", side="received")
    fields = fields_of(correction)
    about = str(fields.get("about", ""))
    if fields.get("stage") != "made" or not about.startswith(f"{correction.origin}-"):
        raise Invalid("correction", "it is no correction that its origin made", where="$.id")
    newest = desk.tx.records.get(about)
    gone, holds = recalled(desk.tx, about) is not None, newest.version if newest is not None else 0
    wanted = fields.get("holds")
    if not isinstance(wanted, int) or fields.get("how") not in ("corrected", "deleted"):
        raise Invalid("correction", "it does not say what was mended", where="$.id")
    if fields.get("how") == "deleted" and not gone:
        raise Clash("not-applied", "the recall has not come here yet", hint="when it has, say it again")
    if fields.get("how") == "corrected" and holds < wanted and not gone:
        raise Clash("not-applied", "the version that holds has not come here yet", hint="when it has, say it again")
    body: dict[str, Any] = {
        "about": about, "stage": "applied", "how": fields.get("how"), "holds": 0 if gone else holds,
        "of": correction.id, "at": stating.now(desk), "flags": [],
    }  # fmt: skip
    stated = stating.state(desk, CORRECTION, body, only={correction.origin}, exercise=correction.exercise)
    discharge(desk.tx, f"apply_correction/{correction.id}", f"{stated.id}/1", desk.at)
    return stated


def _account(desk: Desk, request: Holding, given: Give) -> dict[str, Any]:
    """What there is to tell, if anything may be: only of a record that crossed between the two."""
    about, asker = str(fields_of(request).get("about", "")), request.origin
    holding = desk.tx.records.get(about)
    between = holding is not None and asker in (holding.origin, *stating.holders(desk, about))
    if holding is None or not holding.content or not between or holding.exercise != request.exercise:
        return {"of": request.id, "outcome": "nothing_to_tell", "flags": []}
    purpose = str(canonical.decode(holding.content, dict)["purpose"])
    first = desk.tx.journal.page(after=desk.held(about, 1).position - 1, limit=1) if _has_first(desk, about) else ()
    return {
        "of": request.id, "outcome": "account", "until": stating.now(desk),
        "since": write_instant(first[0].at) if first else None,
        "received": canonical.plain(crossed(desk, holding, asker)),
        "lines": canonical.plain(accesses.for_partner(desk, about, purpose)),
        "flags": _flags(desk, holding, given.flags, given.screened),
    }  # fmt: skip


def crossed(desk: Desk, holding: Holding, partner: str) -> tuple[Received, ...]:
    """Each version that crossed between us and a partner, with the number under which both logs have it."""
    if holding.origin == desk.node.party:
        found = [
            (version, each) for version, each in stating.sent(desk, holding.id, partner) if each.outcome == "accepted"
        ]
        return tuple(Received(version, f"{each.link}/{each.seq}") for version, each in found)
    versions = (desk.tx.records.get(holding.id, version) for version in range(1, holding.version + 1))
    return tuple(Received(each.version, f"{each.link}/{each.seq}") for each in versions if each is not None)


def _goes(desk: Desk, body: dict[str, Any], request: Holding) -> bool:
    """Whether the law lets this account go to who asks."""

    drafted = desk.draft(
        ACCOUNT, {name: value for name, value in body.items() if value is not None}, purpose="oversight",
        marking=Marking(exercise=request.exercise), release_texts={},
    )  # fmt: skip
    return desk.consider(drafted, request.origin)[1] is not None


def _has_first(desk: Desk, id: str) -> bool:
    return desk.tx.records.get(id, 1) is not None


def _flags(desk: Desk, holding: Holding, given: Flags | None, screened: bool) -> list[str] | None:
    """What is known here that protects whom a record is about; None, and so nothing leaves, where nobody looked.

    What the record itself says, what every complaint about it says, and what whoever acts says. A record of a Kind
    that is about no person needs no screening.
    """
    kind = desk.node.kinds.get(holding.kind)
    field = kind.attributes.get(FLAGGED) if kind is not None else FLAGGED
    found, known = set[str](), field is None
    for each in (holding, *clocks.complaints_about(desk, holding.id)):
        its = desk.node.kinds.get(each.kind)
        said = fields_of(each).get((its.attributes.get(FLAGGED) if its else None) or "flags")
        if isinstance(said, list):
            found |= {str(flag) for flag in said}
            known = known or (each.id == holding.id and each.origin == desk.node.party)
    if given is not None or screened:
        found, known = found | set(given or ()), True
    return sorted(found) if known else None


COMMANDS = (
    Command(
        "oversight.ask-account", "ask a partner who there had access to a record", Ask, Stated, ask,
        roles=("oversight",),
    ),
    Command(
        "oversight.give-account", "tell a partner, by role, who here had access to a record", Give, Stated, give,
        roles=("oversight", "legal_officer"),
    ),
    Command(
        "oversight.apply", "say to the origin of a record that its correction holds here", Apply, Stated, apply,
        roles=("legal_officer", "oversight"),
    ),
)  # fmt: skip
