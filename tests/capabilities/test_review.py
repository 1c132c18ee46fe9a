"""What is done with an alert that stands: reviews and their clock, contesting, misused identities."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mithaq.errors import Clash, Invalid, NotAllowed
from mithaq.kernel.matter.record import mark
from tests.capabilities.cases import (
    ANALYST,
    LEGAL,
    ON_DUTY,
    SUPERVISOR,
    do,
    document,
    one,
    owed,
    person,
    settle,
    vessel,
)  # fmt: skip
from tests.worlds import START, World, alert

REASON = "nothing new was found in a year"


def review_of(world: World, id: str) -> tuple[str, timedelta]:
    """(state, how long after the start it is due) of the duty to review an alert."""
    duty = owed(world.jo)[f"review/{id}"]
    return duty.state, duty.due - START


def test_each_sort_is_reviewed_in_its_time(world: World) -> None:
    assert review_of(world, do(world.jo, "alert-person", person()).id) == ("open", timedelta(days=365))
    assert review_of(world, do(world.jo, "alert-vessel", vessel()).id) == ("open", timedelta(days=1095))
    assert review_of(world, do(world.jo, "alert-vehicle", alert(category="check")).id) == ("open", timedelta(days=365))
    soon = do(world.jo, "alert-person", person(review_by="2026-12-20T12:00:00Z")).id
    assert review_of(world, soon) == ("open", timedelta(days=30))


def test_a_correction_is_no_review_and_a_review_moves_the_clock(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    world.clock_on(100 * 86400)
    do(world.jo, "correct-person", {**person(accuracy="3"), "id": id})
    assert review_of(world, id) == ("open", timedelta(days=365))
    kept = do(world.jo, "review", {"id": id, "decision": "keep", "reason": REASON}, ANALYST)
    assert kept.version == 3
    assert review_of(world, id) == ("open", timedelta(days=465))
    do(world.jo, "correct-person", {**person(accuracy="1"), "id": id})
    assert review_of(world, id) == ("open", timedelta(days=465))


def test_a_review_that_is_late_escalates_and_is_still_discharged_by_one(world: World) -> None:
    id = do(world.jo, "alert-person", person(review_by="2026-11-21T12:00:00Z")).id
    assert review_of(world, id)[0] == "open"
    world.clock_on(2 * 86400)
    world.jo.tick()
    assert review_of(world, id)[0] == "escalated"
    do(world.jo, "review", {"id": id, "decision": "keep", "reason": REASON})
    assert review_of(world, id) == ("open", timedelta(days=367))


def test_an_alert_that_ends_is_told_and_is_not_reviewed_any_more(world: World) -> None:
    id = do(world.jo, "alert-document", document()).id
    settle(world)
    assert review_of(world, id)[0] == "open"
    do(world.jo, "review", {"id": id, "decision": "end", "reason": "the passport was found"}, SUPERVISOR)
    settle(world)
    assert review_of(world, id)[0] == "void"
    assert (one(world.jo, id)["state"], one(world.sa, id)["state"]) == ("ended", "ended")


def test_a_recalled_alert_is_not_reviewed_any_more(world: World) -> None:
    id = do(world.jo, "alert-document", document()).id
    world.jo.store.write(lambda tx: mark(tx, id, "wrong", START, "JO")).result()
    assert owed(world.jo).get(f"review/{id}") is None
    with pytest.raises(Clash):
        do(world.jo, "review", {"id": id, "decision": "keep", "reason": REASON})


def test_the_reason_of_a_review_is_audited(world: World) -> None:
    id = do(world.jo, "alert-document", document()).id
    do(world.jo, "review", {"id": id, "decision": "keep", "reason": REASON}, ANALYST)
    with world.jo.store.read() as tx:
        assert [line.reason for line in tx.audit.page(who=ANALYST.id, subject=id)] == ["", f"keep: {REASON}"]


def test_a_review_has_a_reason_and_is_for_those_who_assess(world: World) -> None:
    id = do(world.jo, "alert-document", document()).id
    with pytest.raises(Invalid):
        do(world.jo, "review", {"id": id, "decision": "end", "reason": "old"})
    with pytest.raises(NotAllowed):
        do(world.jo, "review", {"id": id, "decision": "end", "reason": REASON}, ON_DUTY)


def test_only_our_own_alerts_are_reviewed(world: World) -> None:
    id = do(world.jo, "alert-document", document()).id
    settle(world)
    with pytest.raises(NotAllowed):
        do(world.sa, "review", {"id": id, "decision": "end", "reason": REASON})


def test_our_own_alert_that_is_contested_is_settled_by_a_legal_officer(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    do(world.jo, "contest", {"id": id, "reason": "the person was abroad then"}, ON_DUTY)
    body = one(world.jo, id)
    assert (body["version"], body["caveats"]) == (2, ["contested"])
    duty = owed(world.jo)[f"contest/{id}"]
    assert (duty.owed_by, duty.escalates_to, duty.state) == ("legal_officer", "supervisor", "open")
    with pytest.raises(Clash):
        do(world.jo, "contest", {"id": id, "reason": "the person was abroad then"}, ON_DUTY)
    do(world.jo, "acknowledge", {"id": id, "finding": "the alibi was checked and holds"}, LEGAL)
    assert owed(world.jo)[duty.id].state == "discharged"


def test_of_a_partners_alert_that_is_contested_its_origin_is_told(world: World) -> None:
    id = do(world.jo, "alert-vehicle", alert()).id
    settle(world)
    given = {"id": id, "reason": "sold before that date", "release_reason": "It was sold in May."}
    assert do(world.sa, "contest", given).released == ("JO",)
    settle(world)
    [told] = one(world.jo, id)["follow_ups"]
    assert (told["fields"]["topic"], told["fields"]["text"]) == ("contest", "It was sold in May.")
    assert one(world.sa, id)["caveats"] == []


def test_a_misused_identity_does_not_cross_any_more(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    flagged = do(world.jo, "flag-misused-identity", {"id": id, "reason": "the papers were stolen in March"}, ANALYST)
    assert flagged.withheld["SA"]
    assert one(world.jo, id)["fields"]["flags"] == ["misused_identity"]


def test_of_a_partners_alert_whose_identity_is_misused_its_origin_is_told(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    told = do(world.sa, "flag-misused-identity", {"id": id, "reason": "the papers were stolen in March"})
    assert told.released == ("JO",)
    settle(world)
    assert one(world.jo, id)["follow_ups"][0]["fields"]["topic"] == "misused_identity"


def test_a_vehicle_has_no_identity_to_misuse(world: World) -> None:
    id = do(world.jo, "alert-vehicle", alert()).id
    with pytest.raises(Invalid):
        do(world.jo, "flag-misused-identity", {"id": id, "reason": "the plates were stolen"})
