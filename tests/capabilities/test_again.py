"""The same row taken in again undoes nothing; a reference, a form and a dry run tell nobody more than they may know."""

from __future__ import annotations

from typing import Any

import pytest

from mithaq.errors import Clash, Invalid
from mithaq.kernel.people.actor import HOME
from tests.capabilities.cases import ANALYST, ON_DUTY, child, do, document, one, person, settle
from tests.worlds import World, alert

REASON = "the papers were stolen in March"
HASH = "sha256:" + "7" * 64
PICTURE = {"digest": HASH, "media_type": "image/jpeg", "size": 10, "width": 5, "height": 5, "parts": [HASH]}


def take(world: World, **changes: Any) -> Any:
    return do(world.jo, "alert-persons", {"rows": [person(reference="case-1", **changes)]})[0].stated


def safeguard(world: World, id: str) -> None:
    """What officers do with an alert that came from a file."""
    do(world.jo, "flag-misused-identity", {"id": id, "reason": REASON})
    do(world.jo, "contest", {"id": id, "reason": REASON})
    do(world.jo, "review", {"id": id, "decision": "end", "reason": REASON})


def protected(world: World, id: str) -> tuple[Any, Any, Any]:
    body = one(world.jo, id)
    return body["fields"]["flags"], body["caveats"], body["state"]


SAFE = (["misused_identity"], ["contested"], "ended")


def test_the_same_row_undoes_no_safeguard(world: World) -> None:
    id = take(world).id
    safeguard(world, id)
    again = take(world)
    assert (again.id, again.version, again.unchanged) == (id, 4, True)
    assert protected(world, id) == SAFE


def test_a_row_that_changed_takes_no_safeguard_back_and_a_correction_does(world: World) -> None:
    id = take(world).id
    safeguard(world, id)
    world.clock_on()
    changed = take(world, accuracy="1")
    assert (changed.id, changed.version, changed.released) == (id, 5, ())
    assert protected(world, id) == SAFE
    assert take(world, accuracy="1").unchanged
    do(world.jo, "correct-person", {**person(), "id": id})
    assert protected(world, id) == ([], [], "active")


def test_the_same_row_does_not_undo_a_correction(world: World) -> None:
    row = {"rows": [alert(reference="n-1")]}
    id = do(world.jo, "alert-vehicles", row)[0].stated.id
    do(world.jo, "correct-vehicle", {**alert(colour="red"), "id": id})
    for dry_run in (True, False):
        again = do(world.jo, "alert-vehicles", {**row, "dry_run": dry_run})[0].stated
        assert (again.version, again.unchanged) == (2, True)
    assert one(world.jo, id)["fields"]["colour"] == "red"


def test_a_reference_that_is_taken_by_what_may_not_be_read_tells_nothing_of_it(world: World) -> None:
    hidden = person(purpose="domestic_inquiry", reference="c7")
    id = do(world.jo, "alert-person", hidden, ANALYST).id
    for guess in (hidden, person(reference="c7", name="Else")):
        with pytest.raises(Clash) as refused:
            do(world.jo, "alert-person", guess, ON_DUTY)
        assert (refused.value.code, refused.value.message) == ("reference", "this reference is taken")
    assert (one(world.jo, id)["version"], one(world.jo, id)["fields"]["name"]) == (1, hidden["name"])


def test_what_is_kept_from_an_officer_stays_as_it_was_when_they_correct(world: World) -> None:
    id = do(world.jo, "alert-vehicle", alert()).id
    seen = one(world.jo, id, ON_DUTY)["fields"]
    assert "source" not in seen
    do(world.jo, "correct-vehicle", {**seen, "colour": "red", "id": id, "purpose": "drug_trafficking"}, ON_DUTY)
    do(world.jo, "correct-vehicle", {**seen, "source": "me", "id": id, "purpose": "drug_trafficking"}, ON_DUTY)
    assert one(world.jo, id, ANALYST)["fields"]["source"] == alert()["source"]
    do(world.jo, "correct-vehicle", {**seen, "id": id, "purpose": "drug_trafficking"}, ANALYST)
    assert "source" not in one(world.jo, id, ANALYST)["fields"]


# -- instants ----------------------------------------------------------------------------------------------------------


def test_every_instant_is_kept_in_the_one_spelling(world: World) -> None:
    given = document(time="2026-11-20T07:10:33+03:00", expires="2027-01-01T00:00:00.000Z")
    fields = one(world.jo, do(world.jo, "alert-document", given).id)["fields"]
    assert (fields["time"], fields["expires"]) == ("2026-11-20T04:10:33Z", "2027-01-01T00:00:00Z")


@pytest.mark.parametrize("time", ["2026-11-20T04:10:33.5Z", "0001-01-01T00:00:00+14:00", "0099-01-01T00:00:00Z"])
def test_an_instant_that_cannot_be_written_is_refused_with_its_place(world: World, time: str) -> None:
    with pytest.raises(Invalid) as refused:
        do(world.jo, "alert-document", document(time=time))
    assert refused.value.where == "$.time"


# -- dry runs ----------------------------------------------------------------------------------------------------------


def both(world: World, verb: str, row: dict[str, Any]) -> list[Any]:
    return [do(world.jo, verb, {"rows": [row], "dry_run": dry_run})[0] for dry_run in (True, False)]


def test_what_may_save_a_life_is_released_in_a_dry_run_too(world: World) -> None:
    dry, real = both(world, "alert-persons", child())
    assert (dry.stated.released, dry.stated.reviewing) == (real.stated.released, real.stated.reviewing) == (("SA",), ())


def test_what_waits_for_a_review_waits_in_a_dry_run_too(world: World) -> None:
    dry, real = both(world, "alert-persons", child(purpose="people_smuggling", reason="people_smuggling"))
    assert (dry.stated.released, dry.stated.reviewing) == (real.stated.released, real.stated.reviewing) == ((), ("SA",))


def test_what_could_not_be_stated_is_a_problem_in_a_dry_run_too(world: World) -> None:
    id = do(world.jo, "alert-vehicle", alert(reference="r")).id
    world.jo.do("link.recall", {"id": id, "why": "wrong"}, who=HOME).result()
    for row in (alert(reference="r", colour="red"), alert(photos=[PICTURE])):
        dry, real = both(world, "alert-vehicles", row)
        assert dry.stated is None
        assert real.stated is None
        assert dry.problem.partition("]")[0] == real.problem.partition("]")[0]
    settle(world)
    world.assert_sound()
