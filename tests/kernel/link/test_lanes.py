"""Lanes and tombstones: what is urgent overtakes, what is superseded or may no longer leave ends as a tombstone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from mithaq.kernel import canonical
from mithaq.kernel.link import charter, speaks
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.link.send import Room, next_delivery
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import unseal
from mithaq.kernel.standing import Standing
from tests.worlds import World, alert


def state(world: World, count: int, first: int = 0) -> None:
    rows = [alert(plate=f"P-{n}") for n in range(first, first + count)]
    world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()


def flash(world: World, plate: str = "F-1") -> None:
    world.jo.do("intelligence.alert-vehicle", alert(plate=plate, flash=True), who=HOME).result()


def outcomes(world: World) -> list[tuple[int, str, str]]:
    with world.jo.store.read() as tx:
        return [(each.seq, each.outcome, each.code) for each in tx.links.page("JO>SA", limit=1000)]


def spy(world: World, between: Callable[[Delivery], None] = lambda _: None) -> list[Delivery]:
    """Every delivery that SA receives, opened; ``between`` runs before each is taken."""
    seen: list[Delivery] = []
    honest = world.sa.receive

    def receive(sealed: bytes) -> Answer:
        _, plain = unseal(sealed, world.sa._inbound._ends.keys, me="SA")
        seen.append(canonical.decode(plain, Delivery))
        between(seen[-1])
        return honest(sealed)

    world.wire.join("SA", receive)
    return seen


def acquaint(world: World) -> None:
    """Both have heard from each other before, so each knows that the other's node is not of version 0.1.0."""
    for node, other in ((world.jo, "SA"), (world.sa, "JO")):
        node.store.write(lambda tx, other=other: speaks.note(tx, other, "mithaq-receipt/2")).result()  # type: ignore[misc]


def test_what_is_urgent_keeps_its_place_until_the_partner_is_known_to_take_the_lane(world: World) -> None:
    lanes: list[str] = []
    for _ in range(2):
        world.jo.do("intelligence.alert-vehicle", alert(plate=f"F-{len(lanes)}", flash=True), who=HOME).result()
        with world.jo.store.read() as tx:
            message = tx.links.get("JO>SA", len(lanes) + 1)
            assert message is not None
            lanes.append(message.lane)
        world.step()
    assert lanes == ["record", "flash"]
    world.assert_sound()


def test_a_flash_overtakes_a_bulk_load_and_order_is_kept_on_each_lane(world: World) -> None:
    acquaint(world)
    world.jo.line("SA").size = 16 * 1024
    for first in range(0, 200, 100):
        state(world, 100, first)
    flash(world, "F-1")
    flash(world, "F-2")
    seen = spy(world)
    world.step()
    assert seen[0].messages == ()  # the head is asked first where something was numbered before
    assert [carried.seq for carried in seen[1].messages] == [201, 202]
    assert seen[1].overtakes
    assert all(delivery.messages and not delivery.overtakes for delivery in seen[2:])
    assert {outcome for _, outcome, _ in outcomes(world)} == {"accepted"}
    with world.sa.store.read() as tx:
        arrived = [entry.subject for entry in tx.journal.page() if entry.what == "received"]
        assert arrived[:3] == ["JO>SA/201", "JO>SA/202", "JO>SA/1"]
        assert tx.links.edge("JO>SA").size == 202
    world.assert_sound()


def test_a_flash_that_comes_while_bulk_is_under_way_goes_next(world: World) -> None:
    world.jo.line("SA").size = 16 * 1024
    state(world, 200)
    raised: list[bool] = []

    def between(delivery: Delivery) -> None:
        if delivery.messages and not raised:
            raised.append(True)
            flash(world)

    seen = spy(world, between)
    world.step()
    carrying = [delivery for delivery in seen if delivery.messages]
    assert not carrying[0].overtakes
    assert [carried.seq for carried in carrying[1].messages] == [201]
    world.assert_sound()


def forget(world: World) -> None:
    """SA is set back to before it heard of JO."""

    def job(tx: Any) -> None:
        for table in ("edges", "checkpoints", "messages", "records", "journal"):
            tx.links._run.say(f"delete from {table}")

    world.sa.store.write(job).result()


def test_what_overtook_is_asked_for_again_by_a_partner_that_lost_it(world: World) -> None:
    acquaint(world)
    world.jo.line("SA").size = 16 * 1024
    state(world, 100)
    flash(world)
    with world.jo.store.read() as tx:
        ahead = next_delivery(tx, "JO>SA", room=Room(size=16 * 1024))
    assert ahead is not None and ahead.overtakes  # noqa: PT018
    world.jo.step()
    forget(world)
    world.jo.line("SA").head = None
    world.step()
    world.assert_sound()


def test_a_message_of_the_record_lane_may_not_overtake(world: World) -> None:
    world.jo.line("SA").size = 16 * 1024
    state(world, 100)
    world.jo.store.write(
        lambda tx: tx.links._run.say("update messages set lane = 'flash' where seq = 100")  # type: ignore[attr-defined]
    ).result()
    world.step()
    assert outcomes(world)[99] == (100, "refused", "lane")


@pytest.fixture
def tracks(world: World) -> World:
    """Vehicle alerts as if they were tracks: only the newest version matters."""
    for node in (world.jo, world.sa):
        for name, kind in list(node.kinds.items()):
            node.kinds[name] = msgspec.structs.replace(kind, lane="latest")
    return world


