"""What is recalled, or whose time is over, is erased where it went, and its origin is told; a legal hold stops it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mithaq.adapters.store.vault import record_place
from mithaq.errors import Clash, NotFound
from mithaq.kernel.duty import duties
from mithaq.kernel.keeping import begin
from mithaq.kernel.keeping.due import set_due
from mithaq.kernel.keeping.retention import RETAINED
from mithaq.kernel.matter.holding import KIND
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.second import Waits
from tests.worlds import World, alert

ANALYST = Actor(id="officer/a", roles=("analyst",), by="node")
LEGAL = Actor(id="officer/l", roles=("legal_officer",), by="node")


def do(node: Node, name: str, **given: Any) -> Any:
    return node.do(name, given, who=HOME, glass="a test acts alone").result()


def stated(node: Node, **changes: Any) -> str:
    return str(node.do("intelligence.alert-vehicle", alert(**changes), who=HOME).result().id)


def released(world: World) -> str:
    id = stated(world.jo)
    world.step()
    assert world.sa.ask("intelligence.alert", {"id": id}, who=HOME).key == id
    return id


def content(node: Node, id: str) -> tuple[bytes, list[bytes | None]]:
    with node.store.read() as tx:
        held = tx.records.get(id)
        assert held is not None
        return held.content, [each.content for each in tx.links.carrying(f"{id}/1")]


def owed(node: Node, what: str) -> list[str]:
    with node.store.read() as tx:
        return [duty.state for duty in duties(tx, ended=True) if duty.what == what]


def told(node: Node, id: str, version: int = 1) -> Any:
    return next(each for each in node.ask("release.receipts", {"id": id}, who=HOME) if each.version == version)


def test_a_recall_deletes_content_index_and_message_where_it_went_and_is_answered(world: World) -> None:
    id = released(world)
    do(world.jo, "link.recall", id=id, why="wrong")
    assert owed(world.jo, "await_deletion") == ["open"]
    world.step()
    world.step()
    assert content(world.sa, id) == (b"", [None])
    assert world.sa.ask("intelligence.search", {"find": "12-34567"}, who=HOME).items == ()
    with pytest.raises(NotFound):
        world.sa.ask("intelligence.alert", {"id": id}, who=HOME)
    assert owed(world.jo, "await_deletion") == ["discharged"]
    assert (told(world.jo, id).deleted_for, told(world.jo, id).accepted) == ("recalled", True)
    world.assert_sound()


def test_the_deletion_that_does_not_come_escalates(world: World) -> None:
    id = released(world)
    world.wire.leave("SA")
    do(world.jo, "link.recall", id=id, why="wrong")
    world.clock.advance(timedelta(hours=25))
    world.jo.step()
    assert owed(world.jo, "await_deletion") == ["escalated"]


def test_what_a_partner_released_is_erased_by_itself_when_its_time_is_over(world: World) -> None:
    id = released(world)
    retain = world.sa.ask("intelligence.alert", {"id": id}, who=HOME).body["handling"]["retain"]
    assert retain == "P1Y"
    world.clock.advance(timedelta(days=364))
    world.step()
    assert content(world.sa, id)[0] != b""
    world.clock.advance(timedelta(days=1))
    world.step()
    world.step()
    assert content(world.sa, id) == (b"", [None])
    assert told(world.jo, id).deleted_for == "expired"
    assert content(world.jo, id)[0] != b""  # the origin keeps its own as long as its Kind says
    with world.sa.store.read() as tx:
        assert [line.reason for line in tx.audit.page(subject=id) if line.act == "erased"] == ["expired"]
    world.assert_sound()


def test_a_deletion_that_is_not_told_in_time_is_owed(world: World) -> None:
    id = released(world)
    world.wire.leave("JO")
    world.clock.advance(timedelta(days=367))
    world.jo.step()
    assert owed(world.jo, "await_deletion") == []
    world.clock.advance(timedelta(days=2))
    world.jo.step()
    assert owed(world.jo, "await_deletion") == ["escalated"]
    world.wire.join("JO", world.jo.receive)
    world.clock_on()
    world.step()
    world.step()
    assert owed(world.jo, "await_deletion") == ["discharged"]
    assert told(world.jo, id).deleted is not None


def test_a_newer_version_begins_the_time_anew(world: World) -> None:
    id = released(world)
    world.clock.advance(timedelta(days=200))
    world.jo.do("intelligence.correct-vehicle", {**alert(colour="red"), "id": id}, who=HOME).result()
    world.step()
    world.clock.advance(timedelta(days=200))
    world.step()
    assert world.sa.ask("intelligence.alert", {"id": id}, who=HOME).body["version"] == 2


def test_a_legal_hold_stops_the_deletion_says_so_and_lets_nobody_work_with_it(world: World) -> None:
    id = released(world)
    do(world.sa, "record.hold", id=id, why="complaint", reference="C-12")
    world.step()
    assert told(world.jo, id).held is None  # that somebody complained is not yet their business
    do(world.jo, "link.recall", id=id, why="wrong")
    world.step()
    world.step()
    assert content(world.sa, id)[0] != b""
    assert (told(world.jo, id).held is not None, told(world.jo, id).deleted) == (True, None)
    assert owed(world.jo, "await_deletion") == ["void"]
    assert world.sa.ask("intelligence.search", {"find": "12-34567"}, who=HOME).items == ()
    with world.sa.store.read() as tx:
        held = tx.records.get(id)
        assert held is not None
        assert world.sa._desk(tx, ANALYST).reading(held) is None
        assert world.sa._desk(tx, LEGAL).reading(held) is not None
    do(world.sa, "record.free", id=id)
    world.step()
    world.step()
    assert content(world.sa, id) == (b"", [None])
    assert (told(world.jo, id).held, told(world.jo, id).deleted_for) == (None, "recalled")
    assert owed(world.jo, "await_deletion") == ["discharged"]


def test_ending_a_hold_that_stops_a_deletion_needs_a_second_person(world: World) -> None:
    id = released(world)
    do(world.sa, "record.hold", id=id, why="court", reference="C-13")
    with pytest.raises(Clash, match="held already"):
        do(world.sa, "record.hold", id=id, why="court", reference="C-14")
    world.clock.advance(timedelta(days=366))
    world.step()
    assert isinstance(world.sa.do("record.free", {"id": id}, who=HOME).result(), Waits)
    assert content(world.sa, id)[0] != b""


def test_a_record_is_erased_by_order_with_a_second_person_and_its_origin_told(world: World) -> None:
    id = released(world)
    given = {"id": id, "order": "court order 7/2026"}
    assert isinstance(world.sa.do("record.erase", given, who=HOME).result(), Waits)
    assert do(world.sa, "record.erase", **given).state == "erased"
    world.step()
    assert told(world.jo, id).deleted_for == "ordered"


def test_our_own_is_recalled_before_it_is_erased(world: World) -> None:
    id = released(world)
    with pytest.raises(Clash, match="recall it first"):
        do(world.jo, "record.erase", id=id, order="o")
    do(world.jo, "link.recall", id=id, why="wrong")
    do(world.jo, "record.erase", id=id, order="o")
    assert content(world.jo, id) == (b"", [None])
    with pytest.raises(NotFound, match="erased"):
        do(world.jo, "intelligence.correct-vehicle", **alert(), id=id)
    world.step()
    world.assert_sound()


def test_what_was_erased_is_not_found_when_a_view_is_folded_again(world: World) -> None:
    id = released(world)
    do(world.jo, "link.recall", id=id, why="wrong")
    world.step()
    world.step()

    def again(tx: Any) -> None:
        for view in world.sa.views:
            tx.views.clear(view.name)
            tx.views.move(view.name, 0, 0)

    world.sa.store.write(again).result()
    assert world.sa.ask("intelligence.alerts", {}, who=HOME) == ()
    assert world.sa.ask("node.status", {}, who=HOME).unfolded == 0


def test_what_was_done_is_told_by_role_and_shown_to_the_origin(world: World) -> None:
    id = released(world)
    do(world.sa, "record.acted", id=id, act="checked")
    world.step()
    (acted,) = told(world.jo, id).acted
    assert (acted.version, acted.act, acted.by) == (1, "checked", "duty_officer")


def test_a_release_that_waits_is_received_by_nobody(world: World) -> None:
    world.wire.leave("SA")
    id = stated(world.jo)
    found = told(world.jo, id)
    assert (found.state, found.received, found.accepted) == ("waiting", False, False)


def test_what_was_erased_and_came_again_is_recalled_like_anything_else(world: World) -> None:
    id = released(world)
    do(world.sa, "record.erase", id=id, order="o")
    world.step()
    world.jo.do("intelligence.correct-vehicle", {**alert(colour="red"), "id": id}, who=HOME).result()
    world.step()
    do(world.jo, "link.recall", id=id, why="wrong")
    world.step()
    world.step()
    assert content(world.sa, id)[0] == b""
    assert told(world.jo, id, 2).deleted_for == "recalled"
    assert owed(world.jo, "await_deletion") == ["discharged"]


def test_our_own_is_erased_though_its_recall_is_still_to_be_told(world: World) -> None:
    world.wire.leave("SA")
    id = stated(world.jo)
    do(world.jo, "link.recall", id=id, why="wrong")
    do(world.jo, "record.erase", id=id, order="o")
    world.wire.join("SA", world.sa.receive)
    world.clock_on()
    world.step()
    other = stated(world.jo, plate="P-2")
    world.step()
    assert world.sa.ask("intelligence.alert", {"id": other}, who=HOME).key == other


def test_one_record_on_which_erasing_breaks_stops_neither_the_others_nor_deliveries(world: World) -> None:
    id, good = released(world), released(world)
    spoil = "update records set content = ? where id = ?"

    def spoilt(tx: Any) -> None:
        tx.records._run._driver.execute(spoil, (tx.records._sealed.seal(id, record_place(id, 1), b"{}"), id))

    world.sa.store.write(spoilt).result()
    for each in (id, good):
        do(world.jo, "link.recall", id=each, why="wrong")
    world.step()
    world.step()
    assert content(world.sa, good)[0] == b""
    assert world.sa.ask("node.status", {}, who=HOME).unfolded > 0
    assert told(world.jo, good).deleted_for == "recalled"


def test_a_partner_is_not_believed_about_what_it_never_had(world: World) -> None:
    world.wire.leave("SA")
    id = stated(world.jo)

    def lie(tx: Any) -> None:
        desk = world.sa._desk(tx, HOME)
        speak(desk, KIND, "freed", parties=("SA", "JO"), record=id)

    world.sa.store.write(lie).result()
    world.sa.step()
    assert owed(world.jo, "await_deletion") == []


def test_a_courts_hold_outlives_a_complaints(world: World) -> None:
    id = released(world)
    do(world.sa, "record.hold", id=id, why="complaint", reference="C-1")
    do(world.sa, "record.hold", id=id, why="court", reference="K-9")
    (held,) = world.sa.ask("record.holds", {}, who=HOME)
    assert (held.why, held.reference) == ("court", "K-9")


def test_what_was_held_before_there_were_clocks_is_erased_in_its_time(world: World) -> None:
    id = released(world)

    def earlier(tx: Any) -> None:
        set_due(tx, RETAINED, id, None)
        tx.memos.put(begin.UPTO, None)

    world.sa.store.write(earlier).result()
    world.clock.advance(timedelta(days=366))
    world.step()
    world.step()
    assert content(world.sa, id)[0] == b""
