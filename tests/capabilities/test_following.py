"""What follows on an alert goes to whom it is for and to nobody else; what is owed is opened and discharged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid, NotAllowed, NotFound
from mithaq.kernel.clock import write_instant
from tests.capabilities.cases import (
    LIAISON,
    ON_DUTY,
    PLACE,
    SUPERVISOR,
    TIME,
    ask,
    child,
    do,
    document,
    one,
    owed,
    person,
    settle,
)  # fmt: skip
from tests.treaties import Nations, nations
from tests.worlds import START, World, alert


def sighting(about: str, **more: Any) -> dict[str, Any]:
    return {"about": about, "likeness": "certain", "place": PLACE, "time": TIME, "measure": "discreet", **more}


def crossed(world: World, **changes: Any) -> str:
    """An alert on a vehicle that SA has."""
    id = str(do(world.jo, "alert-vehicle", alert(**changes)).id)
    settle(world)
    return id


def test_a_sighting_goes_to_the_origin_of_the_alert_which_looks_at_it(world: World) -> None:
    id = crossed(world)
    seen = do(world.sa, "report-sighting", sighting(id, found="parked at the depot", remarks="two men"), ON_DUTY)
    assert seen.released == ("JO",)
    settle(world)
    [told] = one(world.jo, id)["follow_ups"]
    assert (told["id"], told["sort"], told["origin"]) == (seen.id, "sighting", "SA")
    assert told["fields"]["measure"] == "discreet"
    assert not {"found", "remarks", "flags", "source"} & told["fields"].keys()
    duty = owed(world.jo)[f"sighting/{seen.id}"]
    assert (duty.state, duty.owed_by) == ("open", "analyst")
    do(world.jo, "acknowledge", {"id": seen.id, "finding": "it is the lorry of the case"}, SUPERVISOR)
    assert owed(world.jo)[duty.id].state == "discharged"
    world.assert_sound()


def test_the_text_of_a_sighting_leaves_only_as_a_release_text(world: World) -> None:
    id = crossed(world)
    do(world.sa, "report-sighting", sighting(id, found="ours", release_found="parked by the road"))
    settle(world)
    [told] = one(world.jo, id)["follow_ups"]
    assert told["fields"]["found"] == "parked by the road"


def test_a_sighting_of_our_own_alert_stays_at_home(world: World) -> None:
    id = crossed(world)
    seen = do(world.jo, "report-sighting", sighting(id))
    assert (seen.released, seen.withheld) == ((), {})
    settle(world)
    assert "follow_ups" not in one(world.sa, id)


def test_where_a_person_was_seen_is_not_told_before_a_screening(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    assert do(world.sa, "report-sighting", sighting(id)).withheld["JO"]
    assert do(world.sa, "report-sighting", sighting(id, flags=["asylum_seeker"])).withheld["JO"]
    assert do(world.sa, "report-sighting", sighting(id, screened=True)).released == ("JO",)


def test_of_a_child_that_was_found_its_origin_is_told_at_once_and_it_is_reviewed_afterwards(world: World) -> None:
    raised = do(world.jo, "alert-person", child())
    assert (raised.released, raised.reviewing) == (("SA",), ())
    settle(world)
    guard = replace(ON_DUTY, authority="border_guard")  # whom the agreement names as recipients
    with pytest.raises(NotFound):
        do(world.sa, "report-sighting", sighting(raised.id), replace(ON_DUTY, authority="customs"))
    found = do(world.sa, "report-sighting", sighting(raised.id, measure="protect", flags=["child"]), guard)
    assert (found.released, found.reviewing) == (("JO",), ())
    [waits] = world.sa.ask("release.waiting", {}, who=SUPERVISOR)
    assert (waits.id, waits.to, waits.gone) == (found.id, "JO", True)
    right = {"id": found.id, "to": "JO", "finding": "the family was told"}
    with pytest.raises(NotAllowed):
        world.sa.do("release.review", right, who=guard).result()
    assert world.sa.do("release.review", right, who=SUPERVISOR).result().outcome == "released"
    assert owed(world.sa)[f"review_release/{found.id}/JO"].state == "discharged"


def test_an_alert_on_a_person_that_came_in_is_looked_at_by_a_person(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    assert owed(world.sa)[f"human_review/{id}"].owed_by == "supervisor"
    do(world.sa, "acknowledge", {"id": id, "finding": "it is as it should be"}, SUPERVISOR)
    assert owed(world.sa)[f"human_review/{id}"].state == "discharged"
    with pytest.raises(NotFound):
        do(world.sa, "acknowledge", {"id": id, "finding": "looked at it again"}, SUPERVISOR)


def test_an_arrest_that_is_asked_for_is_looked_at_within_the_hour(world: World) -> None:
    waits = do(world.jo, "alert-person", person(category="arrest", measure="arrest"), ON_DUTY)
    world.jo.do("acts.approve", {"id": waits.waiting}, who=SUPERVISOR).result()
    settle(world)
    [duty] = [each for each in owed(world.sa).values() if each.what == "review_received"]
    assert (duty.due - duty.since).total_seconds() == 3600


# -- requests and replies ----------------------------------------------------------------------------------------------


def question(**more: Any) -> dict[str, Any]:
    return {
        "addressee": "JO", "topic": "ownership", "question": "who owns it?", "release_question": "Who owns it?", **more,
    }  # fmt: skip


def test_a_request_and_its_reply_go_round(world: World) -> None:
    id = crossed(world)
    asked = do(world.sa, "request", question(about=id, urgency="urgent"), LIAISON)
    assert asked.released == ("JO",)
    waiting = owed(world.sa)[f"await_reply/{asked.id}"]
    assert waiting.due == START.replace(minute=3) + (waiting.due - waiting.since)
    settle(world)
    ours = owed(world.jo)[f"reply/{asked.id}"]
    assert (ours.state, ours.owed_by, ours.due) == ("open", "liaison_officer", waiting.due)
    [row] = ask(world.jo, "requests", {"side": "received", "open": True}, LIAISON).items
    assert (row.key, row.body["state"], row.body["fields"]["question"]) == (asked.id, "open", "Who owns it?")
    told = do(world.jo, "reply", {"request": asked.id, "outcome": "answered", "release_text": "A firm in Zarqa."})
    assert told.released == ("SA",)
    assert owed(world.jo)[ours.id].state == "discharged"
    settle(world)
    assert owed(world.sa)[waiting.id].state == "discharged"
    [row] = ask(world.sa, "requests", {"side": "sent"}).items
    assert row.body["state"] == "answered"
    assert [each["fields"]["text"] for each in row.body["replies"]] == ["A firm in Zarqa."]
    assert ask(world.sa, "requests", {"open": True}).items == ()
    [follow_up] = one(world.sa, id)["follow_ups"]
    assert [each["id"] for each in follow_up["replies"]] == [told.id]
    world.assert_sound()


def test_a_request_without_a_reply_is_overdue_and_escalates(world: World) -> None:
    soon = write_instant(START.replace(hour=13))
    asked = do(world.sa, "request", question(purpose="drug_trafficking", screened=True, reply_by=soon))
    settle(world)
    world.clock_on(3600)
    for node in (world.jo, world.sa):
        node.tick()
        assert [row.body["state"] for row in ask(node, "requests", {}).items] == ["overdue"]
    assert owed(world.jo)[f"reply/{asked.id}"].state == "escalated"
    assert owed(world.sa)[f"await_reply/{asked.id}"].state == "escalated"


@pytest.mark.parametrize(
    ("more", "where"),
    [({"addressee": "IQ"}, "$.addressee"), ({"about": None}, "$.purpose")],
    ids=["no partner", "no purpose"],
)
def test_a_request_names_a_partner_and_a_purpose(world: World, more: dict[str, Any], where: str) -> None:
    with pytest.raises((Invalid, NotFound)) as refused:
        do(world.sa, "request", question(**more))
    assert refused.value.where == where


def test_what_is_no_request_of_a_partner_is_not_replied_to(world: World) -> None:
    asked = do(world.sa, "request", question(purpose="drug_trafficking", screened=True))
    for id in (asked.id, crossed(world)):
        with pytest.raises(Invalid):
            do(world.sa, "reply", {"request": id, "outcome": "nothing_to_tell"})


# -- three nations -----------------------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Nations]:
    """Iraq and Saudi Arabia under warnings at the border; Jordan under nothing."""
    with nations(tmp_path) as made:
        text = made.text("SA")
        made.conclude(made.propose("SA", text), text)
        yield made


def test_nobody_else_is_asked_told_or_considered(three: Nations) -> None:
    id = three.alert("SA").id
    three.step()
    seen = do(three.nodes["IQ"], "report-sighting", sighting(id))
    assert (seen.released, seen.withheld) == (("SA",), {})
    more = do(three.nodes["SA"], "supplement", {"about": id, "topic": "description", "release_text": "it has a dent"})
    assert (more.released, more.withheld) == (("IQ",), {})
    asked = do(three.nodes["IQ"], "request", question(addressee="SA", about=id))
    assert asked.released == ("SA",)
    with pytest.raises(Invalid) as refused:
        do(three.nodes["IQ"], "request", question(addressee="JO", about=id))
    assert refused.value.where == "$.about"
    three.step()
    assert [each["sort"] for each in one(three.nodes["IQ"], id)["follow_ups"]] == ["supplement", "request", "sighting"]


def test_more_about_an_alert_is_not_told_once_it_might_not_be_released_any_more(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    more = {"about": id, "topic": "whereabouts", "release_text": "left on foot", "screened": True}
    assert do(world.jo, "supplement", more).released == ("SA",)
    do(world.jo, "correct-person", {**person(flags=["asylum_seeker"]), "id": id})
    late = do(world.jo, "supplement", more)
    assert (late.released, late.withheld) == ((), {})


def test_what_follows_on_an_exercise_is_an_exercise(world: World) -> None:
    id = do(world.jo, "alert-document", document(exercise=True)).id
    settle(world)
    do(world.sa, "report-sighting", sighting(id, screened=True))
    settle(world)
    [told] = one(world.jo, id)["follow_ups"]
    with world.jo.store.read() as tx:
        holding = tx.records.get(told["id"])
    assert holding is not None
    assert holding.exercise
    real = crossed(world)
    with pytest.raises(Invalid):
        do(world.sa, "report-sighting", sighting(real, exercise=True))
