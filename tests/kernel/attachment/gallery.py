"""Nations that exchange sightings with pictures: real keys, stores, links and decoder, and a law of a few clauses."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from PIL import Image

from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.pictures.pillow import PillowPictures
from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.cli.rehearsal import audit_stores
from mithaq.errors import Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.attachment.descriptor import Attachment, cut
from mithaq.kernel.attachment.finish import FINISH, Finished
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.core import core
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.rulebook import rulebook
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary
from mithaq.kernel.link.evidence import Evidence
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.node import Node
from mithaq.kernel.party import Card, Partner, pinned
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Capability, Command
from mithaq.kernel.record import Field, Kind, Marking, Sensitivity
from mithaq.kernel.shelves import Message
from mithaq.kernel.values import Code, Line, RecordId, digest
from tests.worlds import START

PERSONAL, OPEN = Sensitivity.PERSONAL, Sensitivity.OPEN
ANALYST = replace(HOME, id="analyst-3", roles=("analyst",))
GUARD = replace(HOME, id="guard-4", roles=("duty_officer",))


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    to: RecordId
    as_: Line


class Sighting1(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As it was before there were pictures."""

    plate: Annotated[Line, Field("registration plate", PERSONAL)]


class Sighting(Sighting1, frozen=True, forbid_unknown_fields=True, kw_only=True):
    photos: Annotated[tuple[Attachment, ...], Field("as it was seen", PERSONAL)] = ()
    face: Annotated[Attachment | None, Field("who drove it", PERSONAL)] = None
    near: Annotated[tuple[RecordId, ...], Field("seen with it", OPEN, refers=True)] = ()
    first: Annotated[RecordId | None, Field("the sighting before", OPEN, refers=True)] = None
    links: Annotated[Annotated[tuple[Link, ...], Meta(max_length=9)], Field("other links", OPEN, refers=True)] = ()


def _down(body: dict[str, Any]) -> dict[str, Any]:
    return {"plate": body["plate"]}


def _kind(version: int, body: type[Struct], **more: Any) -> Kind:
    return Kind("gallery.sighting", version, body, "plate", "plate", None, None, "P1Y", **more)


SIGHTING1 = _kind(1, Sighting1)
SIGHTING = _kind(2, Sighting, before=SIGHTING1, down=_down)


