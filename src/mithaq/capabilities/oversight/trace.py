"""The trace of a record: who saw this, why, under which clause, on both sides. For oversight alone.

At home it is what the store holds: versions, decisions as they were logged, messages with their receipts, every line of
the audit log with its name. Of a partner it is what that partner's accounts say, by role: a signed assertion, beside
the numbers that both logs hold. Where the two do not agree, it says so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

from msgspec import Struct

from mithaq.capabilities.oversight import accesses, clocks
from mithaq.capabilities.oversight.accounts import crossed
from mithaq.capabilities.oversight.cases import ENDS, both, cases, fields_of
from mithaq.capabilities.oversight.records import Access, sort_of
from mithaq.errors import MithaqError, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping import holder, legal_hold
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.law.explain import reasons
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.plug import Question
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Holding, Message
from mithaq.kernel.values import Instant, RecordId, ends


class Traced(Struct, frozen=True, forbid_unknown_fields=True):
    """A record, or a complaint: then the record that it is about."""

    id: RecordId


class Version(Struct, frozen=True, kw_only=True):
    """One version, and when it came to be here."""

    version: int
    kind: str
    at: Instant | None
    message: str = ""


class Obliged(Struct, frozen=True):
    """One obligation of a release, and every layer that imposes it."""

    what: str
    value: Any
    by: str


class Given(Struct, frozen=True, kw_only=True):
    """One version and one partner: what was decided, on which clause, and what became of the message."""

    version: int
    to: str
    decision: str
    reasons: tuple[str, ...]
    obligations: tuple[Obliged, ...] = ()
    levels: dict[str, str] = {}
    at: Instant | None = None
    message: str = ""
    outcome: str = ""
    code: str = ""
    receipt: int = 0  # the partner's signed receipt that says so: link.verify checks it


class End(Struct, frozen=True):
    """That the record was taken back by its origin: when, by whom and why."""

    at: str
    by: str
    why: str


class Said(Struct, frozen=True, kw_only=True):
    """What a partner has stated of its copy of our record: signed assertions too."""

    partner: str
    deleted: Instant | None = None
    deleted_for: str = ""
    held_for: str = ""
    acted: tuple[holder.Acted, ...] = ()
    passed_to: tuple[str, ...] = ()


class Asserted(Struct, frozen=True, kw_only=True):
    """What a partner says of accesses there, or that it has not answered. ``message`` proves who said it, and
    not that it is so.
    """

    partner: str
    request: str
    asked: Instant | None
    state: Literal["waits", "late", "not_released", "accounted", "nothing_to_tell"]
    account: str = ""
    message: str = ""
    lines: tuple[Access, ...] = ()
    accesses: int = 0
    unreadable: int = 0  # lines of the account that are not what the Kind declares


class Compared(Struct, frozen=True, kw_only=True):
    """Versions that crossed by our log and receipts, and by the partner's account; whether they are the same."""

    partner: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    agree: bool


class Trace(Struct, frozen=True, kw_only=True):
    """All that can be said of one record. ``at_home`` is stored fact; ``partners`` are signed assertions."""

    id: str
    origin: str
    exercise: bool
    purpose: str
    complaints: tuple[str, ...]
    versions: tuple[Version, ...]
    releases: tuple[Given, ...]
    at_home: tuple[accesses.Line, ...]
    ended: End | None
    erased: bool
    held_for: str  # a legal hold keeps it: why; empty if none does
    said: tuple[Said, ...]
    partners: tuple[Asserted, ...]
    compared: tuple[Compared, ...]
    rests_on: tuple[str, ...] = ("home:stored", "partners:signed_assertion")


def trace(desk: Desk, given: Traced) -> Trace:
    """Who saw this, on both sides. NotFound if nothing of it was ever here."""
    holding = desk.tx.records.get(given.id)
    if holding is not None and sort_of(holding.kind) == "complaint":
        about = fields_of(holding).get("about")
        holding = desk.tx.records.get(about) if isinstance(about, str) else None
    if holding is None:
        raise NotFound("record", f"no record {given.id}")
    asserted, held = tuple(_asserted(desk, holding)), legal_hold.held(desk.tx, holding.id)
    return Trace(
        id=holding.id, origin=holding.origin, exercise=holding.exercise,
        purpose=_purpose(holding), erased=not holding.content, held_for=held.why if held is not None else "",
        said=tuple(_said(desk, holding)),
        complaints=tuple(each.id for each in both(desk, f"=about:{holding.id}") if sort_of(each.kind) == "complaint"),
        versions=tuple(_versions(desk, holding)), releases=tuple(_releases(desk, holding)),
        at_home=tuple(accesses.at_home(desk, holding.id)), ended=_end(desk, holding), partners=asserted,
        compared=tuple(_compared(desk, holding, asserted)),
    )  # fmt: skip


def _held(desk: Desk, holding: Holding) -> list[Holding]:
    found = (desk.tx.records.get(holding.id, version) for version in range(1, holding.version + 1))
    return [each for each in found if each is not None]


def _versions(desk: Desk, holding: Holding) -> list[Version]:
    return [
        Version(
            version=each.version, kind=each.kind, at=_when(desk, each.position),
            message=f"{each.link}/{each.seq}" if each.link else "",
        )
        for each in _held(desk, holding)
    ]  # fmt: skip


def _releases(desk: Desk, holding: Holding) -> list[Given]:
    if holding.origin != desk.node.party:
        return [_held_on(desk, each) for each in _held(desk, holding)]
    found = []
    for version in range(1, holding.version + 1):
        subject = f"{holding.id}/{version}"
        carried = {ends(each.link)[1]: each for each in desk.tx.links.carrying(subject)}
        for to, content in desk.tx.decisions.of(subject):
            found.append(_given(desk, version, to, canonical.decode(content, Decision), carried.get(to)))
    return found


