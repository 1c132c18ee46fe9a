"""A partner is paused, resumed, removed, taken back: at once, said to it, and never half.

What these tests rule out was reported of a widely used exchange: an organisation that was removed went on pulling
events that others shared with it (MISP issue 10899), and narrowing whom an event is shared with never reached those who
had it (MISP issue 7409). Here three nations share: Jordan with Saudi Arabia and with Iraq.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import load_keys, open_home, read_vocabulary, signature, signature_file
from mithaq.cli.rehearsal import Rehearsal, audit_stores
from mithaq.config import write_private
from mithaq.errors import Clash, MithaqError, NotAllowed, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.law.law import load_law, write_law
from mithaq.kernel.link import charter
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.link.send import next_delivery
from mithaq.kernel.link.sequence import number
from mithaq.kernel.matter import link as matters
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import seal, unseal
from tests.kernel.people.staff import Staff
from tests.worlds import START, alert


class Region:
    """Three nations; with ``files``, their stores are in their homes, so that they can be restarted and set back."""

    def __init__(self, folder: Path, *, files: bool = False) -> None:
        self.files = files
        self.clock, self.wire, self.nodes = ManualClock(START), LocalTransport(), dict[str, Node]()
        self.rehearsal = Rehearsal(folder, ("IQ", "JO", "SA"))
        self.homes = {party: each.home for party, each in self.rehearsal.nations.items()}
        self._agree_with_iraq()
        self.seen: dict[str, list[Delivery]] = {party: [] for party in self.homes}
        self.under_way: Callable[[str, Delivery], None] | None = None
        for party in self.homes:
            self.open(party)

    def _agree_with_iraq(self) -> None:
        text = (resources.files("mithaq.laws") / "JO-SA-border.json").read_text().replace('"SA"', '"IQ"')
        vocabulary = read_vocabulary(self.homes["JO"])
        law = load_law(text.replace("JO-SA", "JO-IQ").encode(), vocabulary)
        for home in (self.homes["JO"], self.homes["IQ"]):
            write_private(home.agreements / f"{law.id}.{law.version}.json", write_law(law))
            for party in law.parties:
                signed = signature(law, party, load_keys(self.homes[party]), START)
                write_private(signature_file(home, law, party), signed)

    def open(self, party: str) -> Node:
        store = None if self.files else open_store(":memory:")
        self.nodes[party] = open_home(self.homes[party], clock=self.clock, transport=self.wire, store=store)
        self.join(party)
        return self.nodes[party]

    def join(self, party: str) -> None:
        keys = load_keys(self.homes[party])

        def receive(sealed: bytes) -> Answer:
            delivery = canonical.decode(unseal(sealed, keys, me=party)[1], Delivery)
            self.seen[party].append(delivery)
            if self.under_way is not None:
                self.under_way(party, delivery)
            return self.nodes[party].receive(sealed)

        self.wire.join(party, receive)

    def restart(self, party: str, before: Callable[[], None] | None = None) -> Node:
        self.nodes[party].close()
        if before is not None:
            before()
        return self.open(party)

    def settle(self, steps: int = 4) -> None:
        for _ in range(steps):
            for node in self.nodes.values():
                node.step()
            self.clock.advance(timedelta(seconds=61))

    def do(self, who: str, name: str, /, **given: Any) -> Any:
        return self.nodes[who].do(name, given, who=HOME).result()

    def state(self, party: str = "JO", plate: str = "P-1") -> str:
        return str(self.do(party, "intelligence.alert-vehicle", **alert(plate=plate)).id)

    def holds(self, party: str, id: str) -> bool:
        with self.nodes[party].store.read() as tx:
            return tx.records.get(id) is not None

    def dealing(self, party: str, other: str) -> Any:
        found = self.nodes[party].ask("party.standing", {}, who=HOME)
        return next(each for each in found if each.party == other)

    def link(self, party: str, name: str) -> Any:
        return next(each for each in self.nodes[party].ask("link.status", {}, who=HOME) if each.link == name)

    def shown(self, party: str, plate: str) -> bool:
        """Whether anything that came over the wire to a nation showed this plate."""
        return any(plate in (one.content or "") for each in self.seen[party] for one in each.messages)

    def assert_sound(self) -> None:
        known = {party: node.rings.own for party, node in self.nodes.items()}
        found = audit_stores({party: node.store for party, node in self.nodes.items()}, known)
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("region")
    for node in Region(folder).nodes.values():
        node.close()
    return folder


@pytest.fixture
def region(made: Path, tmp_path: Path) -> Iterator[Region]:
    yield from opened(made, tmp_path, files=False)


@pytest.fixture
def stored(made: Path, tmp_path: Path) -> Iterator[Region]:
    yield from opened(made, tmp_path, files=True)


def opened(made: Path, folder: Path, *, files: bool) -> Iterator[Region]:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    found = Region(folder, files=files)
    try:
        yield found
    finally:
        for node in found.nodes.values():
            node.close()


# -- removed -----------------------------------------------------------------------------------------------------------


def test_a_removed_partner_gets_nothing_more_and_is_told_and_the_other_gets_it_all(region: Region) -> None:
    first = region.state(plate="BEFORE")
    region.settle()
    assert region.holds("SA", first)
    assert region.holds("IQ", first)  # an event shared with two
    region.wire.leave("SA")
    waits = region.state(plate="WAITS")
    found = region.do("JO", "party.remove", party="SA", reason="political")
    assert (len(found.stopped), found.has) == (1, 1)
    later = region.do("JO", "intelligence.alert-vehicle", **alert(plate="LATER"))
    assert (later.released, later.withheld) == (("IQ",), {"SA": ("removed",)})
    region.join("SA")
    region.settle()
    assert region.holds("IQ", waits)
    assert region.holds("IQ", later.id)
    assert not region.shown("SA", "WAITS")
    assert not region.shown("SA", "LATER")
    assert region.holds("SA", first)  # what it has stays under its handling and retention: the statement says so
    told = region.dealing("SA", "JO")
    assert (told.theirs, told.their_reason) == ("removed", "political")
    with region.nodes["SA"].store.read() as tx:
        [matter] = tx.statements.matters(matters.KIND)
        terms = json.loads(canonical.read(tx.statements.of(matter)[0].envelope, _Envelope).payload)["terms"]
    assert terms == {"parties": ["JO", "SA"], "reason": "political", "received": "stays_bound"}
    assert region.dealing("JO", "SA").told
    with region.nodes["IQ"].store.read() as tx:
        assert tx.statements.matters(matters.KIND) == []  # no third nation learns of it
    region.assert_sound()


class _Envelope(msgspec.Struct, frozen=True):
    payload: bytes


def test_stop_statement_journal_and_audit_are_one_transaction(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    region.wire.leave("SA")
    region.state(plate="WAITS")

    def breaks(*_: Any, **__: Any) -> str:
        raise Clash("broken", "as if the disk were full")

    with monkeypatch.context() as patch:
        patch.setattr("mithaq.kernel.link.partners.speak", breaks)
        with pytest.raises(Clash, match="disk"):
            region.do("JO", "party.remove", party="SA")
    assert region.dealing("JO", "SA").ours == "open"
    assert region.link("JO", "JO>SA").waiting == 1
    with region.nodes["JO"].store.read() as tx:
        assert [each.code for each in tx.links.page("JO>SA", outcome="waiting")] == [""]
    region.do("JO", "party.remove", party="SA")
    with region.nodes["JO"].store.read() as tx:
        assert [each.subject for each in tx.journal.page() if each.what == "removed"] == ["SA"]
        assert [each.act for each in tx.audit.page(subject="SA")] == ["party.remove"]
        assert len(tx.statements.matters(matters.KIND)) == 1


def test_what_a_removed_partner_still_delivers_is_refused_by_name_and_counted(region: Region) -> None:
    region.state("JO", plate="FIRST")
    region.settle()
    region.do("JO", "party.remove", party="SA")
    region.settle()
    with region.nodes["SA"].store.read() as tx:
        assert matters.theirs(tx, "JO") is not None
    forget(region.nodes["SA"], "JO")  # a node that does not heed what it was told
    delivered = waiting(region, "SA")
    before = region.dealing("JO", "SA").attempts
    with pytest.raises(Untrusted, match="SA was removed"):
        region.nodes["JO"].receive(sealed(region, "SA", "JO", delivered))
    found = region.dealing("JO", "SA")
    assert found.attempts == before + 1
    assert found.last_attempt
    assert list(region.homes["JO"].evidence.glob("turned-away-removed-*.json"))
    assert region.link("JO", "SA>JO").size == 0


def waiting(region: Region, sender: str) -> Delivery:
    """A delivery of a release of this nation to Jordan, with real signatures."""
    node = region.nodes[sender]
    with node.store.read() as tx:
        found = next_delivery(tx, f"{sender}>JO")
    if found is None:
        _number(node, "JO")
        with node.store.read() as tx:
            found = next_delivery(tx, f"{sender}>JO")
    assert found is not None
    return found


def _number(node: Node, receiver: str) -> None:
    def job(tx: Any) -> None:
        message = number(
            tx, sender=node.party, receiver=receiver, what="release", body={"any": "thing"}, subject="x/1",
            exercise=False, at=node.clock.now(), randomness=node.surroundings.randomness,
        )  # fmt: skip
        node._touched.add(message.link)

    node.store.write(job).result()


def sealed(region: Region, sender: str, receiver: str, delivery: Delivery) -> bytes:
    public = region.nodes[receiver].card.sealing
    return seal(canonical.encode(delivery), sender=sender, receiver=receiver, public=public)


def forget(node: Node, partner: str) -> None:
    node.store.write(lambda tx: matters.took(tx, partner, node.clock.now())).result()


def test_a_partner_that_was_offline_is_told_once_it_is_back_and_gets_entries_only(region: Region) -> None:
    region.wire.leave("SA")
    for n in range(5):
        region.state(plate=f"WAITS-{n}")
    region.do("JO", "party.remove", party="SA", reason="security")
    region.settle()
    assert not region.dealing("JO", "SA").told
    region.join("SA")
    region.settle()
    assert region.dealing("JO", "SA").told
    assert not region.shown("SA", "WAITS")
    assert region.link("SA", "JO>SA").tombstone == 5
    region.assert_sound()  # both hold the same log


@pytest.mark.parametrize("act", ["party.remove", "link.pause"])
def test_a_delivery_under_way_arrives_or_does_not_and_both_know_which(region: Region, act: str) -> None:
    region.nodes["JO"].line("SA").size = 16 * 1024
    for n in range(60):
        region.state(plate=f"P-{n}")
    stopped: list[Any] = []

    def meanwhile(party: str, delivery: Delivery) -> None:
        if party == "SA" and delivery.messages and not stopped:
            stopped.append(region.do("JO", act, party="SA"))

    region.under_way = meanwhile
    region.settle()
    arrived = region.link("SA", "JO>SA").accepted
    assert 0 < arrived < 60
    loads = [each for each in region.seen["SA"] if each.messages and not charter.only(each)]
    assert len(loads) == 1  # that which was under way, and no byte after it
    ours = region.link("JO", "JO>SA")
    assert ours.accepted == arrived
    if act == "link.pause":
        region.do("JO", "link.resume", party="SA")
        region.settle()
    region.assert_sound()


def test_removal_between_the_making_of_a_delivery_and_its_first_byte_stops_it(region: Region) -> None:
    region.state(plate="ALMOST")
    node = region.nodes["JO"]
    made = waiting_for(node, "SA")
    region.do("JO", "party.remove", party="SA")
    with pytest.raises(Unavailable, match="just been removed"):
        node._outbound._carrier._carried("SA", made)
    assert not region.seen["SA"]


def waiting_for(node: Node, receiver: str) -> Delivery:
    with node.store.read() as tx:
        found = next_delivery(tx, f"{node.party}>{receiver}")
    assert found is not None
    return found


# -- not even afterwards -----------------------------------------------------------------------------------------------


def test_a_restart_and_the_same_card_again_change_nothing(stored: Region) -> None:
    stored.wire.leave("SA")
    stored.state(plate="WAITS")
    stored.do("JO", "party.remove", party="SA")
    stored.restart("JO")
    home = stored.homes["JO"]
    card = home.partner("SA").read_bytes()

    def trust_again() -> None:
        home.partner("SA").unlink()
        write_private(home.partner("SA"), card)

    stored.restart("JO", trust_again)
    stored.join("SA")
    stored.state(plate="LATER")
    stored.settle()
    assert stored.dealing("JO", "SA").ours == "removed"
    assert not stored.shown("SA", "WAITS")
    assert not stored.shown("SA", "LATER")


def test_a_store_that_is_set_back_to_before_the_removal_is_put_right(stored: Region) -> None:
    stored.wire.leave("SA")
    stored.state(plate="WAITS")
    home, copy = stored.homes["JO"], stored.homes["JO"].path / "copy"

    def keep() -> None:
        copy.mkdir()
        for each in home.path.glob("node.db*"):
            shutil.copy(each, copy)

    stored.restart("JO", keep)
    stored.do("JO", "party.remove", party="SA")

    def set_back() -> None:
        for each in home.path.glob("node.db*"):
            each.unlink()
        for each in copy.iterdir():
            shutil.copy(each, home.path)

    stored.restart("JO", set_back)
    assert stored.dealing("JO", "SA").ours == "removed"
    stored.join("SA")
    stored.settle()
    assert not stored.shown("SA", "WAITS")
    assert not stored.holds("SA", stored.state(plate="LATER"))


def test_no_bundle_is_made_for_it(region: Region) -> None:
    region.wire.leave("SA")
    region.state(plate="WAITS")
    region.do("JO", "party.remove", party="SA")
    with pytest.raises(Unavailable, match="removed by us"):
        list(region.nodes["JO"].pack("SA", after=0, size=10_000))


def test_a_partner_that_lost_its_store_gets_no_record_again(stored: Region) -> None:
    stored.state(plate="BEFORE")
    stored.settle()
    stored.do("JO", "party.remove", party="SA")
    stored.settle()
    stored.seen["SA"].clear()

    def lost() -> None:
        for each in stored.homes["SA"].path.glob("node.db*"):
            each.unlink()

    stored.restart("SA", lost)
    stored.nodes["JO"].line("SA").head = None
    stored.state(plate="LATER")
    _number(stored.nodes["JO"], "SA")
    stored.settle()
    assert not stored.shown("SA", "BEFORE")
    assert not stored.shown("SA", "LATER")


def test_coming_back_takes_two_people_and_starts_from_here(region: Region) -> None:
    first = region.state(plate="BEFORE")
    region.settle()
    region.wire.leave("SA")
    region.state(plate="WAITS")
    region.do("JO", "party.remove", party="SA")
    region.state(plate="MEANWHILE")
    waits = region.do("JO", "party.readmit", party="SA")
    assert waits.why == "a removed partner comes back only by two people"
    with pytest.raises(NotAllowed):  # not by the same again
        region.do("JO", "acts.approve", id=waits.waiting)
    assert region.dealing("JO", "SA").ours == "removed"
    with pytest.raises(Clash, match="removed, not paused"):
        region.do("JO", "link.resume", party="SA")
    with pytest.raises(Clash):
        region.do("JO", "link.pause", party="SA")
    with pytest.raises(NotAllowed, match="no glass is broken"):
        region.nodes["JO"].do(
            "party.readmit", {"party": "SA"}, who=HOME, glass="the other shift is not reached tonight"
        ).result()
    staff = Staff(region.nodes["JO"], region.clock)
    staff.do("acts.approve", {"id": waits.waiting}, staff.officer("rania", "legal_officer"))
    assert region.dealing("JO", "SA").ours == "open"
    region.join("SA")
    after = region.state(plate="AFTER")
    region.settle()
    assert region.holds("SA", first)
    assert region.holds("SA", after)
    assert not region.shown("SA", "WAITS")
    assert not region.shown("SA", "MEANWHILE")
    assert region.dealing("SA", "JO").theirs == "open"
    region.assert_sound()


def test_a_recall_still_reaches_a_partner_that_was_removed(region: Region) -> None:
    id = region.state(plate="WRONG")
    region.settle()
    region.do("JO", "party.remove", party="SA")
    region.do("JO", "link.recall", id=id, why="wrong")
    region.settle()
    with region.nodes["SA"].store.read() as tx:
        assert tx.memos.get(f"recalled/{id}") == "wrong"


# -- paused ------------------------------------------------------------------------------------------------------------


def test_a_pause_is_told_while_what_waits_stays_and_goes_afterwards(region: Region) -> None:
    region.state(plate="FIRST")
    region.settle()
    region.wire.leave("SA")
    waits = region.state(plate="WAITS")
    region.do("JO", "link.pause", party="SA", reason="maintenance")
    region.join("SA")
    region.settle()
    told = region.dealing("SA", "JO")
    assert (told.theirs, told.their_reason) == ("paused", "maintenance")
    assert region.link("SA", "SA>JO").state == "paused by them"
    assert not region.shown("SA", "WAITS")
    region.do("JO", "link.resume", party="SA")
    region.settle()
    assert region.holds("SA", waits)
    assert region.dealing("SA", "JO").theirs == "open"
    region.assert_sound()


def test_what_waits_may_be_stopped_for_good_with_a_pause(region: Region) -> None:
    region.wire.leave("SA")
    region.state(plate="WAITS")
    assert len(region.do("JO", "link.pause", party="SA", waiting="stop").stopped) == 1
    region.do("JO", "link.resume", party="SA")
    region.join("SA")
    region.settle()
    assert not region.shown("SA", "WAITS")
    region.assert_sound()


@pytest.mark.parametrize("act", ["link.pause", "party.remove"])
def test_both_may_stop_each_other_and_both_are_told(region: Region, act: str) -> None:
    region.state(plate="FIRST")
    region.settle()
    region.do("JO", act, party="SA", reason="dispute")
    region.do("SA", act, party="JO", reason="security")
    region.settle()
    stop = "paused" if act == "link.pause" else "removed"
    assert [(e.ours, e.theirs, e.their_reason) for e in (region.dealing("JO", "SA"), region.dealing("SA", "JO"))] == [
        (stop, stop, "security"), (stop, stop, "dispute")
    ]  # fmt: skip
    if act == "link.pause":
        region.do("JO", "link.resume", party="SA")
        region.settle()
        assert region.dealing("SA", "JO").theirs == "open"
        assert region.dealing("JO", "SA").theirs == "paused"
        later = region.state(plate="LATER")
        region.settle()
        assert not region.holds("SA", later)
        region.do("SA", "link.resume", party="JO")
        region.settle()
        assert region.holds("SA", later)
    region.assert_sound()


def test_a_pause_twice_and_a_resume_of_nothing_say_nothing(region: Region) -> None:
    one = region.do("JO", "link.pause", party="SA")
    assert region.do("JO", "link.pause", party="SA").matter == one.matter
    region.do("JO", "link.resume", party="SA")
    assert region.do("JO", "link.resume", party="SA").matter == ""
    with region.nodes["JO"].store.read() as tx:
        assert [len(tx.statements.of(each)) for each in tx.statements.matters(matters.KIND)] == [2]


def test_only_statements_of_the_charter_cross(region: Region) -> None:
    release = canonical.encode({"what": "release", "body": {"statement": "x"}})
    assert not charter.crosses(release)
    assert not charter.crosses(b"{}")
    assert not charter.crosses(b"\xff")
    assert not charter.crosses(canonical.encode({"what": "statement", "body": {"statement": "no envelope"}}))
    assert charter.crosses(canonical.encode({"what": "statement", "body": {"manifest": "x"}}))


def test_a_partner_not_known_here_cannot_be_removed(region: Region) -> None:
    with pytest.raises(MithaqError, match="not a partner"):
        region.do("JO", "party.remove", party="EG")
