"""Beginning a link anew where its log cannot go on: numbers were signed that nobody holds, or two servers signed.

    the sender     link.renew    states the head it holds, and why                       -> a file, carried by hand
    the receiver   link.agree    states the head that it holds, and goes over to the next epoch  -> a file, back
    the sender     link.begin    goes over too; what still waited is numbered anew there

Both statements are signed and kept by both. The closed log stays as it is, with its checkpoints and receipts: nothing
that was receipted changes. Each side needs two people.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mithaq.errors import Clash, NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.link import epochs, recover
from mithaq.kernel.link.log.checkpoint import read_checkpoint
from mithaq.kernel.link.message import Content
from mithaq.kernel.link.recovery import fits, held
from mithaq.kernel.link.sequence import number
from mithaq.kernel.matter.desk import ToDraft, ToState, Which, draft, say
from mithaq.kernel.matter.recovery import KIND, Agree, Renew, Why
from mithaq.kernel.matter.said import Said, read_said
from mithaq.kernel.matter.take import state_of, take
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.shelves import Message
from mithaq.kernel.values import PartyId

PAGE = 500


class ToRenew(Struct, frozen=True, forbid_unknown_fields=True):
    """The partner to whom our link cannot go on, and why."""

    party: PartyId
    why: Why = "lost_numbers"


class Carried(Struct, frozen=True, forbid_unknown_fields=True):
    """A signed statement that was carried by hand."""

    envelope: str


class Stated(Struct, frozen=True):
    """What was stated, to be carried to the partner; the link that it closes, and the one that begins."""

    matter: str
    closes: str
    begins: str
    envelope: str


class Begun(Struct, frozen=True):
    """The link that is closed, the one that has begun, and how many messages were numbered anew there."""

    closed: str
    begun: str
    again: int


def renew(desk: Desk, given: ToRenew) -> Stated:
    """State that our link to a partner is to be closed where we hold it, and begun anew."""
    me = desk.node.party
    if given.party not in desk.node.partners:
        raise NotFound("partner", f"{given.party} is not a partner of this node", hint="see mithaq party list")
    head = held(desk.tx, me, given.party)
    terms = Renew((me, given.party), head, epochs.following(head.link), given.why)
    drafted = draft(desk, ToDraft("renew", None, KIND, None, canonical.plain(terms)), by_node=True)
    return _said(desk, drafted.envelope, head.link, terms.begins)


def agree(desk: Desk, given: Carried) -> Stated:
    """Agree that a partner's link to us is closed where we hold it, and go over to its next epoch."""
    said, terms = _taken(desk, given, "renew", Renew)
    me, link = desk.node.party, epochs.current(desk.tx, said.party, desk.node.party)
    if (terms.closes.link, terms.begins) != (link, epochs.following(link)) or set(terms.parties) != {said.party, me}:
        raise Clash("epoch", f"it closes {terms.closes.link}, and the link is {link} here", hint="mithaq link status")
    if fits(desk.tx, terms.closes) is False and terms.why == "lost_numbers":
        raise Untrusted("head", f"what {said.party} says it holds of {link} is not what we hold")
    answer = Agree(held(desk.tx, said.party, me), terms.begins, desk.tx.links.checkpoint(link))
    drafted = draft(desk, ToDraft("agree", said.matter, KIND, said.digest, canonical.plain(answer)), by_node=True)
    stated = _said(desk, drafted.envelope, link, terms.begins)
    epochs.begin(desk.tx, terms.begins)
    desk.tx.journal.add("renewed", terms.begins, at=desk.at, party=said.party)
    return stated