def _given(desk: Desk, version: int, to: str, decision: Decision, message: Message | None) -> Given:
    obliged = tuple(Obliged(each.what, each.value, each.by) for each in decision.obligations)
    if message is None:
        return Given(
            version=version, to=to, decision=decision.decision, reasons=tuple(reasons(decision)), obligations=obliged
        )  # fmt: skip
    return Given(
        version=version, to=to, decision=decision.decision, reasons=tuple(reasons(decision)), obligations=obliged,
        levels=dict(decision.fields), at=_when(desk, message.position), message=f"{message.link}/{message.seq}",
        outcome=message.outcome, code=message.code, receipt=message.receipt,
    )  # fmt: skip


def _held_on(desk: Desk, each: Holding) -> Given:
    """What a partner released to us: on its basis, under its handling."""
    if not each.content:
        return Given(
            version=each.version, to=desk.node.party, decision="permit", reasons=("erased",),
            at=_when(desk, each.position), message=f"{each.link}/{each.seq}", outcome="accepted",
        )  # fmt: skip
    release = canonical.fit(canonical.decode(each.content, dict), Release)
    return Given(
        version=each.version, to=desk.node.party, decision="permit",
        reasons=(f"permit {release.basis.law} {release.basis.clause}", f"released by {release.origin}"),
        obligations=tuple(Obliged(what, value, release.basis.law) for what, value in sorted(release.handling.items())),
        levels=dict(release.levels), at=_when(desk, each.position), message=f"{each.link}/{each.seq}",
        outcome="accepted",
    )  # fmt: skip


def _end(desk: Desk, holding: Holding) -> End | None:
    why = recalled(desk.tx, holding.id)
    if why is None:
        return None
    row = desk.tx.views.get(ENDS, f"recalled/{holding.id}")
    return End(row.time if row is not None else "", row.body["party"] if row is not None else holding.origin, why)


def _purpose(holding: Holding) -> str:
    return str(canonical.decode(holding.content, dict)["purpose"]) if holding.content else ""


def _said(desk: Desk, holding: Holding) -> list[Said]:
    """Deleted, held back, acted on, passed on: by each partner that has said anything of our record."""
    found = []
    for partner in desk.node.partners if holding.origin == desk.node.party else ():
        known = holder.holder(desk.tx, holding.id, partner)
        if known != holder.Holder():
            found.append(
                Said(
                    partner=partner, deleted=known.deleted, deleted_for=known.deleted_for or "",
                    held_for=known.held_for or "", acted=known.acted, passed_to=known.passed_to,
                )
            )  # fmt: skip
    return found


def _asserted(desk: Desk, holding: Holding) -> list[Asserted]:
    found = []
    for request in cases(desk, "=both:account_request:own", f"=about:{holding.id}", exercise=holding.exercise):
        partner = str(fields_of(request)["addressee"])
        told = (each for each in cases(
            desk, "=both:account:received", f"=of:{request.id}", exercise=holding.exercise
        ) if each.origin == partner)  # fmt: skip
        found.append(_one(desk, request, partner, next(told, None)))
    return found


def _one(desk: Desk, request: Holding, partner: str, account: Holding | None) -> Asserted:
    asked, waits = _when(desk, request.position), clocks.duty(desk, "await_account", request.id)
    if account is None:
        state: Any = "not_released" if waits is None else "late" if clocks.is_late(waits) else "waits"
        return Asserted(partner=partner, request=request.id, asked=asked, state=state)
    fields = fields_of(account)
    lines, unreadable = _readable(fields.get("lines"))
    return Asserted(
        partner=partner, request=request.id, asked=asked, account=account.id, lines=tuple(lines),
        state="accounted" if fields.get("outcome") == "account" else "nothing_to_tell",
        message=f"{account.link}/{account.seq}",
        accesses=sum(each.count for each in lines), unreadable=unreadable,
    )  # fmt: skip


def _readable(lines: Any) -> tuple[tuple[Access, ...], int]:
    """The lines of a partner's account that are what they should be, and how many are not."""
    found, given = list[Access](), lines if isinstance(lines, list) else []
    for each in given:
        with suppress(MithaqError):
            found.append(canonical.fit(each, Access))
    return tuple(found), len(given) - len(found)


def _compared(desk: Desk, holding: Holding, asserted: tuple[Asserted, ...]) -> list[Compared]:
    """Of each partner that has given an account, the newest: the numbers it says crossed, beside those we have."""
    found, seen = [], set()
    for each in asserted:
        account = desk.tx.records.get(each.account) if each.state == "accounted" else None
        if account is None or each.partner in seen:
            continue
        seen.add(each.partner)
        ours = tuple(f"{one.message} v{one.version}" for one in crossed(desk, holding, each.partner))
        said = [one for one in fields_of(account).get("received", ()) if isinstance(one, dict)]
        theirs = tuple(f"{one.get('message')} v{one.get('version')}" for one in said)
        found.append(
            Compared(partner=each.partner, ours=ours, theirs=theirs, agree=sorted(ours) == sorted(theirs))
        )  # fmt: skip
    return found


def _when(desk: Desk, position: int) -> Any:
    entries = desk.tx.journal.page(after=position - 1, limit=1) if position else ()
    return entries[0].at if entries and entries[0].position == position else None


QUESTIONS = (
    Question("audit.trace", "who saw a record, why, under which clause, on both sides", Traced, Trace, trace,
             roles=("oversight",)),
)  # fmt: skip
