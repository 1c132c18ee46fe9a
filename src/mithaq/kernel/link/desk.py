"""The links at the desk: what a person may ask of them and do with them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from msgspec import Struct

from mithaq.errors import Clash, NotFound, Unavailable
from mithaq.kernel import reviews
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import void
from mithaq.kernel.link import audit, pause, recover
from mithaq.kernel.link import export as exports
from mithaq.kernel.link import recall as recalls
from mithaq.kernel.link.log import tiles
from mithaq.kernel.link.log.checkpoint import read_checkpoint
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.matter.record import Why, mark, recalled
from mithaq.kernel.people.roles import EVERYONE, OPERATIONAL
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.values import Count, PartyId, RecordId, ends, link_id

TILES = 64  # files of a log in one answer
STORED: dict[str, Any] = {"of_views": False}  # rests on what is stored, on no view
PLAIN: dict[str, Any] = STORED | {"personal": False}  # and names nobody


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class LinkState(Struct, frozen=True):
    """One direction of one link: how many numbers it has, what became of them, and how the line is."""

    link: str
    partner: str
    size: int
    waiting: int
    accepted: int
    refused: int
    tombstone: int
    state: str  # up, retrying, paused by us, paused by them; receiving
    problem: str = ""
    oldest: int = 0  # seconds that the oldest waiting message has waited
    bytes: int = 0  # sealed bytes carried since the node was started
    unsure: bool = False  # since a restore the partner has not told how far we had come


class Verification(Struct, frozen=True):
    """One log, rebuilt from its messages and checked against everything signed about it."""

    link: str
    size: int
    root: str
    checkpoints: int
    receipts: int
    verified: bool
    findings: tuple[audit.Finding, ...]


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """One number of one link."""

    sender: PartyId
    receiver: PartyId
    seq: Count


class Further(Struct, frozen=True, forbid_unknown_fields=True):
    """A link, and the number after which to go on."""

    sender: PartyId
    receiver: PartyId
    after: int = 0


class Proof(Struct, frozen=True):
    """That one message is in the log its sender signed: RFC 9162 inclusion, all hashes in hex.

    Whoever holds the message and its salt computes ``entry``; ``path`` leads from it to the root in ``checkpoint``.
    """

    link: str
    seq: int
    entry: str
    salt: str
    path: tuple[str, ...]
    size: int
    checkpoint: str


class Files(Struct, frozen=True):
    """Some files of a log, and after how many to go on; None when these were the last."""

    files: tuple[tiles.File, ...]
    after: int | None


class Whom(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner."""

    party: PartyId


class ToRecall(Struct, frozen=True, forbid_unknown_fields=True):
    """One of our records, all its versions, and why it is taken back: the partners who have it are told that much."""

    id: RecordId
    why: Why = "withdrawn"


class LinkPaused(Struct, frozen=True):
    """Whether the links with a partner are paused by us."""

    party: str
    paused: bool


class Recalled(Struct, frozen=True):
    """The messages that were stopped before they left, those that a partner already has, and the partners told."""

    id: str
    stopped: tuple[str, ...]
    arrived: tuple[str, ...]
    told: tuple[str, ...] = ()


class Restored(Struct, frozen=True):
    """The partners that will be asked how far we had come."""

    asks: tuple[str, ...]


def links(desk: Desk, _: Nothing) -> tuple[LinkState, ...]:
    """Every direction of every link."""
    me = desk.node.party
    both = {link_id(*pair) for partner in desk.node.partners for pair in ((me, partner), (partner, me))}
    return tuple(_link_state(desk, link) for link in sorted(both))


def verify(desk: Desk, _: Nothing) -> tuple[Verification, ...]:
    """Rebuild every log held here and check it against every checkpoint and receipt."""
    rings, found = desk.node.rings, []
    for link in desk.tx.links.names():
        sender, receiver = ends(link)
        report = audit.verify(desk.tx, link, sender=rings.of(sender).ring, receiver=rings.of(receiver).ring)
        found.append(
            Verification(
                link, report.size, report.root.hex(), report.checkpoints, report.receipts, report.verified,
                report.findings,
            )
        )  # fmt: skip
    return tuple(found)


