"""A question crosses to one partner; hit or no hit comes back and nothing else, and no hit is all that is ever told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mithaq.errors import BadInput, NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.people.actor import HOME
from tests.capabilities.asking import PLATE, beat, hidden, put, query, raised, sent, state
from tests.worlds import World, two_nations


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made


def test_a_hit_is_told_and_nothing_else(world: World) -> None:
    raised(world.sa, make="Hino 500")
    asked = put(world.jo, "SA")
    beat(world)
    assert state(world.jo, asked.id) == "hit"
    ((_, content),) = sent(world.sa, "JO", "intelligence.answer")
    assert content["body"]["fields"] == {"query": asked.id, "answer": "hit"}
    world.assert_sound()


def test_without_an_alert_there_is_no_hit(world: World) -> None:
    asked = put(world.jo, "SA")
    beat(world)
    assert state(world.jo, asked.id) == "nil"


@pytest.mark.parametrize(
    "identifier",
    [
        {"type": "plate", "value": "12 34567"}, {"type": "plate", "value": "١٢-٣٤٥٦٧"},
        {"type": "plate", "value": "1234567", "issuer": "JO"},
    ],
)  # fmt: skip
def test_a_number_is_found_as_a_search_folds_it(world: World, identifier: dict[str, Any]) -> None:
    raised(world.sa)
    asked = put(world.jo, "SA", identifiers=[identifier])
    beat(world)
    assert state(world.jo, asked.id) == "hit"


@pytest.mark.parametrize(
    "identifier",
    [
        {"type": "plate", "value": "12-3456"}, {"type": "plate", "value": "34567"},
        {"type": "vin", "value": "WDB9634031L738149"},
        {"type": "plate", "value": "12-34567", "issuer": "IQ"}, {"type": "engine", "value": "12-34567"},
    ],
)  # fmt: skip
def test_no_part_of_a_number_nor_another_sort_of_number_is_a_hit(world: World, identifier: dict[str, Any]) -> None:
    raised(world.sa)
    asked = put(world.jo, "SA", identifiers=[identifier])
    beat(world)
    assert state(world.jo, asked.id) == "nil"


def test_a_kind_that_was_not_asked_for_is_not_told(world: World) -> None:
    raised(world.sa)
    asked = put(world.jo, "SA", kinds=["vessel", "document"])
    beat(world)
    assert state(world.jo, asked.id) == "nil"


def test_what_is_real_and_an_exercise_are_two_worlds(world: World) -> None:
    raised(world.sa, exercise=True)
    real, played = put(world.jo, "SA"), put(world.jo, "SA", exercise=True)
    beat(world)
    found = world.jo.ask("intelligence.queries", {"exercise": True}, who=HOME).items
    assert (state(world.jo, real.id), [row.body["state"] for row in found]) == ("nil", ["hit"])
    assert [row.key for row in found] == [played.id]


def test_an_alert_that_ended_or_was_taken_back_is_no_hit(world: World) -> None:
    taken = raised(world.sa, plate="99-1")
    raised(world.sa, plate="99-2", expires="2026-11-20T12:00:30Z")
    world.sa.do("link.recall", {"id": taken.id}, who=HOME).result()
    world.clock_on(60)
    asked = [put(world.jo, "SA", identifiers=[{"type": "plate", "value": plate}]) for plate in ("99-1", "99-2")]
    beat(world)
    assert [state(world.jo, each.id) for each in asked] == ["nil", "nil"]


def told(world: World) -> tuple[bytes, list[Any]]:
    """The answer as it was signed, without its ids; and its length, when it was made and when it was numbered."""
    ((message, content),) = sent(world.sa, "JO", "intelligence.answer")
    body = content["body"]
    with world.sa.store.read() as tx:
        at = next(each.at for each in tx.journal.page() if each.position == message.position)
    exact = re.sub(rb"(JO|SA)-[0-9A-Z]{26}", rb"\1", message.content)
    return exact, [len(message.content), body["made"], at, message.lane, message.seq]


def test_no_hit_and_protected_are_the_same_bytes_at_the_same_instant(tmp_path: Path) -> None:
    found = {}
    for case in ("nothing", "caveat", "own law", "unscreened", "hit"):
        with two_nations(tmp_path / case.replace(" ", "-")) as world:
            if case == "caveat":
                hidden(world.sa)
            if case == "own law":
                raised(world.sa, reason="inspection", purpose="vehicle_theft")
            if case == "unscreened":
                raised(
                    world.sa, "person", name="سالم", reason="wanted_person", subject="suspect", offence_max_years=5,
                    purpose="drug_trafficking", identifiers=[PLATE],
                )  # fmt: skip
            if case == "hit":
                raised(world.sa, purpose="search_and_rescue")
            world.step()
            world.clock.advance(timedelta(seconds=3))
            asked = put(world.jo, "SA", kinds=["vehicle", "person"])
            beat(world)
            assert state(world.jo, asked.id) == ("hit" if case == "hit" else "nil"), case
            found[case] = told(world)
    hit, length = found.pop("hit")
    nothing = found["nothing"]
    # An alert that was released before moves the number of the answer, and nothing of the answer itself.
    assert {each[0].replace(b'"seq":%d' % each[1][4], b"") for each in found.values()} == {
        nothing[0].replace(b'"seq":%d' % nothing[1][4], b"")
    }
    assert {tuple(each[1][:4]) for each in found.values()} == {tuple(nothing[1][:4])}
    assert len(hit) == len(nothing[0])
    assert length[:4] == nothing[1][:4]


def test_an_answer_waits_for_its_beat_whenever_the_question_comes(world: World) -> None:
    for late in (0, 1, 4, 9):
        world.clock.advance(timedelta(seconds=late))
        asked = put(world.jo, "SA")
        world.jo.step()
        world.sa.step()
        came = world.clock.now()
        while not query(world.sa, asked.id).get("answer"):
            world.clock.advance(timedelta(seconds=1))
            world.sa.step()
        waited = (world.clock.now() - came).total_seconds()
        assert 10 <= waited <= 20
        assert world.clock.now().second % 10 == 0


def test_what_was_found_is_told_to_nobody_not_even_in_the_list(world: World) -> None:
    known = hidden(world.sa)
    asked = put(world.jo, "SA")
    beat(world)
    assert known.id not in canonical.encode(query(world.sa, asked.id)).decode()


def test_a_question_needs_a_purpose_and_kinds_that_the_clause_knows(world: World) -> None:
    with pytest.raises(NotAllowed) as refused:
        put(world.jo, "SA", purpose="customs_control")
    assert refused.value.code == "no-clause"
    assert "6.1" in refused.value.message
    with world.jo.store.read() as tx:
        assert not tx.records.page()
        assert not tx.links.page("JO>SA")


def test_a_list_is_no_question_here_and_there(world: World) -> None:
    many = [{"type": "plate", "value": f"77-{n}"} for n in range(6)]
    with pytest.raises(NotAllowed) as refused:
        put(world.jo, "SA", identifiers=many)
    assert "floor/1 F12" in refused.value.message


def test_a_mistyped_number_is_told_at_once(world: World) -> None:
    with pytest.raises(BadInput) as refused:
        put(world.jo, "SA", identifiers=[{"type": "imo", "value": "9074728"}], kinds=["vessel"])
    assert refused.value.code == "check-digit"


def test_a_ship_is_found_with_and_without_its_prefix(world: World) -> None:
    raised(
        world.sa, "vessel", name="Al Noor", reason="drug_trafficking", purpose="drug_trafficking",
        identifiers=[{"type": "imo", "value": "IMO 9074729"}],
    )  # fmt: skip
    asked = put(world.jo, "SA", identifiers=[{"type": "imo", "value": "9074729"}], kinds=["vessel"])
    beat(world)
    assert state(world.jo, asked.id) == "hit"
