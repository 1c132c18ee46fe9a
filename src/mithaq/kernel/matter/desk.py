"""Matters at the desk: draft what is to be said, sign it as many officials as the nation asks, and say it.

A draft is the exact bytes that will be signed; officials sign it one after the other, each where their key is. When the
last signature is there it is said: kept here, and addressed to every party of the matter, in one transaction. A nation
that has named no officials speaks through its node.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import Clash, NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty, duties
from mithaq.kernel.keyring import NODE
from mithaq.kernel.law.reserve import Reservation, check_reservation
from mithaq.kernel.law.text import Text
from mithaq.kernel.link import recover
from mithaq.kernel.matter.agreement import KIND, Stop
from mithaq.kernel.matter.fold import Idle, State, fold, stage_of
from mithaq.kernel.matter.force import Force, force
from mithaq.kernel.matter.kinds import KINDS
from mithaq.kernel.matter.offers import texts
from mithaq.kernel.matter.said import Said, read_said
from mithaq.kernel.matter.take import asked_by_text, state_of, take
from mithaq.kernel.people.roles import EVERYONE
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.record import new_id
from mithaq.kernel.shelves import Filed
from mithaq.kernel.statement import Envelope, add_signature, media_type
from mithaq.kernel.values import Code, Digest, KindName, PartyId, RecordId


class ToDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be said. Without ``matter`` it opens a new one. ``about``: the text, or the statement, by digest."""

    says: Code
    matter: RecordId | None = None
    kind: KindName = KIND
    about: Digest | None = None
    terms: dict[str, Any] = {}


class Drafted(Struct, frozen=True):
    """The envelope to sign, in which role, and how many officials of it the nation asks for (0: the node signs)."""

    draft: Digest
    envelope: str
    matter: str
    number: int
    says: str
    role: str
    need: int


class ToState(Struct, frozen=True, forbid_unknown_fields=True):
    """A drafted envelope, with the signatures that it has so far."""

    envelope: str


class Spoken(Struct, frozen=True):
    """What became of it: ``said``, to whom; or ``waits`` for so many more signatures."""

    state: str
    matter: str
    number: int
    says: str
    statement: Digest
    to: tuple[str, ...] = ()
    signatures: int = 0
    need: int = 0


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """One matter."""

    matter: RecordId


class OneText(Struct, frozen=True, forbid_unknown_fields=True):
    """A text, by its digest, and its matter."""

    matter: RecordId
    text: Digest


class ToShare(Struct, frozen=True, forbid_unknown_fields=True):
    """A matter, and the nation it is to be shown to."""

    matter: RecordId
    to: PartyId


class Shared(Struct, frozen=True):
    """How many statements were addressed."""

    matter: str
    to: str
    statements: int


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class Offered(Struct, frozen=True):
    """One text of a matter, its stage, and what has become of it."""

    text: Digest
    law: str
    title: str
    law_digest: Digest
    by: str
    stage: str
    force: Force


class Line(Struct, frozen=True):
    """One statement as people read it."""

    statement: Digest
    party: str
    number: int
    says: str
    about: str
    role: str
    at: str
    note: str = ""


class MatterState(Struct, frozen=True):
    """What a matter has come to here. Equal ``digest``s on two nodes mean that they hold the same."""

    matter: str
    kind: str
    parties: tuple[str, ...]
    joined: tuple[str, ...]
    digest: Digest
    texts: tuple[Offered, ...]
    standings: tuple[dict[str, Any], ...]
    said: tuple[Line, ...]
    void: tuple[Idle, ...]
    waiting: tuple[Idle, ...]


def draft(desk: Desk, given: ToDraft, *, by_node: bool = False) -> Drafted:
    """The next statement of our chain in a matter, as it will be signed. It is kept as a draft.

    What a node says of itself (``by_node``) follows from what it did, and is nobody's to write.
    """
    me = desk.node.party
    kind = KINDS.get(given.kind)
    verb = kind.verb(given.says) if kind else None
    if kind is None or verb is None:
        known = ", ".join(each.name for each in kind.verbs) if kind else ", ".join(KINDS)
        raise NotFound("verb", f"{given.says!r} cannot be said in {given.kind}", hint=f"known are {known}")
    if verb.role == NODE and not by_node:
        raise NotAllowed("node", f"{given.says} is said by the node alone", hint="do what it tells of")
    if (given.matter is None) is not verb.opens:
        raise NotAllowed("matter", f"{given.says} {'opens a new matter' if verb.opens else 'needs a matter'}")
    state = _known(desk, given.matter) if given.matter is not None else None
    said = Said(
        matter=given.matter or new_id(me, desk.node.randomness),
        kind=kind.name,
        party=me,
        number=_next(desk, given.matter),
        previous=state.head(me) if state else None,
        heard=_heard(desk, state) if state else {},
        says=given.says,
        about=given.about,
        role=verb.role,
        at=desk.at,
        terms=given.terms,
    )
    _check_effective(desk, said)
    envelope = canonical.encode(Envelope(media_type("statement"), canonical.encode(said), ()))
    desk.tx.memos.put(_memo(said), envelope.decode())
    return Drafted(
        said.digest, envelope.decode(), said.matter, said.number, said.says, said.role, _need(desk, said)
    )  # fmt: skip