def prove(desk: Desk, given: Number) -> Proof:
    """The proof that a message is in the signed log, from this node's own copy of it."""
    link = link_id(given.sender, given.receiver)
    message, note = desk.tx.links.get(link, given.seq), desk.tx.links.checkpoint(link)
    if message is None or note is None:
        raise NotFound("message", f"no message {given.seq} on {link}", hint="see mithaq link status")
    edge, (signed, _) = desk.tx.links.edge(link), read_checkpoint(note)
    if signed.size > edge.size:
        raise Unavailable(
            "proof", f"the signed log has {signed.size} entries, ours {edge.size}", hint="when all is here"
        )
    tree = Tree(edge, lambda level, index: desk.tx.links.tile(link, level, index))
    path = tuple(part.hex() for part in tree.inclusion(given.seq - 1, signed.size))
    return Proof(link, given.seq, message.entry.hex(), message.salt.hex(), path, signed.size, note)


def export(desk: Desk, given: Further) -> exports.Page:
    """Some lines of this node's side of a link, for an auditor."""
    link = link_id(given.sender, given.receiver)
    if link not in desk.tx.links.names():
        raise NotFound("link", f"no link {link} here", hint="see mithaq link status")
    return exports.page(desk.tx, link, given.after)


def _link_state(desk: Desk, link: str) -> LinkState:
    sender, receiver = ends(link)
    ours = sender == desk.node.party
    partner = receiver if ours else sender
    tally = desk.tx.links.tally(link)
    line, rings = desk.node.lines[partner], desk.node.rings
    warning = (rings.own if ours else rings.partner(partner)).ring.warning(desk.at)
    paused = pause.is_paused(desk.tx, partner)
    return LinkState(
        link=link,
        partner=partner,
        size=desk.tx.links.edge(link).size,
        waiting=tally.get("waiting", 0),
        accepted=tally.get("accepted", 0),
        refused=tally.get("refused", 0),
        tombstone=tally.get("tombstone", 0),
        state="paused by us" if paused else line.state if ours else "receiving",
        problem="; ".join(filter(None, (line.problem if ours else "", warning))),
        oldest=_oldest(desk, link) if ours else 0,
        bytes=line.bytes_out if ours else line.bytes_in,
        unsure=ours and partner in desk.node.unsure,
    )


def _oldest(desk: Desk, link: str) -> int:
    waiting = desk.tx.links.page(link, limit=1, outcome="waiting")
    numbered = desk.tx.journal.page(after=waiting[0].position - 1, limit=1) if waiting else ()
    return max(0, int((desk.at - numbered[0].at).total_seconds())) if numbered else 0


def pause_link(desk: Desk, given: Whom) -> LinkPaused:
    """Stop sending to a partner and taking from it, at once, until it is resumed. What waits stays."""
    pause.pause(desk.tx, _partner(desk, given.party), desk.at)
    return LinkPaused(given.party, True)


def resume_link(desk: Desk, given: Whom) -> LinkPaused:
    """Send to and take from a partner again."""
    pause.resume(desk.tx, _partner(desk, given.party))
    return LinkPaused(given.party, False)


