"""What every node answers, whatever its capabilities: its status, previews, reasons, and the state of its links."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mithaq.errors import NotFound
from mithaq.kernel import canonical, plain, quotas, review, voice
from mithaq.kernel.attachment import declared as attachments
from mithaq.kernel.desk import Desk, subject
from mithaq.kernel.duty import duties
from mithaq.kernel.keeping import desk as keeping
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.law.explain import peer_view, reasons
from mithaq.kernel.law.level import ABSENT
from mithaq.kernel.link import partners, renew
from mithaq.kernel.link.desk import COMMANDS, PLAIN, QUESTIONS, STORED, LinkState, Nothing, links
from mithaq.kernel.matter import desk as matters
from mithaq.kernel.party import fingerprint
from mithaq.kernel.people import desk as people
from mithaq.kernel.people import grants, lists, oversight, programs, waiting
from mithaq.kernel.people.roles import EVERYONE, OPERATIONAL
from mithaq.kernel.plug import Capability, Column, Page, Question
from mithaq.kernel.reading import Reading, seen_of
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.values import Count, Line, PartyId, RecordId, ends
from mithaq.kernel.view import UNFOLDED
from mithaq.kernel.witness import desk as witnesses


class About(Struct, frozen=True, forbid_unknown_fields=True):
    """A record, its newest version by default, and a partner."""

    id: RecordId
    to: PartyId
    version: Count | None = None


class AboutAny(Struct, frozen=True, forbid_unknown_fields=True):
    """A record, its newest version by default, and one partner or all."""

    id: RecordId
    to: PartyId | None = None
    version: Count | None = None


class Shown(Struct, frozen=True):
    """One field: ours, what they will see (None: nothing), at which level, and the clause that asks for it."""

    field: str
    ours: Any
    theirs: Any
    level: str
    by: str


class Preview(Struct, frozen=True):
    """What a partner would see of a record version if it were released now."""

    id: str
    version: int
    to: Line
    decision: str
    reasons: tuple[str, ...]
    fields: tuple[Shown, ...]
    obligations: tuple[dict[str, Any], ...]
    exercise: bool


class Reason(Struct, frozen=True):
    """The decision made about one record version and one partner, as it was logged, and what became of its message."""

    id: str
    version: int
    to: str
    decision: dict[str, Any]
    reasons: tuple[str, ...]
    peer_view: dict[str, Any]
    message: str = ""
    outcome: str = ""
    code: str = ""


class Status(Struct, frozen=True):
    """The node in short."""

    party: str
    names: dict[str, str]
    fingerprint: str
    agreements: tuple[str, ...]
    laws: tuple[str, ...]
    capabilities: tuple[str, ...]
    partners: dict[str, str]
    journal: int
    links: tuple[LinkState, ...]
    speaks_through: str  # its officials, or the node where it has named none
    manifest: int = 0  # serial of the key manifest; 0 where there is no root
    keys_problem: str = ""
    owed: int = 0  # duties that are open or have escalated
    gate: str = ""  # of a core: whether its gate is up, or why it was not reached
    unfolded: int = 0  # entries of the journal on which a view or rule broke: they are not seen (memos unfolded/…)


def preview(desk: Desk, about: About) -> Preview:
    """Ours beside what they will see, with a clause for each change."""
    record = desk.own(about.id, about.version)
    reading = desk.read(seen_of(record))
    if reading is None:
        raise NotFound("record", f"no record {about.id}")
    decision, copy = desk.consider(record, about.to)
    kind = desk.kind(record.kind)
    return Preview(
        id=record.id,
        version=record.version,
        to=about.to,
        decision=decision.decision,
        reasons=tuple(reasons(decision)),
        fields=tuple(_shown(name, reading, decision, copy) for name in kind.fields),
        obligations=tuple(canonical.plain(each) for each in decision.obligations),
        exercise=record.marking.exercise,
    )


def why(desk: Desk, about: AboutAny) -> tuple[Reason, ...]:
    """Why a record version was released to, or withheld from, each partner; or on what basis we hold it."""
    holding = desk.held(about.id, about.version)
    if "oversight" not in desk.actor.roles and desk.reading(holding) is None:
        raise NotFound("record", f"no record {about.id}")
    if holding.origin != desk.node.party:
        return (_why_held(desk, holding.id, holding.version, holding.content, holding.origin),)
    record = desk.own(about.id, about.version)
    decisions = desk.tx.decisions.of(subject(record))
    return tuple(_why(desk, record, to, content) for to, content in decisions if about.to in (None, to))


def status(desk: Desk, _: Nothing) -> Status:
    """The node in short: who it is, under which law, and how its links are."""
    node, book = desk.node, desk.law.book
    return Status(
        party=node.party,
        names=node.card.names,
        fingerprint=fingerprint(node.rings.own),
        agreements=tuple(dict.fromkeys(law.ref for law in book.agreements)),
        laws=tuple(law.ref for law in (*book.laws, book.floor)),
        capabilities=tuple(sorted({name.partition(".")[0] for name in node.kinds})),
        partners={party: fingerprint(known) for party, known in node.rings.partners.items()},
        journal=desk.tx.journal.last(),
        links=links(desk, Nothing()),
        speaks_through="officials" if node.rings.own.ring.officials else "node",
        manifest=node.rings.own.serial,
        keys_problem=node.rings.own.ring.warning(desk.at),
        owed=len(duties(desk.tx)),
        gate=node.gate(),
        unfolded=len(desk.tx.memos.names(UNFOLDED)),
    )


def _shown(name: str, reading: Reading, decision: Decision, copy: Release | None) -> Shown:
    ours = reading.fields.get(name)
    clear = name not in reading.hidden and name not in reading.coarse
    theirs = copy.fields.get(name) if copy and clear else None
    return Shown(name, ours, theirs, decision.fields.get(name, ABSENT), decision.fields_by.get(name, ""))


def _why(desk: Desk, record: Record, to: str, content: bytes) -> Reason:
    decision = canonical.decode(content, Decision)
    carried = [m for m in desk.tx.links.carrying(subject(record)) if ends(m.link)[1] == to]
    message = carried[0] if carried else None
    return Reason(
        id=record.id,
        version=record.version,
        to=to,
        decision=canonical.plain(decision),
        reasons=tuple(reasons(decision)),
        peer_view=peer_view(decision),
        message=f"{message.link}/{message.seq}" if message else "",
        outcome=message.outcome if message else "",
        code=message.code if message else "",
    )


def _why_held(desk: Desk, id: str, version: int, content: bytes, origin: str) -> Reason:
    release = canonical.fit(canonical.decode(content, dict), Release)
    terms = {"basis": release.basis, "fields": release.levels, "handling": release.handling}
    return Reason(
        id=id,
        version=version,
        to=desk.node.party,
        decision={"decision": "permit", **canonical.plain(terms)},
        reasons=(f"permit {release.basis.law} {release.basis.clause}", f"released by {origin}"),
        peer_view={},
        outcome="accepted",
    )  # fmt: skip


PAGES = (
    Page(
        "core.waiting", "waiting for a second person", "list", "acts.waiting",
        (
            Column("name", "act", "code"), Column("given", "what is asked"), Column("first", "asked by"),
            Column("why", "why", "code"),
            Column("at", "since", "time"), Column("until", "until", "time"),
        ),
        opens="core.approve",
    ),
    Page("core.approve", "agree as the second person", "form", "acts.approve"),
    Page("core.decline", "refuse as the second person", "form", "acts.decline"),
    Page(
        "core.reviewing", "releases to review", "list", "release.waiting",
        (
            Column("id", "record"), Column("to", "to", "code"), Column("who", "asked by"),
            Column("at", "since", "time"),
        ),
        opens="core.review",
    ),
    Page("core.review", "review a release", "form", "release.review"),
    Page(
        "core.told", "told by voice", "list", "release.told",
        (
            Column("by", "from", "code"), Column("to", "to", "code"), Column("record", "record"),
            Column("to_role", "role", "code"), Column("line", "line", "code"), Column("state", "state", "code"),
            Column("at", "time", "time"),
        ),
    ),
    Page("core.invite", "invite an officer", "form", "people.invite"),
    Page("core.set-roles", "set the roles of an officer", "form", "people.set-roles"),
    Page(
        "core.audit", "audit log", "list", "audit.list",
        (
            Column("number", "number"), Column("at", "time", "time"), Column("who", "who"), Column("act", "act"),
            Column("subject", "about"), Column("reason", "reason"),
        ),
    ),
)  # fmt: skip

core = Capability(
    name="core",
    summary="what every node answers",
    commands=(
        *COMMANDS,
        *partners.COMMANDS,
        *witnesses.COMMANDS,
        *renew.COMMANDS,
        *plain.COMMANDS,
        *matters.COMMANDS,
        *review.COMMANDS,
        *voice.COMMANDS,
        *keeping.COMMANDS,
        *attachments.COMMANDS,
        *people.COMMANDS,
        *programs.COMMANDS,
        *grants.COMMANDS,
        *lists.COMMANDS,
        *waiting.COMMANDS,
    ),
    questions=(
        Question(
            "node.status", "who this node is and how its links are", Nothing, Status, status, roles=EVERYONE, **PLAIN
        ),
        Question(
            "release.preview", "ours beside what they will see", About, Preview, preview, roles=OPERATIONAL, **STORED
        ),
        Question(
            "release.why", "why a record was released or withheld", AboutAny, tuple[Reason, ...], why,
            roles=(*OPERATIONAL, "oversight"), **STORED,
        ),
        *QUESTIONS,
        *partners.QUESTIONS,
        *witnesses.QUESTIONS,
        *renew.QUESTIONS,
        *plain.QUESTIONS,
        *matters.QUESTIONS,
        *review.QUESTIONS,
        *quotas.QUESTIONS,
        *voice.QUESTIONS,
        *keeping.QUESTIONS,
        *attachments.QUESTIONS,
        *lists.QUESTIONS,
        *waiting.QUESTIONS,
        *oversight.QUESTIONS,
    ),
    pages=PAGES,
)  # fmt: skip
