"""What is done with an alert that stands: reviews and their clock, contesting, misused identities."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel.matter.record import mark
from mithaq.kernel.people.actor import Actor
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
        reasons = [line.reason for line in tx.audit.page(who=ANALYST.id, subject=id) if line.reason]
    assert reasons == [f"keep: {REASON}"]


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
    given = {"id": id, "reason": "the papers were stolen in March"}
    assert do(world.sa, "flag-misused-identity", given).withheld["JO"]  # whoever owns it was not screened
    assert do(world.sa, "flag-misused-identity", {**given, "flags": ["refugee"]}).withheld["JO"]
    assert do(world.sa, "flag-misused-identity", {**given, "screened": True}).released == ("JO",)
    settle(world)
    assert one(world.jo, id)["follow_ups"][0]["fields"]["topic"] == "misused_identity"


def test_a_vehicle_has_no_identity_to_misuse(world: World) -> None:
    id = do(world.jo, "alert-vehicle", alert()).id
    with pytest.raises(Invalid):
        do(world.jo, "flag-misused-identity", {"id": id, "reason": "the plates were stolen"})


# -- what has ended ----------------------------------------------------------------------------------------------------


def test_what_has_expired_is_kept_only_with_a_new_time(world: World) -> None:
    id = do(world.jo, "alert-document", document(expires="2026-11-20T14:00:00Z")).id
    world.clock_on(3 * 3600)
    assert one(world.jo, id)["state"] == "expired"
    keep = {"id": id, "decision": "keep", "reason": REASON}
    with pytest.raises(Invalid) as refused:
        do(world.jo, "review", keep)
    assert refused.value.where == "$.expires"
    with pytest.raises(Invalid):
        do(world.jo, "review", {**keep, "expires": "2026-11-20T14:30:00Z"})
    do(world.jo, "review", {**keep, "expires": "2026-11-30T03:00:00+03:00"})
    body = one(world.jo, id)
    assert (body["state"], body["fields"]["expires"]) == ("active", "2026-11-30T00:00:00Z")
    assert owed(world.jo)[f"review/{id}"].state == "open"
    with pytest.raises(Invalid):
        do(world.jo, "review", {**keep, "decision": "end", "expires": "2026-12-30T00:00:00Z"})


def test_to_contest_what_has_expired_does_not_end_it_and_what_ended_stays_so(world: World) -> None:
    expired = do(world.jo, "alert-document", document(expires="2026-11-20T14:00:00Z")).id
    ended = do(world.jo, "alert-document", document(number="other")).id
    do(world.jo, "review", {"id": ended, "decision": "end", "reason": REASON})
    world.clock_on(3 * 3600)
    for id, state in ((expired, "expired"), (ended, "ended")):
        do(world.jo, "contest", {"id": id, "reason": "it was found in May"})
        assert (one(world.jo, id)["state"], one(world.jo, id)["version"] > 1) == (state, True)


# -- who looks ---------------------------------------------------------------------------------------------------------


def test_a_duty_is_ended_only_by_whom_it_is_owed_by(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    customs = Actor(id="officer/c", roles=("customs_officer",), by="session")
    with pytest.raises(NotAllowed):
        do(world.sa, "acknowledge", {"id": id, "finding": "looked at it"}, customs)
    assert owed(world.sa)[f"human_review/{id}"].state == "open"
    assert do(world.sa, "acknowledge", {"id": id, "finding": "looked at it"}, SUPERVISOR).duties


def test_a_version_that_newly_asks_for_arrest_is_looked_at_again(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    do(world.sa, "acknowledge", {"id": id, "finding": "looked at it"}, SUPERVISOR)
    waits = do(world.jo, "correct-person", {**person(category="arrest", measure="arrest"), "id": id}, ANALYST)
    world.jo.do("acts.approve", {"id": waits.waiting}, who=SUPERVISOR).result()
    settle(world)
    duty = owed(world.sa)[f"human_review/{id}"]
    assert (duty.state, duty.about, (duty.due - duty.since).total_seconds()) == ("open", f"{id}/2", 3600)


def test_a_later_version_does_not_put_off_what_is_owed(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    settle(world)
    before = owed(world.sa)[f"human_review/{id}"]
    world.clock_on(3600)
    do(world.jo, "correct-person", {**person(accuracy="1"), "id": id})
    settle(world)
    now = owed(world.sa)[f"human_review/{id}"]
    assert (now.about, now.due, now.state) == (f"{id}/2", before.due, "open")


def test_what_may_not_be_read_is_neither_reviewed_nor_corrected(world: World) -> None:
    id = do(world.jo, "alert-person", person(purpose="domestic_inquiry"), ANALYST).id
    with pytest.raises(NotFound, match=f"no record {id}"):
        do(world.jo, "review", {"id": id, "decision": "end", "reason": REASON}, LEGAL)
    with pytest.raises(NotFound, match=f"no record {id}"):
        do(world.jo, "correct-person", {**person(), "id": id}, ON_DUTY)