class See(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    body: dict[str, Any]
    purpose: Code = "search"
    id: RecordId | None = None
    exercise: bool = False
    flash: bool = False


def _see(desk: Desk, given: See) -> Stated:
    follows, marking = desk.own(given.id) if given.id else None, Marking(exercise=given.exercise)
    return desk.state(
        desk.draft(
            SIGHTING, given.body, purpose=given.purpose, marking=marking, release_texts={}, follows=follows
        ),
        flash=given.flash,
    )  # fmt: skip


GALLERY = Capability(
    "gallery",
    "sightings with pictures",
    kinds=(SIGHTING1, SIGHTING),
    commands=(Command("gallery.see", "state a sighting", See, Stated, _see, roles=OPERATIONAL),),
)


def _vocabulary() -> Vocabulary:
    sorts = {"purpose": "enum", "origin": "party", "exercise": "bool", "instant": "instant"}
    attributes: dict[str, Any] = {name: {"type": sort, "meaning": name} for name, sort in sorts.items()}
    attributes["caveats"] = {"type": "set", "meaning": "caveats", "values": ["contested"]}
    attributes["reader.roles"] = {"type": "set", "meaning": "who reads", "values": ["analyst", "duty_officer"]}
    fields = {kind.name: {"attributes": [], "fields": dict.fromkeys(kind.fields, "plain")} for kind in GALLERY.kinds}
    document = {
        "format": "mithaq-vocabulary/1", "id": "gallery", "version": 1, "attributes": attributes,
        "purposes": ["search", "brief", "plain", "token", "hidden"],
        "acts": {"share": [], "hold": [], "read": ["reader.roles"]},
        "kinds": fields, "levels": {"place": [], "time": []}, "events": ["use"], "authorities": ["police"],
    }  # fmt: skip
    return load_vocabulary(canonical.encode(document))


WORDS = _vocabulary()
_LINKS = {"near": "clear", "first": "clear", "links": "clear"}


def _law(type: str, id: str, parties: tuple[str, ...], clauses: list[dict[str, Any]]) -> Law:
    document = {
        "format": "mithaq-law/1", "type": type, "id": id, "version": 1, "title": id, "vocabulary": WORDS.digest,
        "parties": parties, "in_force": {"from": "2026-01-01T00:00:00Z"}, "clauses": clauses,
    }  # fmt: skip
    return load_law(canonical.encode(document), WORDS)


def _permit(id: str, purpose: str, fields: dict[str, str], retain: str) -> dict[str, Any]:
    kinds = [SIGHTING.name] if fields.keys() - {"plate"} else [SIGHTING1.name, SIGHTING.name]
    return {
        "id": id, "effect": "permit", "from": "any", "to": "any", "act": "share", "kinds": kinds,
        "when": [["purpose", "eq", purpose]], "release": {"fields": {"plate": "clear", **fields}},
        "obligations": {"retain": retain},
    }  # fmt: skip


def agreement(*parties: str) -> Law:
    """Pictures go for a search and, for a week, in brief; not for what is plain; as a token they are no pictures."""
    return _law(
        "agreement", "-".join(parties), parties,
        [_permit("1", "search", {"photos": "clear", **_LINKS}, "P1Y"),
         _permit("2", "brief", {"photos": "clear"}, "P7D"),
         _permit("3", "plain", {}, "P1Y"), _permit("4", "token", {"photos": "pseudonym", "near": "pseudonym"}, "P1Y"),
         _permit("5", "search", {}, "P1Y")],
    )  # fmt: skip


def reading(party: str) -> Law:
    """Analysts see everything; those on duty see no face, and no picture of what is marked brief."""
    shown = {name: "clear" for name in SIGHTING.fields if name != "face"}
    read = {"effect": "permit", "from": party, "to": party, "act": "read", "kinds": [SIGHTING.name]}
    return _law(
        "national", f"law-{party}", (party,),
        [{**read, "id": "1", "when": [["reader.roles", "anyof", ["analyst"]]],
          "release": {"fields": dict.fromkeys(SIGHTING.fields, "clear")}},
         {**read, "id": "2", "when": [["reader.roles", "anyof", ["duty_officer"]], ["purpose", "eq", "search"]],
          "release": {"fields": shown}}],
    )  # fmt: skip


class Gallery:
    """The nations by party. Each knows every other; Jordan has an agreement with each."""

    def __init__(
        self, folder: Path, parties: tuple[str, ...], *, files: bool, reads: dict[str, tuple[str, ...]]
    ) -> None:
        self.clock, self.wire = ManualClock(START), LocalTransport()
        self.folder, self.files = folder, files
        self.keys = {party: KeyFile.generate() for party in parties}
        everything = tuple(kind.name for kind in GALLERY.kinds)
        self.cards = {
            party: Card(
                party=party, names={"en": party}, signing=keys.signing, sealing=keys.sealing, certificate="",
                reads=reads.get(party, everything),
            )
            for party, keys in self.keys.items()
        }  # fmt: skip
        self.agreements = [agreement(*sorted(("JO", party))) for party in parties if party != "JO"]
        self.evidence: list[Evidence] = []
        self.nodes: dict[str, Node] = {}
        for party in parties:
            self.open(party)

    def open(self, party: str) -> Node:
        own = [law for law in self.agreements if party in law.parties]
        node = self.nodes[party] = Node(
            identity=pinned(self.cards[party]),
            clock=self.clock,
            store=open_store(self.folder / f"{party}.db" if self.files else ":memory:"),
            keys=self.keys[party],
            partners=[Partner(card, "") for other, card in self.cards.items() if other != party],
            book=rulebook(WORDS, own, [reading(party)], _law("floor", "floor", (), [])),
            capabilities=(core, GALLERY),
            transport=self.wire,
            randomness=secrets.token_bytes,
            evidence=self.evidence.append,
            pictures=PillowPictures(),
        )
        self.wire.join(party, node.receive)
        return node

    def reopen(self, party: str) -> Node:
        self.nodes[party].close()
        return self.open(party)

    @property
    def jo(self) -> Node:
        return self.nodes["JO"]

    @property
    def sa(self) -> Node:
        return self.nodes["SA"]

    def step(self, seconds: int = 60) -> None:
        """Time passes, and everything that waits moves."""
        self.clock.advance(timedelta(seconds=seconds))
        for node in self.nodes.values():
            node.step()

    def cut(self, party: str, after: int, *, lose: bool = False) -> None:
        """The wire to a party breaks after so many deliveries; with ``lose``, what it answers to the last is lost."""
        left, receive = [after], self.nodes[party].receive

        def broken(sealed: bytes) -> Answer:
            left[0] -= 1
            if left[0] < 0:
                raise Unavailable("cut", "the wire is cut")
            answer = receive(sealed)
            if lose and left[0] == 0:
                raise Unavailable("cut", "the answer is lost")
            return answer

        self.wire.join(party, broken)

    def mend(self, party: str) -> None:
        self.wire.join(party, self.nodes[party].receive)

    def messages(self, at: str, link: str) -> list[Message]:
        with self.nodes[at].store.read() as tx:
            return list(tx.links.page(link, limit=1000))

    def journal(self, at: str, *what: str) -> list[tuple[str, str, str]]:
        with self.nodes[at].store.read() as tx:
            return [(each.what, each.subject, each.party) for each in tx.journal.page() if each.what in what]

    def blobs(self, at: str) -> int:
        """How many parts a node has on its shelf."""
        with self.nodes[at].store.read() as tx:
            found = tx.blobs._run._driver.execute("select count(*) from blobs").fetchone()  # type: ignore[attr-defined]
        return int(found[0])

    def papers(self, at: str, *sorts: str) -> int:
        with self.nodes[at].store.read() as tx:
            return sum(len(tx.papers.page(sort, limit=1000)) for sort in sorts)

    def assert_sound(self) -> dict[str, Any]:
        """Nothing lost, doubled or out of order; every log verifies on both sides."""
        stores = {party: node.store for party, node in self.nodes.items()}
        found = audit_stores(stores, {party: pinned(card) for party, card in self.cards.items()})
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"] > 0
        return found


@contextmanager
def gallery(
    folder: Path, *parties: str, files: bool = False, reads: dict[str, tuple[str, ...]] | None = None
) -> Iterator[Gallery]:
    made = Gallery(folder, parties or ("JO", "SA"), files=files, reads=reads or {})
    try:
        yield made
    finally:
        for node in made.nodes.values():
            node.close()


def picture(seed: int = 1, side: int = 300) -> bytes:
    """A PNG of coloured noise: what is cleaned of it has as many bytes, in several parts."""
    into = io.BytesIO()
    Image.frombytes("RGB", (side, side), Random(seed).randbytes(side * side * 3)).save(into, "PNG", compress_level=1)
    return into.getvalue()


def as_json(value: object) -> Any:
    """A value as it is read from JSON."""
    return msgspec.json.decode(msgspec.json.encode(value))


def begin(node: Node, data: bytes, who: Actor = HOME) -> Any:
    given = {"size": len(data), "sha256": digest(data), "parts": [digest(part) for part in cut(data)]}
    return node.do("attachment.begin", given, who=who).result()


def put(node: Node, data: bytes, who: Actor = HOME) -> None:
    node.do("attachment.part", {"data": data}, who=who).result()


def give(node: Node, data: bytes, who: Actor = HOME) -> Finished:
    """A whole upload."""
    begin(node, data, who)
    for part in cut(data):
        put(node, part, who)
    done: Finished = FINISH.do(node, {"sha256": digest(data)}, who=who)
    return done


def see(node: Node, *photos: Attachment, who: Actor = HOME, plate: str = "12-34567", **more: Any) -> Stated:
    """State a sighting with these photos. What is not a field of ``See`` goes into its body."""
    outer: dict[str, Any] = {name: more.pop(name) for name in ("purpose", "id", "exercise", "flash") if name in more}
    body = {"plate": plate, "photos": [canonical.plain(each) for each in photos], **canonical.plain(more)}
    stated: Stated = node.do("gallery.see", {"body": body, **outer}, who=who).result()
    return stated


def fetched(node: Node, of: str, who: Actor = HOME) -> bytes:
    """All bytes of an attachment, part by part."""
    first = node.ask("attachment.fetch", {"digest": of}, who=who)
    rest = [node.ask("attachment.fetch", {"digest": of, "part": n}, who=who).data for n in range(2, first.parts + 1)]
    return b"".join([first.data, *rest])