def begin(desk: Desk, given: Carried) -> Begun:
    """Go over to the next epoch of our link, as the partner has agreed; what waited is numbered anew there."""
    said, terms = _taken(desk, given, "agree", Agree)
    ours = desk.tx.statements.get(said.matter, desk.node.party, 1)
    if ours is None or said.about != ours.digest or said not in state_of(desk.tx, said.matter).effective:
        raise NotAllowed("renew", "it does not answer what we stated", hint="mithaq link renew")
    asked = canonical.fit(read_said(ours.envelope).terms, Renew)
    link = epochs.current(desk.tx, desk.node.party, said.party)
    if (terms.begins, terms.closes.link, asked.closes.link) != (asked.begins, link, link):
        raise Clash("epoch", f"it closes {terms.closes.link}, and our link is {link} now", hint="mithaq link status")
    _check_signed(terms)
    same = fits(desk.tx, terms.closes) is not False
    if not same and asked.why == "lost_numbers":
        raise Untrusted("head", f"{said.party} holds another log of {link} than we do", hint="compare both logs first")
    epochs.begin(desk.tx, terms.begins)
    again = _again(desk, link, said.party, terms.closes.size if same else 0)
    recover.sure(desk.tx, said.party)
    line = desk.node.lines[said.party]
    line.head, line.asked = None, False
    line.reached()
    desk.tx.journal.add("renewed", terms.begins, at=desk.at, party=said.party)
    return Begun(link, terms.begins, again)


def statement(desk: Desk, given: Which) -> Carried:
    """What we stated last in such a matter, to be carried: after a second person agreed to it, say."""
    own = [each for each in desk.tx.statements.of(given.matter) if each.party == desk.node.party and each.kind == KIND]
    if not own:
        raise NotFound("matter", f"we stated nothing in {given.matter}", hint="mithaq link renew")
    return Carried(own[-1].envelope.decode())


def _again(desk: Desk, link: str, party: str, holds: int) -> int:
    """Number what waits on a closed link anew; what the partner holds of it is not sent again. How many."""
    waiting: list[Message] = []
    after = 0
    while page := desk.tx.links.page(link, after=after, limit=PAGE, outcome="waiting"):
        waiting += page
        after = page[-1].seq
    count = 0
    for each in waiting:
        if each.seq <= holds:  # its receipt never came: the partner has settled it, and may well have taken it
            desk.tx.links.settle(link, [(each.seq, "accepted", "unconfirmed")], 0)
            continue
        desk.tx.links.settle(link, [(each.seq, "tombstone", each.code or "closed")], 0)
        if each.content is not None and not each.code:
            _number(desk, party, each)
            count += 1
    return count


def _number(desk: Desk, party: str, message: Message) -> None:
    content = canonical.decode(message.content or b"", Content)
    marking: Any = content.body.get("marking") or {}
    numbered = number(
        desk.tx, sender=desk.node.party, receiver=party, what=content.what, body=content.body, subject=message.subject,
        exercise=bool(marking.get("exercise")), at=desk.at, randomness=desk.node.randomness, lane=message.lane,
    )  # fmt: skip
    desk.node.touched.add(numbered.link)


def _said(desk: Desk, envelope: str, closes: str, begins: str) -> Stated:
    spoken = say(desk, ToState(envelope))
    filed = desk.tx.statements.get(spoken.matter, desk.node.party, spoken.number)
    assert filed is not None  # noqa: S101 - it was said just now
    return Stated(spoken.matter, closes, begins, filed.envelope.decode())


def _taken(desk: Desk, given: Carried, verb: str, into: type[Any]) -> tuple[Said, Any]:
    """A partner's statement, verified and kept, and its terms."""
    said = take(desk.tx, given.envelope.encode(), desk.node.rings.keyrings(), desk.at, me=desk.node.party)
    if (said.kind, said.says) != (KIND, verb) or said.party not in desk.node.partners:
        raise NotAllowed("renew", f"this is not what a partner says to {verb} a link", hint="see docs/servers.md")
    return said, canonical.fit(said.terms, into)


def _check_signed(terms: Agree) -> None:
    """What is signed of a closed log names that log."""
    if terms.signed is not None and read_checkpoint(terms.signed)[0].origin.count("/") < 2:
        raise Untrusted("origin", "the checkpoint is of no link")


def _two(desk: Desk, _: object) -> str:
    return "a link is closed and begun anew"


_WHO = ("legal_officer", "supervisor", "liaison_officer")
COMMANDS = (
    Command("link.renew", "close our link to a partner and begin it anew", ToRenew, Stated, renew, _WHO, _two),
    Command("link.agree", "agree that a partner's link to us is begun anew", Carried, Stated, agree, _WHO, _two),
    Command("link.begin", "begin our link anew, as the partner has agreed", Carried, Begun, begin, _WHO),
)
QUESTIONS = (
    Question("link.statement", "what we stated of a link that is begun anew", Which, Carried, statement,
             personal=False, of_views=False, roles=_WHO),
)  # fmt: skip
