"""Paths around what protects a person: flags given about things, texts about a child, links, papers, exercises."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel.people.second import Waits
from tests.capabilities.cases import (
    ANALYST,
    LIAISON,
    ON_DUTY,
    OTHER_ANALYST,
    PLACE,
    SUPERVISOR,
    TIME,
    ask,
    child,
    do,
    one,
    person,
    settle,
    vessel,
)  # fmt: skip
from tests.worlds import World, alert

TEXT = "the driver gave a name"


def follow_up(verb: str, about: str, **more: Any) -> tuple[str, dict[str, Any]]:
    given: dict[str, dict[str, Any]] = {
        "report-sighting": {"about": about, "likeness": "certain", "place": PLACE, "time": TIME, "release_found": TEXT},
        "supplement": {"about": about, "topic": "identity", "release_text": TEXT},
        "request": {
            "about": about, "addressee": "SA", "topic": "identity", "question": TEXT, "release_question": TEXT,
        },
    }  # fmt: skip
    return verb, {**given[verb], **more}


@pytest.mark.parametrize("verb", ["report-sighting", "supplement", "request"])
def test_flags_given_about_a_thing_stand(world: World, verb: str) -> None:
    id = do(world.sa, "alert-vehicle", alert()).id
    settle(world)
    stated = do(world.jo, *follow_up(verb, id, flags=["asylum_seeker"]))
    assert (stated.released, bool(stated.withheld)) == ((), True)
    assert do(world.jo, *follow_up(verb, id)).released == ("SA",)


# -- texts about a child, a victim or a witness ------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["report-sighting", "supplement", "request"])
@pytest.mark.parametrize("flag", ["child", "victim", "witness"])
def test_a_text_about_somebody_guarded_needs_a_second_person(world: World, verb: str, flag: str) -> None:
    id = do(world.sa, "alert-vehicle", alert()).id
    settle(world)
    held = do(world.jo, *follow_up(verb, id, flags=[flag]), ANALYST)
    assert isinstance(held, Waits)
    world.jo.do("acts.approve", {"id": held.waiting}, who=OTHER_ANALYST).result()


def test_without_a_text_one_person_tells_of_somebody_guarded(world: World) -> None:
    id = do(world.sa, "alert-vehicle", alert()).id
    settle(world)
    _, given = follow_up("report-sighting", id, flags=["child"], release_found=None)
    assert not isinstance(do(world.jo, "report-sighting", given, ANALYST), Waits)


def test_a_text_about_our_own_alert_on_a_victim_needs_one_whatever_its_own_flags(world: World) -> None:
    given = person(flags=["victim"], subject="victim", category="inform", measure="inform")
    id = do(world.jo, "alert-person", given).id
    held = do(world.jo, *follow_up("supplement", id, screened=True), ANALYST)
    assert isinstance(held, Waits)
    saving = follow_up("supplement", id, screened=True, purpose="search_and_rescue")
    assert isinstance(do(world.jo, *saving, ANALYST), Waits)  # to call it so is no way around


def test_a_reply_and_a_contest_need_one_too(world: World) -> None:
    id = do(world.jo, "alert-person", child(purpose="people_smuggling", reason="people_smuggling")).id
    world.jo.do("release.review", {"id": id, "to": "SA", "finding": "fine"}, who=SUPERVISOR).result()
    settle(world)
    asked = {"addressee": "JO", "topic": "identity", "question": TEXT, "release_question": TEXT, "about": id}
    request = do(world.sa, "request", {**asked, "screened": True})
    settle(world)
    answer = {"request": request.id, "outcome": "answered", "release_text": TEXT, "screened": True}
    assert isinstance(do(world.jo, "reply", answer, ANALYST), Waits)
    disputed = {"id": id, "reason": "it is somebody else", "release_reason": TEXT, "flags": ["child"]}
    guard = replace(LIAISON, authority="border_guard")
    assert isinstance(do(world.sa, "contest", disputed, guard), Waits)


def test_where_waiting_may_cost_a_life_it_goes_at_once_and_is_reviewed_afterwards(world: World) -> None:
    id = do(world.jo, "alert-person", child()).id
    settle(world)
    guard = replace(ON_DUTY, authority="border_guard")
    seen = do(world.sa, *follow_up("report-sighting", id, flags=["child"]), guard)
    assert (seen.released, seen.reviewing) == (("JO",), ())
    assert [(each.id, each.gone) for each in world.sa.ask("release.waiting", {}, who=SUPERVISOR)] == [(seen.id, True)]
    more = do(world.jo, *follow_up("supplement", id, screened=True), ANALYST)  # of our own alert we know it is a child
    assert more.released == ("SA",)
    assert (more.id, True) in [(each.id, each.gone) for each in world.jo.ask("release.waiting", {}, who=SUPERVISOR)]


# -- papers, links, exercises ------------------------------------------------------------------------------------------


def test_papers_of_a_person_do_not_cross_on_a_vehicle(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        do(world.jo, "alert-vehicle", alert(identifiers=[{"type": "passport", "value": "N123"}]))
    assert refused.value.where == "$.identifiers[0].type"


def test_where_a_partners_person_was_is_a_sighting_and_no_link_of_a_thing(world: World) -> None:
    theirs = do(world.sa, "alert-person", person()).id
    settle(world)
    link = [{"to": theirs, "relation": "occupant"}]
    with pytest.raises(Invalid) as refused:
        do(world.jo, "alert-vehicle", alert(links=link))
    assert (refused.value.where, "report a sighting" in refused.value.hint) == ("$.links[0].to", True)
    assert do(world.jo, "alert-person", person(name="Other", links=link)).version == 1
    ours = do(world.jo, "alert-person", person(name="Ours")).id
    assert do(world.jo, "alert-vehicle", alert(links=[{"to": ours, "relation": "occupant"}])).version == 1


@pytest.mark.parametrize(("exercise", "linked"), [(True, False), (False, True)])
def test_what_is_real_and_an_exercise_are_not_linked(world: World, exercise: bool, linked: bool) -> None:
    to = do(world.jo, "alert-vessel", vessel(exercise=exercise)).id
    with pytest.raises(Invalid) as refused:
        do(world.jo, "alert-vehicle", alert(exercise=linked, links=[{"to": to, "relation": "seen_with"}]))
    assert refused.value.where == "$.links[0].to"


# -- inquiries at home -------------------------------------------------------------------------------------------------


def test_what_is_asked_in_an_inquiry_at_home_is_read_by_those_who_make_it(world: World) -> None:
    asked = {"addressee": "SA", "topic": "identity", "question": "is he known", "screened": True}
    do(world.jo, "request", {**asked, "purpose": "domestic_inquiry"}, ANALYST)
    do(world.jo, "request", {**asked, "purpose": "drug_trafficking"}, ANALYST)
    assert len(ask(world.jo, "requests", {}, ANALYST).items) == 2
    assert [row.body["purpose"] for row in ask(world.jo, "requests", {}, LIAISON).items] == ["drug_trafficking"]
    id = do(world.jo, "alert-vehicle", alert(purpose="domestic_inquiry")).id
    do(world.jo, "report-sighting", {"about": id, "likeness": "likely", "place": PLACE, "time": TIME}, ANALYST)
    assert "follow_ups" not in one(world.jo, id, ON_DUTY)
    assert len(one(world.jo, id, ANALYST)["follow_ups"]) == 1
