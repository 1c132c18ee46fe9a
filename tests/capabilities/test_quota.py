"""The day's quota of questions holds on both sides: for many at once, over a restart, and whatever would be found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mithaq.errors import NotAllowed
from mithaq.kernel.link.sequence import number
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from tests.capabilities.asking import PLATE, beat, put, raised, sent, state
from tests.worlds import World, two_nations

LINK, DAY = "JO>SA", "2026-11-20"
QUOTA = 200  # of JO-SA-border 6.1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made


def spend(node: Node, count: int, day: str = DAY) -> None:
    """As if so many had been put on this day."""
    name = f"{day}/{LINK}/JO-SA-border/1/6.1"
    node.store.write(lambda tx: tx.papers.put("quota", name, str(count).encode())).result()


def left(node: Node) -> tuple[int, int, int]:
    found = next(each for each in node.ask("release.quotas", {}, who=HOME) if (each.asks, each.asked) == ("JO", "SA"))
    return found.quota, found.used, found.left


def forced(world: World, **changes: Any) -> str:
    """A question that a node numbers although its own count forbids it: what a dishonest nation could send."""
    spend(world.jo, 0)
    return str(put(world.jo, "SA", **changes).id)


def test_both_sides_count_the_same(world: World) -> None:
    assert left(world.jo) == left(world.sa) == (QUOTA, 0, QUOTA)
    put(world.jo, "SA")
    beat(world)
    assert left(world.jo) == left(world.sa) == (QUOTA, 1, QUOTA - 1)


def test_no_more_leave_when_many_ask_at_once(world: World) -> None:
    spend(world.jo, QUOTA - 3)
    given = {
        "to": "SA", "identifiers": [PLATE], "kinds": ["vehicle"], "purpose": "drug_trafficking", "case": "A-1",
        "why": "the papers do not fit",
    }  # fmt: skip
    asked = [world.jo.do("intelligence.query", given, who=HOME) for _ in range(8)]
    refused = [each.exception().code for each in asked if each.exception() is not None]  # type: ignore[union-attr]
    assert refused == ["quota-used"] * 5
    assert left(world.jo) == (QUOTA, QUOTA, 0)
    assert len(sent(world.jo, "SA", "intelligence.query")) == 3


def test_a_restart_forgets_nothing_and_the_next_day_begins_anew(tmp_path: Path) -> None:
    with two_nations(tmp_path, files=True) as world:
        spend(world.jo, QUOTA - 1)
        put(world.jo, "SA")
        jo = world.reopen("JO")
        with pytest.raises(NotAllowed) as refused:
            put(jo, "SA")
        assert refused.value.code == "quota-used"
        assert "200" in refused.value.message
        world.clock.advance(timedelta(hours=12))
        assert put(jo, "SA").released == ("SA",)


@pytest.mark.parametrize("matches", [True, False])
def test_the_other_side_refuses_one_too_many_the_same_whether_or_not_there_is_a_match(
    world: World, matches: bool
) -> None:
    if matches:
        raised(world.sa, purpose="search_and_rescue")
        world.step()
    spend(world.sa, QUOTA)
    asked = forced(world)
    world.step()
    with world.jo.store.read() as tx:
        (message,) = tx.links.carrying(f"{asked}/1")
    assert (message.outcome, message.code) == ("refused", "quota_used")
    beat(world)
    assert state(world.jo, asked) == "refused"
    assert not sent(world.sa, "JO", "intelligence.answer")
    with world.sa.store.read() as tx:
        assert not tx.papers.page("intelligence.query")
    world.assert_sound()


def tampered(world: World, **fields: Any) -> str:
    """What the other side answers to a question whose fields were changed after our law let it go."""
    asked = put(world.jo, "SA")
    ((_, content),) = sent(world.jo, "SA", "intelligence.query")
    body = content["body"]
    body["record"] = "JO-" + "0" * 26
    for name, value in fields.items():
        if name in body:
            body[name] = value
        elif value is None:
            body["fields"].pop(name)
        else:
            body["fields"][name] = value

    def job(tx: Any) -> int:
        node = world.jo.surroundings
        made = number(
            tx, sender="JO", receiver="SA", what="release", body=body, subject=f"{body['record']}/1", exercise=False,
            at=world.clock.now(), randomness=node.randomness,
        )  # fmt: skip
        node.touched.add(made.link)
        return made.seq

    seq = world.jo.store.write(job).result()
    world.step()
    with world.jo.store.read() as tx:
        found = tx.links.get(LINK, seq)
    assert asked.id
    assert found is not None
    return found.code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"identifiers": [{"type": "plate", "value": f"1-{n}"} for n in range(6)]}, "own_law"),  # a list: floor F12
        ({"case": None}, "own_law"),  # no case: what is not shown is not known, and the floor forbids it
        ({"kinds": ["intelligence.alert.vehicle/2", "intelligence.sighting/1"]}, "not_covered"),
        ({"kinds": []}, "field_type"),
        ({"purpose": "customs_control"}, "not_covered"),
        ({"urgency": "counter"}, "handling"),  # it carries the longer clock
    ],
)  # fmt: skip
def test_a_question_is_judged_again_on_arrival(world: World, fields: dict[str, Any], code: str) -> None:
    assert tampered(world, **fields) == code
