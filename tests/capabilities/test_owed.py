"""What follows on what: recalls, exercises, whom a request is for, and how deep replies are told."""

from __future__ import annotations

from typing import Any

from mithaq.capabilities.intelligence.exchanged import REPLY, REQUEST
from mithaq.capabilities.intelligence.records import ALERTS
from mithaq.kernel.keeping.erase import erased
from mithaq.kernel.matter.record import KIND, recalled
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.record import Kind, Marking, Record
from tests.capabilities.cases import PLACE, TIME, ask, do, found, one, owed, settle
from tests.worlds import World, alert

QUESTION = {"addressee": "SA", "topic": "identity", "question": "who", "release_question": "who"}


def state(node: Node, kind: Kind, body: dict[str, Any], to: str, *, exercise: bool = False) -> str:
    """What a program of a partner may state that ours would not."""

    def job(tx: Any) -> str:
        desk = node._desk(tx, HOME)
        marking = Marking(exercise=exercise)
        record = desk.draft(kind, body, purpose="drug_trafficking", marking=marking, release_texts={})
        return desk.state(record, only={to}).id

    return node.store.write(job).result()


def sighted(world: World) -> tuple[str, str]:
    """An alert of SA, and a sighting of it by JO that SA has."""
    id = do(world.sa, "alert-vehicle", alert()).id
    settle(world)
    seen = do(world.jo, "report-sighting", {"about": id, "likeness": "certain", "place": PLACE, "time": TIME}).id
    settle(world)
    return id, seen


def recall(world: World, id: str) -> None:
    world.jo.do("link.recall", {"id": id, "why": "wrong"}, who=HOME).result()
    settle(world)


# -- recalls -----------------------------------------------------------------------------------------------------------


def test_a_sighting_that_was_taken_back_is_told_as_such_and_nobody_looks_at_it_any_more(world: World) -> None:
    id, seen = sighted(world)
    assert "state" not in one(world.sa, id)["follow_ups"][0]
    recall(world, seen)
    [told] = one(world.jo, id)["follow_ups"]
    assert (told["id"], told["state"]) == (seen, "recalled")
    assert "follow_ups" not in one(world.sa, id)  # where it went it was deleted
    assert owed(world.sa)[f"sighting/{seen}"].state == "void"


def test_a_request_that_was_taken_back_is_not_open_and_is_owed_no_reply(world: World) -> None:
    id, _ = sighted(world)
    asked = do(world.jo, "request", {**QUESTION, "about": id}).id
    settle(world)
    recall(world, asked)
    for node, duty, told in ((world.sa, f"reply/{asked}", []), (world.jo, f"await_reply/{asked}", ["recalled"])):
        assert [row.body["state"] for row in ask(node, "requests", {}).items] == told
        assert ask(node, "requests", {"open": True}).items == ()
        assert owed(node)[duty].state == "void"


def test_a_record_that_comes_after_its_recall_is_recalled(world: World) -> None:
    made: list[Record] = []

    def say(tx: Any) -> None:
        desk = world.jo._desk(tx, HOME)
        given = {name: value for name, value in alert().items() if name != "purpose"}
        made.append(
            desk.draft(ALERTS["vehicle"], given, purpose="drug_trafficking", marking=Marking(), release_texts={})
        )
        speak(desk, KIND, "recall", parties=("JO", "SA"), record=made[0].id, why="wrong")
        tx.memos.put(f"recalled/{made[0].id}", None)  # a program that forgets what it said

    world.jo.store.write(say).result()
    settle(world)
    world.jo.store.write(lambda tx: world.jo._desk(tx, HOME).state(made[0])).result()
    settle(world)
    with world.sa.store.read() as tx:
        assert (recalled(tx, made[0].id), erased(tx, made[0].id)) == ("wrong", "recalled")
    assert found(world.sa, state="active") == []


def test_what_was_recalled_before_it_left_is_not_told_about(world: World) -> None:
    world.wire.leave("SA")
    id = do(world.jo, "alert-vehicle", alert()).id
    world.jo.do("link.recall", {"id": id, "why": "wrong"}, who=HOME).result()
    more = do(world.jo, "supplement", {"about": id, "topic": "other", "release_text": "more about it"})
    assert (more.released, more.withheld) == ((), {})


def test_what_was_withdrawn_before_it_left_is_not_told_about(world: World) -> None:
    world.wire.leave("SA")
    id = do(world.jo, "alert-vehicle", alert()).id

    def withdraw(tx: Any) -> None:
        tx.links.withdraw("JO>SA", tx.links.waiting_about("JO>SA", id), "superseded")

    world.jo.store.write(withdraw).result()
    assert do(world.jo, "supplement", {"about": id, "topic": "other", "release_text": "more"}).released == ()


# -- exercises, and whom it is for -------------------------------------------------------------------------------------


def test_a_reply_of_an_exercise_answers_no_real_request(world: World) -> None:
    asked = do(world.jo, "request", {**QUESTION, "purpose": "drug_trafficking", "screened": True}).id
    settle(world)
    body = {"request": asked, "outcome": "nothing_to_tell", "flags": []}
    state(world.sa, REPLY, body, "JO", exercise=True)
    settle(world)
    assert owed(world.jo)[f"await_reply/{asked}"].state == "open"
    assert owed(world.sa)[f"reply/{asked}"].state == "open"
    assert [row.body["state"] for row in ask(world.jo, "requests", {}).items] == ["open"]


def test_a_request_to_another_nation_is_not_ours_to_answer(world: World) -> None:
    body = {"addressee": "IQ", "topic": "identity", "question": "who", "flags": []}
    asked = state(world.jo, REQUEST, body, "SA")
    settle(world)
    with world.sa.store.read() as tx:
        assert tx.records.get(asked) is not None
    assert f"reply/{asked}" not in owed(world.sa)


# -- how deep ----------------------------------------------------------------------------------------------------------


def test_a_chain_of_requests_is_told_one_level_deep(world: World) -> None:
    id = about = do(world.jo, "alert-vehicle", alert()).id
    settle(world)
    for _ in range(3):
        body = {"addressee": "JO", "about": about, "topic": "other", "question": "q", "flags": []}
        about = state(world.sa, REQUEST, body, "JO")
        settle(world)
    state(world.sa, REPLY, {"request": id, "outcome": "answered", "flags": []}, "JO")
    settle(world)
    [told] = one(world.jo, id)["follow_ups"]
    assert (told["sort"], told.get("replies")) == ("request", None)