def recall(desk: Desk, given: ToRecall) -> Recalled:
    """Take back one of our records: stop what still waits on any link, and tell every partner who has it.

    A message that waits may have arrived without our knowing: its partner is told once its receipt says so.
    """
    newest = desk.own(given.id)
    if desk.reading(desk.held(given.id)) is None:
        raise NotFound("record", f"no record {given.id}")
    for partner in reviews.forget(desk.tx, given.id):
        void(desk.tx, reviews.duty_id(given.id, partner), "recalled", desk.at)
    if (why := recalled(desk.tx, given.id)) is not None:
        raise Clash("recalled", f"{given.id} was recalled before: {why}")
    stopped, arrived, told = [], [], []
    for partner in desk.node.partners:
        link = link_id(desk.node.party, partner)
        waiting = desk.tx.links.waiting_about(link, given.id)
        desk.tx.links.withdraw(link, waiting, "recalled")
        recover.deferred(desk.tx, partner, given.id)  # nor is it released later
        stopped += [f"{link}/{seq}" for seq in waiting]
        versions = range(1, newest.version + 1)
        carried = [m for version in versions for m in desk.tx.links.carrying(f"{given.id}/{version}") if m.link == link]
        here = [f"{m.link}/{m.seq}" for m in carried if m.outcome == "accepted"]
        arrived += here
        if here:
            recalls.tell(desk, partner, given.id, given.why)
            told.append(partner)
        elif waiting:
            recalls.watch(desk.tx, partner, given.id)
    mark(desk.tx, given.id, given.why, desk.at, desk.node.party)
    return Recalled(given.id, tuple(stopped), tuple(arrived), tuple(told))


def restored(desk: Desk, _: Nothing) -> Restored:
    """Say that this home was set back to an earlier state: each partner is asked before anything is numbered for it."""
    for partner in desk.node.partners:
        recover.unsure(desk.tx, partner, "the operator said so")
        desk.node.unsure.add(partner)
        desk.node.lines[partner].ask_again()
        desk.node.lines[partner].asked = False
    return Restored(desk.node.partners)


def _partner(desk: Desk, party: str) -> str:
    if party not in desk.node.partners:
        raise NotFound("partner", f"{party} is not a partner of this node", hint="see mithaq party list")
    return party


def tile_files(desk: Desk, given: Further) -> Files:
    """Some files of a log in the format of C2SP tlog-tiles, after so many; the checkpoint is the last."""
    link = link_id(given.sender, given.receiver)
    note = desk.tx.links.checkpoint(link)
    if note is None:
        raise NotFound("link", f"no log of {link} here", hint="see mithaq link status")
    size = min(desk.tx.links.edge(link).size, read_checkpoint(note)[0].size)
    note = desk.tx.links.checkpoint(link, size)
    if note is None:
        raise Unavailable("checkpoint", f"no checkpoint of size {size} was signed", hint="when all is here")
    some = tuple(islice(tiles.places(size), given.after, given.after + TILES))
    files = tuple(tiles.read_tile(desk.tx, link, place) for place in some)
    if len(some) == TILES:
        return Files(files, given.after + TILES)
    return Files((*files, tiles.File("checkpoint", note.encode())), None)


_STOPS = ("supervisor", "legal_officer", "liaison_officer", "administrator")
COMMANDS = (
    Command(
        "link.pause", "stop sending to a partner and taking from it", Whom, LinkPaused, pause_link, roles=_STOPS
    ),
    Command("link.resume", "send to and take from a partner again", Whom, LinkPaused, resume_link, roles=_STOPS),
    Command(
        "link.recall", "take back a record of ours, and tell every partner who has it", ToRecall, Recalled, recall,
        roles=OPERATIONAL,
    ),
    Command(
        "node.restored", "say that this home was set back by a restore", Nothing, Restored, restored,
        roles=("administrator",),
    ),
)  # fmt: skip
QUESTIONS = (
    Question(
        "link.tiles", "files of a log in the format of C2SP tlog-tiles", Further, Files, tile_files,
        roles=EVERYONE, **PLAIN,
    ),
    Question(
        "link.prove", "the proof that a message is in the signed log", Number, Proof, prove, roles=EVERYONE, **PLAIN
    ),
    Question(
        "link.export", "this side of a link, for an auditor", Further, exports.Page, export,
        roles=("oversight", "legal_officer"), **STORED,
    ),
    Question(
        "link.status", "numbers and state of every link", Nothing, tuple[LinkState, ...], links,
        roles=EVERYONE, **PLAIN,
    ),
    Question(
        "link.verify", "rebuild and check every log", Nothing, tuple[Verification, ...], verify,
        roles=EVERYONE, **PLAIN,
    ),
)  # fmt: skip