def test_a_newer_version_supersedes_a_waiting_older_one(tracks: World) -> None:
    stated = tracks.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    for n in range(3):
        correct = {**alert(colour=f"c{n}"), "id": stated.id}
        tracks.jo.do("intelligence.correct-vehicle", correct, who=HOME).result()
    tracks.step()
    assert [(outcome, code) for _, outcome, code in outcomes(tracks)] == [
        ("tombstone", "superseded"), ("tombstone", "superseded"), ("tombstone", "superseded"), ("accepted", ""),
    ]  # fmt: skip
    assert tracks.sa.ask("intelligence.alert", {"id": stated.id}, who=HOME).body["version"] == 4
    tracks.assert_sound()


def test_what_arrived_before_it_was_superseded_stays_accepted(tracks: World) -> None:
    stated = tracks.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    tracks.jo._outbound.ask("SA")
    honest = tracks.sa.receive

    def lossy(sealed: bytes) -> Answer:
        honest(sealed)
        raise ConnectionError

    tracks.wire.join("SA", lossy)
    with pytest.raises(ConnectionError):
        tracks.jo.deliver("SA")
    tracks.jo.do("intelligence.correct-vehicle", {**alert(colour="c"), "id": stated.id}, who=HOME).result()
    tracks.wire.join("SA", honest)
    tracks.step()
    assert [outcome for _, outcome, _ in outcomes(tracks)] == ["accepted", "accepted"]
    tracks.assert_sound()


def test_a_recalled_record_does_not_leave(world: World) -> None:
    stated = [world.jo.do("intelligence.alert-vehicle", alert(plate=f"P-{n}"), who=HOME).result() for n in range(3)]
    recalled = world.jo.do("link.recall", {"id": stated[1].id}, who=HOME).result()
    assert (recalled.stopped, recalled.arrived) == (("JO>SA/2",), ())
    world.step()
    assert outcomes(world) == [(1, "accepted", ""), (2, "tombstone", "recalled"), (3, "accepted", "")]
    late = world.jo.do("link.recall", {"id": stated[0].id}, who=HOME).result()
    assert (late.stopped, late.arrived, late.told) == ((), ("JO>SA/1",), ("SA",))
    world.step()
    with world.sa.store.read() as tx:
        buried = tx.links.get("JO>SA", 2)
        assert buried is not None
        assert buried.content is None
    world.assert_sound()


def test_what_waited_longer_than_it_may_be_kept_expires(world: World) -> None:
    state(world, 2)
    world.clock.advance(timedelta(days=400))
    state(world, 1, first=2)
    world.step()
    assert [(outcome, code) for _, outcome, code in outcomes(world)] == [
        ("tombstone", "expired"), ("tombstone", "expired"), ("accepted", ""),
    ]  # fmt: skip
    world.assert_sound()


def test_what_waits_under_an_agreement_that_has_ended_is_suspended(world: World) -> None:
    state(world, 2)
    ended = Standing(msgspec.structs.replace(world.jo.standing.base, agreements=()), "JO")
    for side in (world.jo._inbound, world.jo._outbound):
        side._ends = msgspec.structs.replace(side._ends, standing=ended)
    world.step()
    assert [(outcome, code) for _, outcome, code in outcomes(world)] == [("tombstone", "suspended")] * 2
    with world.sa.store.read() as tx:
        assert tx.records.page() == []
    world.assert_sound()


def test_a_pause_stops_both_ways_and_is_seen_on_both_sides(world: World) -> None:
    world.sa.do("link.pause", {"party": "JO"}, who=HOME).result()
    state(world, 1)
    world.step()
    assert state_of(world.jo, "JO>SA") == ("paused by them", 1)
    assert state_of(world.sa, "JO>SA")[0] == "paused by us"
    world.sa.do("intelligence.alert-vehicle", alert(plate="S-1"), who=HOME).result()
    world.step()
    assert state_of(world.sa, "SA>JO") == ("paused by us", 1)
    world.sa.do("link.resume", {"party": "JO"}, who=HOME).result()
    world.sa.step()
    world.step()  # JO is reached by SA, and tries at once although its next attempt was not due
    assert state_of(world.jo, "JO>SA") == ("up", 0)
    assert state_of(world.sa, "SA>JO") == ("up", 0)
    world.assert_sound()


def test_a_pause_stops_a_backlog_at_the_next_delivery(world: World) -> None:
    world.jo.line("SA").size = 16 * 1024
    state(world, 200)

    def between(delivery: Delivery) -> None:
        if delivery.messages and not charter.only(delivery):
            world.jo.do("link.pause", {"party": "SA"}, who=HOME).result()

    seen = spy(world, between)
    world.jo.step()
    loaded, told = [delivery for delivery in seen if delivery.messages]
    assert not charter.only(loaded)
    assert charter.only(told)  # that it is paused
    assert 0 < state_of(world.jo, "JO>SA")[1] < 200
    world.jo.do("link.resume", {"party": "SA"}, who=HOME).result()
    world.wire.join("SA", world.sa.receive)
    world.step()
    world.assert_sound()


def test_nothing_of_a_pause_is_lost_by_a_partner_of_the_first_format(world: World) -> None:
    state(world, 1)
    world.sa.do("link.pause", {"party": "JO"}, who=HOME).result()
    world.jo.line("SA").speaks = 1
    world.jo.step()
    assert state_of(world.jo, "JO>SA") == ("retrying", 1)


def state_of(node: Any, link: str) -> tuple[str, int]:
    [found] = [each for each in node.ask("link.status", {}, who=HOME) if each.link == link]
    return found.state, found.waiting


def test_the_oldest_that_waits_is_told_by_its_age(world: World) -> None:
    state(world, 1)
    world.clock.advance(timedelta(seconds=90))
    state(world, 1, first=1)
    found, _ = world.jo.ask("link.status", {}, who=HOME)
    assert (found.waiting, found.oldest) == (2, 90)
