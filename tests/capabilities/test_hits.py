"""A hit is never an action: a person confirms, the law of whoever was asked decides, and only they who asked get it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mithaq.errors import BadInput, Clash, NotAllowed, NotFound
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, Actor
from tests.capabilities.asking import FACTS, beat, duty, put, query, raised, sent, state
from tests.worlds import World, two_nations

PERSON: dict[str, Any] = {
    "name": "سالم", "reason": "wanted_person", "subject": "suspect", "offence_max_years": 5, "screened": True,
    "purpose": "drug_trafficking", "identifiers": [{"type": "passport", "value": "X1234567"}], "document": "X1234567",
    "category": "judicial", "measure": "locate", "born": "1990-04-17",
}  # fmt: skip
OTHER = Actor(id="officer/second", roles=("supervisor",), by="home")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made


def confirm(node: Node, id: str, **changes: Any) -> Any:
    given = {"query": id, "outcome": "confirmed", **FACTS, **changes}
    return node.do("intelligence.confirm-hit", given, who=HOME).result()


def hit(world: World, **changes: Any) -> Any:
    """A vehicle that Saudi Arabia looks for and Jordan does not know of, and a question of Jordan that has a hit."""
    alert = raised(world.sa, purpose="customs_control", plate="77-1", place="30.5,38.0", **changes)
    asked = put(world.jo, "SA", identifiers=[{"type": "plate", "value": "77-1"}])
    beat(world)
    return alert, asked


def person_hit(world: World) -> Any:
    """A person whom Saudi Arabia looks for: the agreement shows Jordan a pseudonym, and more on a confirmed hit."""
    alert = raised(world.sa, "person", **PERSON)
    world.step()
    asked = put(
        world.jo, "SA", identifiers=[{"type": "passport", "value": "x 1234567"}], kinds=["person"],
    )  # fmt: skip
    beat(world)
    assert state(world.jo, asked.id) == "hit"
    return alert, asked


def fields(node: Node, id: str) -> dict[str, Any]:
    return dict(node.ask("intelligence.alert", {"id": id}, who=HOME).body["fields"])


def test_a_confirmed_hit_on_a_person_is_released_after_a_review_to_whoever_asked(world: World) -> None:
    alert, asked = person_hit(world)
    assert fields(world.jo, alert.id)["name"].startswith("p:")
    with pytest.raises(BadInput, match="compares"):
        confirm(world.jo, asked.id, compared=False)
    with pytest.raises(BadInput, match="facts"):
        confirm(world.jo, asked.id, facts=None)
    confirm(world.jo, asked.id)
    world.step()
    world.step()
    (waiting,) = world.sa.ask("release.waiting", {}, who=HOME)
    assert (waiting.to, waiting.id) == ("JO", alert.id)
    assert state(world.jo, asked.id) == "confirmed"
    world.sa.do(
        "release.review", {"id": alert.id, "to": "JO", "finding": "looked at, it goes"}, who=OTHER
    ).result()  # fmt: skip
    world.clock_on(60)
    world.step()
    world.step()
    found = fields(world.jo, alert.id)
    assert found["name"] == "سالم"
    assert "remarks" not in found
    assert world.jo.ask("intelligence.alert", {"id": alert.id}, who=HOME).body["basis"]["clause"] == "5.2"
    told = query(world.jo, asked.id)
    assert (told["state"], told["released"]) == ("released", [alert.id])
    assert duty(world.jo, f"await_release/{asked.id}")["state"] == "discharged"
    assert duty(world.sa, f"release_on_hit/{asked.id}")["state"] == "discharged"
    raised(world.sa, "person", **PERSON, reference="other")  # what was confirmed of one is confirmed of no other
    world.step()
    world.assert_sound()


def test_a_reviewer_may_withhold_it_and_whoever_asked_is_told(world: World) -> None:
    alert, asked = person_hit(world)
    confirm(world.jo, asked.id)
    world.step()
    world.step()
    given = {"id": alert.id, "to": "JO", "finding": "not in proportion", "release": False}
    world.sa.do("release.review", given, who=OTHER).result()
    world.clock_on(60)
    world.step()
    world.step()
    assert state(world.jo, asked.id) == "declined"
    assert fields(world.jo, alert.id)["name"].startswith("p:")
    assert duty(world.jo, f"await_release/{asked.id}")["state"] == "discharged"


def test_where_no_review_is_asked_the_node_releases_by_itself(world: World) -> None:
    alert, asked = hit(world)
    confirm(world.jo, asked.id)
    for _ in range(3):
        world.step()
    assert fields(world.jo, alert.id)["plate"] == "77-1"
    assert query(world.jo, asked.id)["released"] == [alert.id]
    with pytest.raises(Clash):
        confirm(world.jo, asked.id)


def test_a_false_hit_is_counted_with_the_seconds_it_took_and_releases_nothing(world: World) -> None:
    _, asked = person_hit(world)
    before = len(sent(world.sa, "JO", "intelligence.alert.person"))
    world.clock.advance(timedelta(seconds=90))
    confirm(world.jo, asked.id, outcome="false_hit", offence=None, facts=None, compared=True)
    for _ in range(3):
        world.step()
    (counted,) = world.jo.ask("intelligence.query-figures", {"to": "SA"}, who=HOME)
    assert (counted.asked, counted.hits, counted.false_hits, counted.confirmed) == (1, 1, 1, 0)
    assert 90 <= counted.seconds_mean == counted.seconds_most <= 120
    assert state(world.jo, asked.id) == "false_hit" == state(world.sa, asked.id)
    assert len(sent(world.sa, "JO", "intelligence.alert.person")) == before
    assert duty(world.sa, f"release_on_hit/{asked.id}") is None


def test_nothing_is_confirmed_without_a_hit_nor_by_a_program(world: World) -> None:
    asked = put(world.jo, "SA", identifiers=[{"type": "plate", "value": "00-0"}])
    beat(world)
    with pytest.raises(Clash) as refused:
        confirm(world.jo, asked.id)
    assert refused.value.code == "no-hit"
    given = {"query": asked.id, "outcome": "confirmed", **FACTS}
    with pytest.raises(NotAllowed):
        world.jo.do("intelligence.confirm-hit", given, who=Actor(id="program/x", by="token", session="s")).result()


def test_a_confirmation_of_what_was_no_hit_or_was_not_asked_releases_nothing(world: World) -> None:
    """A dishonest node that confirms what it was never told gets nothing: what was found is known here only."""
    alert, asked = hit(world, caveats=["protected_source"])
    assert state(world.jo, asked.id) == "nil"
    desk_kind = "intelligence.confirmation/1"

    def lie(tx: Any) -> None:
        desk = world.jo._desk(tx, HOME)
        body = {"query": asked.id, "outcome": "confirmed", **FACTS}
        record = desk.draft(
            desk.kind(desk_kind), body, purpose="drug_trafficking", marking=desk.own(asked.id).marking,
            release_texts={"facts": "none"},
        )  # fmt: skip
        desk.state(record, only={"SA"})

    world.jo.store.write(lie).result()
    for _ in range(3):
        world.step()
    assert not sent(world.sa, "JO", "intelligence.alert.vehicle")
    with pytest.raises(NotFound):
        fields(world.jo, alert.id)


def test_the_ordinary_clock_stands_still_while_a_judge_decides_at_both_sides(world: World) -> None:
    _, asked = person_hit(world)
    confirm(world.jo, asked.id)
    world.step()
    world.step()
    ours, theirs = f"await_release/{asked.id}", f"release_on_hit/{asked.id}"
    first = duty(world.jo, ours)["due"]
    assert first[:10] == "2026-11-22"  # 48 hours
    course = {"query": asked.id, "state": "judge_decides", "reason": "the court in Tabuk decides"}
    world.sa.do("intelligence.course", course, who=HOME).result()
    world.step()
    world.step()
    assert [duty(node, id)["state"] for node, id in ((world.jo, ours), (world.sa, theirs))] == ["void", "void"]
    assert state(world.jo, asked.id) == "judge_decides"
    world.clock.advance(timedelta(days=5))
    world.step()
    assert duty(world.jo, ours)["state"] == "void"  # nothing escalates while it stands still
    world.sa.do("intelligence.course", {**course, "state": "resumed"}, who=HOME).result()
    world.step()
    world.step()
    due = duty(world.jo, ours)
    assert due["state"] == "open"
    assert due["due"][:10] == "2026-11-27"
    world.clock.advance(timedelta(days=2))
    world.step()
    assert [duty(node, id)["state"] for node, id in ((world.jo, ours), (world.sa, theirs))] == ["escalated"] * 2


def test_what_is_urgent_does_not_wait_for_a_judge(world: World) -> None:
    raised(world.sa, "person", **PERSON)
    asked = put(
        world.jo, "SA", identifiers=[{"type": "passport", "value": "X1234567"}], kinds=["person"], urgency="urgent"
    )
    beat(world)
    confirm(world.jo, asked.id)
    world.step()
    world.step()
    assert duty(world.sa, f"release_on_hit/{asked.id}")["due"][:13] == "2026-11-21T00"  # 12 hours
    given = {"query": asked.id, "state": "judge_decides", "reason": "the court in Tabuk decides"}
    with pytest.raises(BadInput) as refused:
        world.sa.do("intelligence.course", given, who=HOME).result()
    assert refused.value.code == "clock"
    declined = {**given, "state": "declined"}
    with pytest.raises(Clash):  # the release still waits for a review
        world.sa.do("intelligence.course", declined, who=HOME).result()


def test_at_the_counter_our_own_law_says_what_follows_from_silence(world: World) -> None:
    asked = put(world.jo, "SA", urgency="counter")
    world.jo.catch_up()  # the partner is not reached
    assert duty(world.jo, f"await_answer/{asked.id}")["due"] == "2026-11-20T12:15:00Z"
    world.clock.advance(timedelta(minutes=16))
    world.jo.tick()
    told = query(world.jo, asked.id)
    assert told["state"] == "silent"
    assert told["on_silence"] == {"default": "refer_to_second_line", "law": "law-JO/1"}
    assert duty(world.jo, f"await_answer/{asked.id}")["state"] == "escalated"
    card = world.jo.ask("intelligence.card", {"id": asked.id}, who=HOME)
    assert card.on_silence.default == "refer_to_second_line"
    assert (card.becomes, card.hold_minutes) == (None, 0)
    world.step()
    beat(world)
    assert state(world.jo, asked.id) == "nil"  # late, and still an answer


def test_the_card_says_what_it_becomes_here_how_long_whom_to_call_and_that_it_is_no_proof(tmp_path: Path) -> None:
    with two_nations(tmp_path) as world:
        alert = raised(
            world.sa, grounds="loads hidden under the floor before", measure="specific_check", category="check"
        )
        world.step()
        card = world.jo.ask("intelligence.card", {"id": alert.id}, who=HOME)
        own = world.sa.ask("intelligence.card", {"id": alert.id}, who=HOME)
    assert (card.requested, card.becomes, card.by.law, card.by.clause) == (
        "specific_check", "specific_check", "law-JO/1", "6.2",
    )  # fmt: skip
    assert (card.hold_minutes, card.hold_is_known) == (120, True)
    assert (own.hold_minutes, own.hold_is_known) == (0, False)
    assert "nobody is kept" in own.hold["en"]
    for text in (card.tell, card.no_proof, card.complaint, card.contest, card.hold):
        assert set(text) == {"ar", "en", "fr"}
        assert all(text.values())
    assert card.call == ()


def test_a_question_that_a_partners_node_does_not_know_is_told_as_not_understood(world: World) -> None:
    world.sa.kinds.pop("intelligence.query/1")
    asked = put(world.jo, "SA")
    world.step()
    world.clock_on(30)
    world.step()
    assert state(world.jo, asked.id) == "not_understood"
    assert duty(world.jo, f"await_answer/{asked.id}")["ended_by"] == "not_understood"


def test_a_card_for_what_is_not_there_says_no_more_than_that(world: World) -> None:
    with pytest.raises(NotFound, match="no record"):
        world.jo.ask("intelligence.card", {"id": "SA-" + "0" * 26}, who=HOME)


def test_a_question_that_was_taken_back_is_not_answered(world: World) -> None:
    raised(world.sa)
    asked = put(world.jo, "SA")
    world.jo.do("link.recall", {"id": asked.id}, who=HOME).result()
    beat(world)
    world.clock_on(60)
    world.step()
    assert not sent(world.sa, "JO", "intelligence.answer")
    assert state(world.jo, asked.id) in ("recalled", "")  # or erased, where nobody holds it any more
    assert not [each for each in (duty(world.sa, f"answer_query/{asked.id}"),) if each and each["state"] == "open"]
