"""A gate in the wrong hands: it replays, reorders, withholds, swaps and forges. It can delay and drop, nothing else.

The gate is the wire here: whatever a gate could do to sealed deliveries and receipts, this one does, in process.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.transport.local import LocalTransport
from mithaq.errors import MithaqError, NotAllowed, Unavailable, Untrusted
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import seal
from tests.worlds import World, alert, two_nations


class Dishonest:
    """Stands between both nodes and keeps everything it ever saw. ``does`` says what it does next."""

    def __init__(self, wire: LocalTransport, seed: int = 0) -> None:
        self.does = "carry"
        self.asked: dict[str, list[bytes]] = {"JO": [], "SA": []}  # sealed deliveries, by who is to have them
        self.receipts: dict[str, list[bytes]] = {"JO": [], "SA": []}  # sealed receipts, by who is to have them
        self.draw = random.Random(seed)
        self._carry, self._wire = wire.deliver, wire
        wire.deliver = self.deliver  # type: ignore[method-assign]

    def deliver(self, partner: str, sealed: bytes) -> bytes:
        caller = "SA" if partner == "JO" else "JO"
        before, seen = list(self.receipts[caller]), list(self.asked[partner])
        self.asked[partner].append(sealed)
        what = self.draw.choice(ALL) if self.does == "anything" else self.does
        if what == "withhold":
            raise Unavailable("gate", "withheld")
        if what == "turn away":
            raise NotAllowed("turned-away", "so says the gate")
        if what == "old receipt" and before:
            return self.draw.choice(before)
        if what == "old delivery instead" and seen:
            return self._carry(partner, self.draw.choice(seen))
        if what == "replay" and seen:
            for each in self.draw.choices(seen, k=3):
                self._quietly(partner, each)
        if what == "own words":
            return b'{"from":"SA","key":"x","to":"JO"}\n' + self.draw.randbytes(200)
        answer = self._carry(partner, sealed)
        self.receipts[caller].append(answer)
        if what == "lose the receipt":
            raise Unavailable("gate", "no answer")
        if what == "change a bit":
            at = self.draw.randrange(len(answer))
            return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        if what == "receipt of the other" and self.receipts[partner]:
            return self.receipts[partner][-1]
        return answer

    def _quietly(self, partner: str, sealed: bytes) -> None:
        """Deliver to a core although nobody has asked for it."""
        try:
            self._carry(partner, sealed)
        except MithaqError:
            return


ALL = (
    "carry", "withhold", "turn away", "old receipt", "old delivery instead", "replay", "own words", "lose the receipt",
    "change a bit", "receipt of the other",
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made


def state(world: World, party: str, count: int, first: int = 0) -> None:
    node = getattr(world, party.lower())
    rows = [alert(plate=f"{party}-{n}") for n in range(first, first + count)]
    node.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()


def settle(world: World) -> None:
    for _ in range(8):
        world.clock_on()
        world.step()


def sound(world: World) -> dict[str, Any]:
    found = world.audit()
    names = ("lost", "duplicates", "out_of_order", "root_mismatches")
    assert [found[name] for name in names] == [0, 0, 0, 0]
    assert found["logs_verified"] == found["logs"]
    return found


def assert_true(world: World) -> None:
    """Meanwhile: nothing twice or out of order; no sender believes what its receiver did not decide."""
    found = world.audit()
    assert (found["duplicates"], found["out_of_order"]) == (0, 0)
    for sender, receiver in ((world.jo, world.sa), (world.sa, world.jo)):
        link = f"{sender.party}>{receiver.party}"
        with sender.store.read() as sent, receiver.store.read() as taken:
            settled = [each for each in sent.links.page(link, limit=1000) if each.outcome != "waiting"]
            decided = {each.seq: (each.entry, each.outcome) for each in taken.links.page(link, limit=1000)}
        assert all(decided[each.seq] == (each.entry, each.outcome) for each in settled)


@pytest.mark.parametrize("what", [each for each in ALL if each != "carry"])
def test_whatever_a_gate_does_is_over_when_it_stops(world: World, what: str) -> None:
    """While it does it nothing is believed that is not true; afterwards everything arrives once, in order."""
    gate = Dishonest(world.wire)
    for party in ("JO", "SA"):
        state(world, party, 5)
    settle(world)
    gate.does = what
    for first in (5, 10):
        for party in ("JO", "SA"):
            state(world, party, 5, first)
        settle(world)
        assert_true(world)
    gate.does = "carry"
    settle(world)
    found = sound(world)
    assert found["released"] == found["received"] == 30


@pytest.mark.parametrize("what", ["withhold", "old receipt", "own words", "change a bit", "receipt of the other"])
def test_a_core_takes_nothing_for_settled_that_its_partner_has_not_signed(world: World, what: str) -> None:
    gate = Dishonest(world.wire)
    state(world, "JO", 3)
    state(world, "SA", 1)
    settle(world)
    gate.does = what
    state(world, "JO", 4, 3)
    for _ in range(5):
        world.clock_on()
        world.jo.attempt("SA")
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"accepted": 3, "waiting": 4}
    assert world.jo.line("SA").state == "retrying"


def test_an_answer_that_is_not_the_partners_is_kept_as_found_and_the_link_goes_on(world: World) -> None:
    gate = Dishonest(world.wire)
    state(world, "JO", 1)
    settle(world)
    gate.does = "own words"
    state(world, "JO", 1, 1)
    with pytest.raises(Untrusted):
        world.jo.deliver("SA")
    assert any(world.rehearsal.nations["JO"].home.evidence.iterdir())
    gate.does = "carry"
    settle(world)
    assert sound(world)["received"] == 2


@pytest.mark.parametrize("seed", range(3))
def test_anything_in_any_order(world: World, seed: int) -> None:
    """From a seed: the gate does something else at every call, in both directions, then is put right."""
    gate = Dishonest(world.wire, seed)
    gate.does = "anything"
    total = 0
    for turn in range(12):
        party = gate.draw.choice(["JO", "SA"])
        count = gate.draw.randrange(1, 6)
        state(world, party, count, turn * 10)
        total += count
        world.clock_on()
        world.step()
        assert_true(world)
    gate.does = "carry"
    settle(world)
    found = sound(world)
    assert found["released"] == found["received"] == total


def test_old_deliveries_brought_to_a_core_in_any_order_change_nothing(world: World) -> None:
    gate = Dishonest(world.wire)
    for first in range(0, 20, 4):
        state(world, "JO", 4, first)
        settle(world)
    before = sound(world)
    old = [*gate.asked["SA"], *reversed(gate.asked["SA"])]
    gate.draw.shuffle(old)
    answers = [world.sa.receive(each) for each in old]
    assert {type(each) for each in answers} == {Answer}
    assert {each.outcome for each in answers} == {"settled"}  # the same verdicts again
    assert sound(world) == before


def test_a_gate_cannot_bring_what_no_partner_has_signed(world: World) -> None:
    """It has the partner's certificate at hand, it knows our public key, and it may seal: that is not enough."""
    state(world, "JO", 1)
    settle(world)
    before = sound(world)
    for content in (b"{}", b"x", b'{"format":"mithaq-delivery/2","from":"JO","to":"SA"}'):
        with pytest.raises(MithaqError):
            world.sa.receive(seal(content, sender="JO", receiver="SA", public=world.sa.card.sealing))
    assert sound(world) == before


def test_a_gate_cannot_make_its_core_forget_how_to_name_what_a_receipt_answers(world: World) -> None:
    """It turns newer formats away until the core asks in the oldest: old receipts still settle nothing new."""
    gate = Dishonest(world.wire)
    state(world, "JO", 2)
    settle(world)
    world.jo.line("SA").speaks = 1  # the worst to which it can bring the line
    state(world, "JO", 1, 2)
    settle(world)
    gate.does = "old receipt"
    state(world, "JO", 2, 3)
    settle(world)
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA")["waiting"] == 2
    gate.does = "carry"
    settle(world)
    assert sound(world)["received"] == 5
