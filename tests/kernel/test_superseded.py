"""A later version that may not go to a partner takes the earlier ones with it, wherever they wait."""

from __future__ import annotations

from typing import Any

import pytest

from mithaq.errors import NotFound
from mithaq.kernel.duty import duties
from mithaq.kernel.people.actor import HOME, Actor
from tests.worlds import World

ANALYST = Actor(id="officer/aya", roles=("analyst", "duty_officer"), by="session")
SUPERVISOR = Actor(id="officer/salim", roles=("supervisor",), by="session")
CHILD = {
    "name": "Nour Haddad", "reason": "people_smuggling", "category": "missing", "measure": "protect",
    "subject": "missing", "nationality": "JO", "place": "31.4912,36.9987", "time": "2026-11-20T04:10:33Z",
    "purpose": "people_smuggling", "grounds": "seen with people who are not the family",
}  # fmt: skip
SUSPECT = {
    "name": "Samer Khatib", "reason": "drug_trafficking", "category": "check", "measure": "inform",
    "subject": "suspect", "offence_max_years": 10, "nationality": "JO", "place": "31.4912,36.9987",
    "time": "2026-11-20T04:10:33Z", "purpose": "drug_trafficking",
}  # fmt: skip


def state(world: World, given: dict[str, Any], **changes: Any) -> Any:
    verb = "correct-person" if "id" in changes else "alert-person"
    return world.jo.do(f"intelligence.{verb}", {**given, **changes}, who=ANALYST).result()


def settle(world: World) -> None:
    for _ in range(3):
        world.clock_on()
        world.step()


def sa_holds(world: World, id: str) -> int:
    with world.sa.store.read() as tx:
        held = tx.records.get(id)
    return held.version if held is not None else 0


def test_a_version_that_waits_for_a_review_does_not_go_after_a_later_one_was_withheld(world: World) -> None:
    first = state(world, CHILD, flags=["child"])
    assert first.reviewing == ("SA",)
    second = state(world, CHILD, flags=["child", "asylum_seeker"], id=first.id)
    assert second.withheld["SA"]
    review = {"id": first.id, "to": "SA", "finding": "seems right"}
    with pytest.raises(NotFound):
        world.jo.do("release.review", review, who=SUPERVISOR).result()
    settle(world)
    assert sa_holds(world, first.id) == 0
    world.assert_sound()


def test_a_version_that_waits_in_the_queue_does_not_go_either(world: World) -> None:
    world.wire.leave("SA")
    first = state(world, SUSPECT, flags=[])
    assert first.released == ("SA",)
    assert state(world, SUSPECT, flags=["refugee"], id=first.id).withheld["SA"]
    world.wire.join("SA", world.sa.receive)
    settle(world)
    assert sa_holds(world, first.id) == 0
    world.assert_sound()


def test_nor_does_one_that_was_deferred_since_a_restore(world: World) -> None:
    world.jo.do("node.restored", {}, who=HOME).result()
    first = state(world, SUSPECT, flags=[])
    assert first.deferred == ("SA",)
    state(world, SUSPECT, flags=["refugee"], id=first.id)
    settle(world)
    assert sa_holds(world, first.id) == 0


def test_where_one_has_arrived_somebody_looks_whether_it_must_be_recalled(world: World) -> None:
    first = state(world, SUSPECT, flags=[])
    settle(world)
    assert sa_holds(world, first.id) == 1
    state(world, SUSPECT, flags=["refugee"], id=first.id)

    def owed() -> list[str]:
        with world.jo.store.read() as tx:
            return [each.id for each in duties(tx)]

    assert f"look_at_withheld/{first.id}/SA" in owed()
    assert world.jo.do("link.recall", {"id": first.id, "why": "unlawful"}, who=SUPERVISOR).result().told == ("SA",)
    assert [each for each in owed() if first.id in each] == [f"await_deletion/{first.id}/SA"]


def test_each_version_that_waits_for_a_review_has_a_clock_of_its_own(world: World) -> None:
    first = state(world, CHILD, flags=["child"])
    world.jo.do("release.review", {"id": first.id, "to": "SA", "finding": "as agreed"}, who=SUPERVISOR).result()
    state(world, CHILD, flags=["child"], id=first.id, nationality="SA")
    [waits] = world.jo.ask("release.waiting", {}, who=SUPERVISOR)
    assert waits.version == 2
    with world.jo.store.read() as tx:
        [duty] = [each for each in duties(tx) if each.what == "review_release"]
    assert (duty.state, f"{first.id}/2" in duty.about) == ("open", True)


def test_who_stated_a_deferred_record_does_not_review_its_release(world: World) -> None:
    world.jo.do("node.restored", {}, who=HOME).result()
    first = state(world, CHILD, flags=["child"])
    settle(world)
    [waits] = world.jo.ask("release.waiting", {}, who=SUPERVISOR)
    assert (waits.id, waits.who) == (first.id, ANALYST.id)
