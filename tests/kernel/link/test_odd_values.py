"""Values that a partner's node may send, and that readers here must not stumble over: refused, and the link goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mithaq.adapters.store.vault import record_place
from mithaq.errors import Invalid
from mithaq.kernel.link import sequence
from mithaq.kernel.people.actor import HOME
from tests.worlds import World, alert

Change = Callable[[dict[str, Any]], None]


def fields(level: str = "clear", **changed: Any) -> Change:
    def change(body: dict[str, Any]) -> None:
        body["fields"].update(changed)
        body["levels"].update(dict.fromkeys(changed, level))

    return change


def handling(**changed: Any) -> Change:
    return lambda body: body["handling"].update(changed)


def outside(**changed: Any) -> Change:
    return lambda body: body.update(changed)


ODD: dict[str, Change] = {
    "an instant with an offset": fields(expires="2027-11-20T04:10:33+03:00"),
    "a fraction of a second": fields(time="2026-11-20T04:00:00.5Z"),
    "a pseudonym of an instant": fields("pseudonym", expires="p:" + "0" * 32),
    "a pseudonym that is none": fields("pseudonym", plate="p:abc"),
    "a pseudonym of a word": fields("pseudonym", measure="p:" + "0" * 32),
    "a pseudonym that is a number": fields("pseudonym", plate=5),
    "a pseudonym of links": fields("pseudonym", links=5),
    "an unknown level": fields("generalised:parsec", place="31.455,37"),
    "recipients that are no list": handling(recipients=5),
    "a review that is a number": handling(review=5),
    "a period that is a number": handling(retain=5),
    "a log of nothing": handling(log=[]),
    "an obligation that nobody knows": handling(pray=True),
    "version nought": outside(version=0),
    "made with an offset": outside(made="9999-12-31T23:59:59-10:00"),
    "what a terminal obeys": fields(make="\x1b]0;X\x07"),
}


@pytest.fixture
def forging(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Jordan's node is dishonest: its releases are changed before they are numbered and signed."""

    def begin(change: Change) -> None:
        def number(tx: Any, *, body: dict[str, Any], what: Any, **more: Any) -> Any:
            if what == "release":
                change(body)
            return sequence.number(tx, body=body, what=what, **more)

        monkeypatch.setattr("mithaq.kernel.desk.number", number)

    return begin


@pytest.mark.parametrize("name", ODD)
def test_it_is_refused_and_everybody_works_on(world: World, forging: Callable[[Change], None], name: str) -> None:
    forging(ODD[name])
    odd = world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    world.step()
    with world.jo.store.read() as tx:
        [message] = tx.links.carrying(f"{odd.id}/1")
    assert (message.outcome, message.code) != ("accepted", "")
    assert message.outcome == "refused"
    own = world.sa.do("intelligence.alert-vehicle", alert(plate="OWN-1"), who=HOME).result()
    assert own.id in {row.key for row in world.sa.ask("intelligence.alerts", {}, who=HOME)}
    world.clock_on()
    world.step()
    world.assert_sound()


def test_a_record_does_not_become_one_of_another_kind(world: World, forging: Callable[[Change], None]) -> None:
    first = world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    world.step()
    forging(outside(record=first.id, version=2))
    given = {"goods": "lactose", "reason": "customs_offence", "purpose": "customs_control"}
    world.jo.do("intelligence.alert-goods", given, who=HOME).result()
    world.step()
    with world.jo.store.read() as tx:
        assert [(each.outcome, each.code) for each in tx.links.page("JO>SA")] == [("accepted", ""), ("refused", "kind")]


def test_one_entry_that_nobody_foresaw_stops_no_other(world: World) -> None:
    """Should a record get past all of that, its fold is skipped, and the node's status says so."""
    bad = world.jo.do("intelligence.alert-vehicle", alert(plate="BAD"), who=HOME).result()
    spoil = "update records set content = ? where id = ?"

    def spoilt(tx: Any) -> None:
        content = tx.records._sealed.seal(bad.id, record_place(bad.id, 1), b"{}")
        tx.records._run._driver.execute(spoil, (content, bad.id))

    world.jo.store.write(spoilt).result()
    good = world.jo.do("intelligence.alert-vehicle", alert(plate="GOOD"), who=HOME).result()
    assert [row.key for row in world.jo.ask("intelligence.search", {"find": "GOOD"}, who=HOME).items] == [good.id]
    assert world.jo.ask("node.status", {}, who=HOME).unfolded > 0


def test_an_instant_is_kept_in_one_spelling_or_not_at_all(world: World) -> None:
    stated = world.jo.do("intelligence.alert-vehicle", alert(time="2026-11-20T07:10:33+03:00"), who=HOME).result()
    with world.jo.store.read() as tx:
        held = tx.records.get(stated.id)
    assert held is not None
    assert b'"2026-11-20T04:10:33Z"' in held.content
    with pytest.raises(Invalid):
        world.jo.do("intelligence.alert-vehicle", alert(time="2026-11-20T04:10:33.5Z"), who=HOME).result()


def test_what_no_message_can_carry_is_refused_where_it_is_written(world: World) -> None:
    long = {f"release_{name}": "🐪" * 19_000 for name in ("remarks", "description")}
    texts = {name.removeprefix("release_"): text for name, text in long.items()}
    with pytest.raises(Invalid, match="bytes"):
        world.jo.do("intelligence.alert-vehicle", {**alert(), **long, **texts}, who=HOME).result()
    assert world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result().released == ("SA",)
    world.step()
    world.assert_sound()