def say(desk: Desk, given: ToState) -> Spoken:
    """Take a signed draft. With all its signatures it is said; with fewer it waits for the others.

    Signatures that officials made in different places on the same draft are put together.
    """
    me = desk.node.party
    given_bytes = given.envelope.encode()
    said = read_said(given_bytes)
    if said.party != me:
        raise NotAllowed("party", f"a statement of {said.party}, not ours", hint="a nation speaks for itself")
    kept = desk.tx.memos.get(_memo(said))
    if kept is None:
        raise NotFound("draft", "no such draft", hint="draft it first; one that was said already cannot be said again")
    if said.number != _next(desk, said.matter):
        raise Clash("draft", "something else was said in this matter since it was drafted", hint="draft it anew")
    _check_effective(desk, said)
    need = _need(desk, said)
    envelope = _merged(kept.encode(), given_bytes)
    if need == 0:
        envelope = add_signature(envelope, desk.node.signer)
    try:
        take(desk.tx, envelope, {me: desk.node.rings.own.ring}, desk.at, me=me)
    except Untrusted as problem:
        if problem.code != "quorum":
            raise
        desk.tx.memos.put(_memo(said), envelope.decode())
        count = len(canonical.read(envelope, Envelope).signatures) // 2
        return Spoken("waits", said.matter, said.number, said.says, said.digest, (), count, need)
    desk.tx.memos.put(_memo(said), None)
    spoken = desk.tx.statements.get(said.matter, me, said.number)
    to = _address(desk, spoken) if spoken is not None else ()
    return Spoken("said", said.matter, said.number, said.says, said.digest, to, need or 1, need or 1)


def share(desk: Desk, given: ToShare) -> Shared:
    """Show a matter to a nation that its text lets accede: every statement, as it was signed."""
    state = _known(desk, given.matter)
    found = texts(state.effective).values()
    if given.to not in (*state.parties, *state.joined) and not any(_open_to(text, given.to) for text in found):
        raise NotAllowed("share", f"no text of {given.matter} is open to {given.to}")
    if given.to not in desk.node.cards:
        raise NotFound("partner", f"{given.to} is not a partner of this node", hint="see mithaq party list")
    held = desk.tx.statements.of(given.matter)
    for each in sorted(held, key=lambda filed: filed.position):
        desk.address(each, given.to)
    return Shared(given.matter, given.to, len(held))


def show(desk: Desk, given: Which) -> MatterState:
    """What a matter has come to."""
    state = _known(desk, given.matter)
    kind = KINDS[state.kind]
    by = {digest: party for digest, party, _ in state.texts}
    offered = tuple(
        Offered(
            text.digest, text.law.ref, text.law.title, text.law.digest, by[text.digest],
            stage_of(kind, state, text.digest), force(state, text),
        )
        for text in texts(state.effective).values()
    )  # fmt: skip
    return MatterState(
        matter=state.matter,
        kind=state.kind,
        parties=state.parties,
        joined=state.joined,
        digest=state.digest,
        texts=offered,
        standings=tuple(canonical.plain(each) for each in state.standings),
        said=tuple(map(_line, sorted(state.effective, key=lambda said: (said.at, said.party, said.number)))),
        void=state.void,
        waiting=state.waiting,
    )


def matters(desk: Desk, _: Nothing) -> tuple[MatterState, ...]:
    """Every matter of agreement that this node is part of."""
    return tuple(show(desk, Which(name)) for name in desk.tx.statements.matters(KIND))


def owed(desk: Desk, _: Nothing) -> tuple[Duty, ...]:
    """What is owed and not done, the most urgent first."""
    return tuple(duties(desk.tx))


def text_of(desk: Desk, given: OneText) -> dict[str, Any]:
    """A text of a matter, whole."""
    found = texts(_known(desk, given.matter).effective).get(given.text)
    if found is None:
        raise NotFound("text", f"no such text in {given.matter}", hint="see mithaq matter show")
    plain: dict[str, Any] = canonical.plain(found)
    return plain


def _known(desk: Desk, matter: str | None) -> State:
    state = state_of(desk.tx, matter or "")
    if not state.kind:
        raise NotFound("matter", f"no matter {matter} here", hint="see mithaq matter list")
    return state


def _next(desk: Desk, matter: str | None) -> int:
    return 1 + sum(each.party == desk.node.party for each in desk.tx.statements.of(matter or ""))


