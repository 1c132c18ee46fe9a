"""Four eyes and break-glass, on a command that needs a second person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel import reviews
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import duties
from mithaq.kernel.people import glass
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.paper import keep
from mithaq.kernel.people.second import WAITS, Waits
from mithaq.kernel.plug import Command
from mithaq.kernel.ports import Transaction
from tests.capabilities.cases import person
from tests.kernel.people.staff import Staff
from tests.worlds import alert

ARREST = person(category="arrest", measure="arrest")
REASON = "the lorry is at the gate and will not wait"

pytestmark = pytest.mark.usefixtures("quick")


class Hold(Struct, frozen=True, forbid_unknown_fields=True):
    """A lorry to hold."""

    id: str


class Held(Struct, frozen=True):
    """Who had it held, and who agreed."""

    id: str
    first: str
    second: str


@pytest.fixture
def gate(staff: Staff) -> Staff:
    """A node with a command that duty officers may ask for, and that needs a second one."""

    def run(desk: Desk, given: Hold) -> Held:
        return Held(given.id, desk.who, desk.second.id if desk.second else "")

    command = Command(
        "gate.hold", "hold a lorry", Hold, Held, run, roles=("duty_officer",),
        second=lambda desk, given: "to hold a lorry needs two" if given.id != "empty" else "",
    )  # fmt: skip
    staff.node.commands["gate.hold"] = command
    return staff


def hold(staff: Staff, by: Actor, id: str = "lorry-7", **more: str) -> Any:
    return staff.do("gate.hold", {"id": id}, by, **more)


def approve(staff: Staff, waits: Waits, by: Actor) -> Any:
    return staff.do("acts.approve", {"id": waits.waiting}, by)


def two(staff: Staff) -> tuple[Actor, Actor]:
    return staff.officer("rania", "duty_officer"), staff.officer("samir", "duty_officer")


def issued(staff: Staff, keeper: str, *roles: str, by: Actor = HOME) -> Actor:
    """A program that acts at the gate, known by its token."""
    given = {"id": "program/gate", "roles": list(roles or ("duty_officer",)), "keeper": keeper}
    return staff.node.door.known(staff.do("people.issue-token", given, by).token)


def test_an_act_waits_until_somebody_else_agrees_and_both_are_in_the_log(gate: Staff) -> None:
    rania, samir = two(gate)
    waits = hold(gate, rania)
    assert isinstance(waits, Waits)
    approved = approve(gate, waits, samir)
    assert approved.answer == Held("lorry-7", rania.id, samir.id)
    assert ("officer/rania", "asked gate.hold", "lorry-7") in gate.log()
    assert gate.log()[-2:] == [
        ("officer/rania", "gate.hold", "lorry-7"), ("officer/samir", "acts.approve", waits.waiting),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        approve(gate, waits, samir)


def test_an_act_that_needs_nobody_is_done_at_once(gate: Staff) -> None:
    assert hold(gate, two(gate)[0], "empty").second == ""


def test_nobody_agrees_with_themselves(gate: Staff) -> None:
    rania, _ = two(gate)
    waits = hold(gate, rania)
    again = gate.sign_in("rania")  # another session of the same person
    for self in (rania, again):
        with pytest.raises(NotAllowed) as problem:
            approve(gate, waits, self)
        assert problem.value.code == "second"


def test_who_may_not_do_it_may_not_agree_to_it_nor_see_it(gate: Staff) -> None:
    rania, _ = two(gate)
    analyst = gate.officer("nasser", "analyst")
    waits = hold(gate, rania)
    with pytest.raises(NotAllowed):
        approve(gate, waits, analyst)
    with pytest.raises(NotAllowed):
        gate.do("acts.decline", {"id": waits.waiting, "reason": REASON}, analyst)
    assert gate.ask("acts.waiting", analyst) == ()


def test_what_waits_is_shown_to_who_may_agree_and_to_who_asked(gate: Staff) -> None:
    rania, samir = two(gate)
    waits = hold(gate, rania)
    [theirs], [own] = gate.ask("acts.waiting", samir), gate.ask("acts.waiting", rania)
    assert (theirs.id, theirs.given, theirs.yours, own.yours) == (waits.waiting, {"id": "lorry-7"}, False, True)


def test_the_person_behind_a_program_is_not_a_second_person(gate: Staff) -> None:
    rania, samir = two(gate)
    given = {"id": "program/gate", "roles": ["duty_officer"], "keeper": rania.id}
    program = gate.node.door.known(gate.do("people.issue-token", given, HOME).token)
    waits = hold(gate, program)
    with pytest.raises(NotAllowed) as problem:
        approve(gate, waits, rania)
    assert problem.value.code == "second"
    assert [each.yours for each in gate.ask("acts.waiting", rania)] == [True]
    assert approve(gate, waits, samir).first == "program/gate"


def test_a_program_is_nobodys_second_person(gate: Staff) -> None:
    rania, samir = two(gate)
    for keeper in (rania, samir):
        given = {"id": f"program/of-{keeper.id[8:]}", "roles": ["duty_officer"], "keeper": keeper.id}
        program = gate.node.door.known(gate.do("people.issue-token", given, HOME).token)
        with pytest.raises(NotAllowed) as problem:
            approve(gate, hold(gate, rania), program)
        assert problem.value.code == "second"


def test_an_act_of_who_was_suspended_or_lost_the_role_since_is_not_done(gate: Staff) -> None:
    rania, samir = two(gate)
    waits, later = hold(gate, rania), hold(gate, samir)
    invited = gate.do("people.reinvite", {"id": rania.id}, HOME)
    with pytest.raises(NotAllowed) as problem:
        approve(gate, waits, samir)
    assert problem.value.code == "suspended"
    rania = gate.join(invited.invitation)
    gate.do("people.set-roles", {"id": samir.id, "roles": ["analyst"]}, HOME)
    with pytest.raises(NotAllowed) as problem:
        approve(gate, later, rania)
    assert problem.value.code == "permission"


def test_what_a_suspended_officer_and_their_program_asked_for_is_withdrawn_and_does_not_come_back(gate: Staff) -> None:
    rania, samir = two(gate)
    program = issued(gate, rania.id)
    asked = [hold(gate, rania, "lorry-1"), hold(gate, program, "lorry-2")]
    left = hold(gate, samir, "lorry-3")
    gate.do("people.suspend", {"id": rania.id}, HOME)
    assert sorted(line for line in gate.log() if line[1].startswith("withdrew")) == [
        ("home", "withdrew gate.hold", "lorry-1"), ("home", "withdrew gate.hold", "lorry-2"),
    ]  # fmt: skip
    gate.do("people.restore", {"id": rania.id}, HOME)
    for each in asked:
        with pytest.raises(NotFound):
            approve(gate, each, samir)
    assert [each.id for each in gate.ask("acts.waiting", samir)] == [left.waiting]


def test_who_issued_a_programs_token_sees_nothing_through_it_and_who_keeps_it_does(gate: Staff) -> None:
    rania, _ = two(gate)
    administrator = gate.found()
    hold(gate, issued(gate, rania.id, by=administrator))
    assert gate.ask("acts.waiting", administrator) == ()
    [own] = gate.ask("acts.waiting", rania)
    assert (own.given, own.yours) == ({"id": "lorry-7"}, True)


def test_who_was_behind_a_program_when_it_asked_is_behind_what_it_asked_for(gate: Staff) -> None:
    rania, samir = two(gate)
    layla = gate.officer("layla", "oversight")
    gate.officer("nasser", "duty_officer", "supervisor")
    waits = hold(gate, issued(gate, rania.id))
    gate.do("people.revoke-token", {"id": "program/gate"}, HOME)
    issued(gate, samir.id)
    with pytest.raises(NotAllowed) as problem:
        approve(gate, waits, rania)
    assert problem.value.code == "second"
    assert [each.yours for each in gate.ask("acts.waiting", rania)] == [True]
    with pytest.raises(NotAllowed):
        approve(gate, waits, samir)  # who keeps it now is behind it, too
    nasser = gate.sign_in("nasser")
    assert approve(gate, waits, nasser).first == "program/gate"
    assert gate.ask("acts.broken", layla).count == 0


def test_who_was_behind_a_broken_glass_stays_so(gate: Staff) -> None:
    rania = gate.officer("rania", "duty_officer", "supervisor")
    hold(gate, rania, glass=REASON)
    [broken] = gate.ask("acts.broken", rania).unreviewed
    assert broken.behind == (rania.id,)
    samir = gate.officer("samir", "supervisor")

    def as_another(tx: Transaction) -> None:  # of before: a program, whose token is gone
        keep(tx, glass.SORT, broken.id, replace(broken, who="program/gate", behind=(samir.id, "program/gate")))

    gate.node.store.write(as_another).result()
    with pytest.raises(NotAllowed):
        gate.do("acts.review", {"id": broken.id, "finding": "it was quite right"}, samir)
    assert gate.do("acts.review", {"id": broken.id, "finding": "it was quite right"}, rania).reviewed_by == rania.id


def test_who_was_behind_a_program_that_stated_a_record_does_not_review_its_release(staff: Staff) -> None:
    rania, samir = two(staff)
    program = issued(staff, rania.id)
    stated = staff.do("intelligence.alert-vehicle", alert(), program)
    waits = reviews.Waiting(stated.id, stated.version, "SA", program.id, staff.clock.now())
    staff.node.store.write(lambda tx: reviews.hold(tx, waits)).result()
    staff.do("people.revoke-token", {"id": program.id}, HOME)
    given = {"id": stated.id, "to": "SA", "finding": "as it should be"}
    with pytest.raises(NotAllowed) as problem:
        staff.do("release.review", given, rania)
    assert problem.value.code == "second"
    assert staff.do("release.review", given, samir).outcome == "released"


def test_the_act_of_a_program_whose_token_was_revoked_since_is_not_done(gate: Staff) -> None:
    _, samir = two(gate)
    token = gate.do("people.issue-token", {"id": "program/gate", "roles": ["duty_officer"]}, HOME).token
    waits = hold(gate, gate.node.door.known(token))
    gate.do("people.revoke-token", {"id": "program/gate"}, HOME)
    with pytest.raises(NotAllowed):
        approve(gate, waits, samir)


def test_an_act_waits_for_three_days_and_no_longer(gate: Staff) -> None:
    rania, _ = two(gate)
    waits = hold(gate, rania)
    gate.clock.advance(WAITS)
    samir = gate.sign_in("samir")
    assert gate.ask("acts.waiting", samir) == ()
    with pytest.raises(NotFound):
        approve(gate, waits, samir)


def test_an_act_is_declined_with_a_reason_or_taken_back_by_who_asked(gate: Staff) -> None:
    rania, samir = two(gate)
    for by in (samir, rania):
        waits = hold(gate, rania)
        with pytest.raises(Invalid):
            gate.do("acts.decline", {"id": waits.waiting, "reason": "no"}, by)
        gate.do("acts.decline", {"id": waits.waiting, "reason": REASON}, by)
        with pytest.raises(NotFound):
            approve(gate, waits, samir)
        assert gate.log()[-2:] == [
            (by.id, "declined gate.hold", "lorry-7"), (by.id, "acts.decline", waits.waiting),
        ]  # fmt: skip


def test_an_act_of_a_command_that_is_gone_can_only_be_declined(gate: Staff) -> None:
    rania, samir = two(gate)
    waits = hold(gate, rania)
    del gate.node.commands["gate.hold"]
    with pytest.raises(NotFound, match="no longer"):
        approve(gate, waits, samir)
    assert gate.do("acts.decline", {"id": waits.waiting, "reason": REASON}, rania).name == "gate.hold"


def test_the_same_key_finds_the_act_that_waits(gate: Staff) -> None:
    rania, _ = two(gate)
    assert hold(gate, rania, key="k").waiting == hold(gate, rania, key="k").waiting


def glass_duties(staff: Staff) -> list[str]:
    with staff.node.store.read() as tx:
        return [each.state for each in duties(tx, ended=True) if each.id.startswith("glass/")]


def test_who_cannot_wait_breaks_the_glass_and_somebody_else_reviews_it(gate: Staff) -> None:
    layla = gate.officer("layla", "oversight")
    rania = gate.officer("rania", "duty_officer", "supervisor")
    assert hold(gate, rania, glass=REASON) == Held("lorry-7", rania.id, "")
    assert glass_duties(gate) == ["open"]
    [broken] = gate.ask("acts.broken", layla).unreviewed
    assert (broken.name, broken.subject, broken.who, broken.why) == ("gate.hold", "lorry-7", rania.id, REASON)
    review = {"id": broken.id, "finding": "there was no time, and it was right"}
    with pytest.raises(NotAllowed):
        gate.do("acts.review", review, rania)
    assert gate.do("acts.review", review, layla).reviewed_by == layla.id
    assert glass_duties(gate) == ["discharged"]
    with pytest.raises(Clash):
        gate.do("acts.review", review, layla)


def test_a_program_breaks_no_glass_and_reviews_none(gate: Staff) -> None:
    rania, samir = two(gate)
    program = issued(gate, samir.id, "duty_officer", "supervisor")
    for id in ("lorry-7", "empty"):
        with pytest.raises(NotAllowed) as problem:
            hold(gate, program, id, glass=REASON)
        assert problem.value.code == "glass"
    hold(gate, rania, glass=REASON)
    [broken] = gate.ask("acts.broken", program).unreviewed
    with pytest.raises(NotAllowed) as problem:
        gate.do("acts.review", {"id": broken.id, "finding": "all in good order"}, program)
    assert problem.value.code == "glass"
    assert glass_duties(gate) == ["open"]


def test_a_broken_glass_and_its_audit_line_name_the_record_that_was_made(staff: Staff) -> None:
    layla, rania = staff.officer("layla", "oversight"), staff.officer("rania", "duty_officer")
    stated = staff.do("intelligence.alert-person", ARREST, rania, glass=REASON)
    [broken] = staff.ask("acts.broken", layla).unreviewed
    assert broken.subject == stated.id
    lines = staff.ask("audit.about", layla, id=stated.id).lines
    assert ("intelligence.alert-person", REASON) in [(each.act, each.reason) for each in lines]


def test_an_act_that_waited_does_not_undo_what_was_changed_since(staff: Staff) -> None:
    rania, samir = two(staff)
    stated = staff.do("intelligence.alert-person", person(), rania)
    asked = [staff.do("intelligence.correct-person", {**ARREST, "id": stated.id}, rania) for _ in range(2)]
    assert approve(staff, asked[0], samir).answer.version == 2
    with pytest.raises(Clash, match="changed since") as problem:
        approve(staff, asked[1], samir)
    assert problem.value.code == "held"
    assert staff.ask("intelligence.alert", samir, id=stated.id).body["version"] == 2
    staff.do("acts.decline", {"id": asked[1].waiting, "reason": REASON}, samir)
    anew = staff.do("intelligence.correct-person", {**ARREST, "id": stated.id, "accuracy": "3"}, rania)
    assert approve(staff, anew, samir).answer.version == 3


def test_breaks_of_the_glass_are_counted_by_command_and_officer(gate: Staff) -> None:
    layla = gate.officer("layla", "oversight")
    rania, samir = two(gate)
    for by in (rania, rania, samir):
        hold(gate, by, glass=REASON)
    first = gate.ask("acts.broken", layla).unreviewed[0]
    gate.do("acts.review", {"id": first.id, "finding": "it was needed there"}, layla)
    found = gate.ask("acts.broken", layla)
    counts = {each.who: (each.count, each.unreviewed) for each in found.tallies}
    expected = {rania.id: (2, 2), samir.id: (1, 1)}
    expected[first.who] = (expected[first.who][0], expected[first.who][1] - 1)
    assert (found.count, counts, len(found.unreviewed)) == (3, expected, 2)


def test_a_break_of_the_glass_that_nobody_reviewed_in_a_day_escalates(gate: Staff) -> None:
    hold(gate, two(gate)[0], glass=REASON)
    gate.clock.advance(timedelta(hours=24))
    gate.node.tick()
    assert glass_duties(gate) == ["escalated"]


def test_glass_is_broken_with_a_reason_and_only_where_it_is_in_the_way(gate: Staff) -> None:
    rania, _ = two(gate)
    for id in ("lorry-7", "empty"):
        with pytest.raises(Invalid) as problem:
            hold(gate, rania, id, glass="because")
        assert (problem.value.code, bool(problem.value.hint)) == ("glass", True)
    hold(gate, rania, "empty", glass=REASON)
    assert glass_duties(gate) == []


def test_an_act_held_by_a_capability_that_takes_something_else_by_now_is_refused_clearly(gate: Staff) -> None:
    rania, samir = two(gate)
    waits = hold(gate, rania)

    class Other(Struct, frozen=True, forbid_unknown_fields=True):
        lorry: str

    gate.node.commands["gate.hold"] = replace(gate.node.commands["gate.hold"], takes=Other)
    with pytest.raises(Invalid):
        approve(gate, waits, samir)
    assert [each.id for each in gate.ask("acts.waiting", samir)] == [waits.waiting]
    assert gate.do("acts.decline", {"id": waits.waiting, "reason": REASON}, samir).id == waits.waiting