def _check_effective(desk: Desk, said: Said) -> None:
    """What would have no effect is not said at all: NotAllowed with the reason."""
    held = [read_said(each.envelope) for each in desk.tx.statements.of(said.matter)]
    found = fold(KINDS[said.kind], [*held, said])
    why = next((i.why for i in (*found.void, *found.waiting) if (i.party, i.number) == (said.party, said.number)), "")
    if why:
        raise NotAllowed("no-effect", f"{said.says} would have no effect: {why}", hint="see mithaq matter show")
    _check_meaning(desk, said, texts(found.effective))


def _check_meaning(desk: Desk, said: Said, offered: dict[str, Text]) -> None:
    """Refuse what the fold lets pass and nobody could mean: it knows nothing of what a text says."""
    text = offered.get(said.about or "")
    if said.says in ("propose", "counter") and text is None:
        raise NotAllowed("no-effect", "the text offered is not the one that its digest names")
    if text is None:
        return
    if said.says == "suspend":
        for name in canonical.fit(said.terms, Stop).clauses:
            clause = text.law.find(name)
            if clause is None or clause.effect != "permit":
                raise NotFound("clause", f"{text.law.ref} has no permit {name!r} to suspend", hint="mithaq law text")
    if said.says == "reserve":
        parties = tuple(dict.fromkeys((*text.law.parties, said.party)))
        reservation = canonical.fit(said.terms["reservation"], Reservation)
        check_reservation(
            replace(text.law, parties=parties), reservation, said.party, desk.node.standing.base.vocabulary
        )  # fmt: skip


def _heard(desk: Desk, state: State) -> dict[str, str]:
    """The newest of every other party to the matter: what a stranger says is heard by nobody."""
    own = (*state.parties, *state.joined)
    return {party: digest for party, digest in state.heads if party != desk.node.party and party in own}


def _need(desk: Desk, said: Said) -> int:
    """How many officials must sign, the nation's own rule and the text's together; 0 where the node speaks."""
    if said.role == NODE:
        return 0
    ring, least = desk.node.rings.own.ring, asked_by_text(desk.tx, said)
    if ring.officials:
        return max(ring.speakers(said.role)[1], least)
    if least > 1:
        raise NotAllowed(
            "officials", f"the text asks for {least} officials of role {said.role}, and this nation has named none",
            hint="name them in the next manifest: mithaq keys request --official",
        )  # fmt: skip
    return 0


def _merged(one: bytes, other: bytes) -> bytes:
    """One envelope with the signatures of both."""
    first, second = canonical.read(one, Envelope), canonical.read(other, Envelope)
    held = {mark.keyid for mark in first.signatures}
    more = tuple(mark for mark in second.signatures if mark.keyid not in held)
    return canonical.encode(Envelope(first.payloadType, first.payload, (*first.signatures, *more)))


def _address(desk: Desk, spoken: Filed) -> tuple[str, ...]:
    """Number it for every party of the matter that we have a link with; later for one that must be asked first."""
    state = state_of(desk.tx, spoken.matter)
    offered = texts(state.effective).values()
    joined = {party for party in state.joined if any(_open_to(text, party) for text in offered)}
    reached = []
    for party in sorted({*state.parties, *joined} - {desk.node.party}):
        if party not in desk.node.cards:
            continue
        if party in desk.node.unsure:
            recover.defer(desk.tx, party, f"{spoken.matter}/{spoken.number}", flash=True)
        else:
            desk.address(spoken, party)
        reached.append(party)
    return tuple(reached)


def _open_to(text: Text, party: str) -> bool:
    terms = text.conclusion
    return terms.accession != "closed" and (not terms.open_to or party in terms.open_to)


def _line(said: Said) -> Line:
    note = said.terms.get("note") or said.terms.get("reason") or ""
    at = canonical.plain(said)["at"]
    return Line(said.digest, said.party, said.number, said.says, said.about or "", said.role, at, str(note))


def _memo(said: Said) -> str:
    return f"draft/{said.digest}"


PLAIN: dict[str, bool] = {"personal": False, "of_views": False}
_SPEAKS = ("legal_officer", "liaison_officer", "supervisor")
COMMANDS = (
    Command("matter.draft", "draft what is to be said in a matter", ToDraft, Drafted, draft, roles=_SPEAKS),
    Command("matter.say", "say what was drafted, once it is signed", ToState, Spoken, say, roles=_SPEAKS),
    Command("matter.share", "show a matter to a nation that may accede", ToShare, Shared, share, roles=_SPEAKS),
)
QUESTIONS = (
    Question(
        "matter.list", "every matter, and what it has come to", Nothing, tuple[MatterState, ...], matters,
        roles=EVERYONE, **PLAIN,
    ),
    Question("matter.show", "what a matter has come to", Which, MatterState, show, roles=EVERYONE, **PLAIN),
    Question("matter.text", "a text of a matter, whole", OneText, dict[str, Any], text_of, roles=EVERYONE, **PLAIN),
    Question("duty.list", "what is owed, by when", Nothing, tuple[Duty, ...], owed, roles=EVERYONE, **PLAIN),
)  # fmt: skip
