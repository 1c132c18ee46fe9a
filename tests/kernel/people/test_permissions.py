"""Permissions: what a nation gives and takes by role, and what nobody can give away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid, NotAllowed, NotFound
from mithaq.kernel.desk import Desk
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.people.first import FIRST_LINK
from mithaq.kernel.people.grants import held_behind
from tests.kernel.people.staff import Staff

pytestmark = pytest.mark.usefixtures("quick")


def test_nobody_both_runs_the_people_and_oversees(staff: Staff) -> None:
    with pytest.raises(Invalid):
        staff.invite("rania", "administrator", "oversight")


def test_a_role_that_nobody_knows_is_refused_until_the_nation_has_given_it_something(staff: Staff) -> None:
    with pytest.raises(Invalid, match="unknown role"):
        staff.invite("rania", "duty_oficer")
    give = {"role": "port_officer", "permission": "intelligence.alerts", "change": "give"}
    assert "port_officer" in staff.do("people.permit", give, HOME).roles
    rania = staff.officer("rania", "port_officer")
    assert staff.ask("intelligence.alerts", rania) is not None
    staff.do("people.permit", {**give, "change": "take"}, HOME)
    with pytest.raises(NotAllowed):
        staff.ask("intelligence.alerts", rania)


def test_a_permission_of_nothing_is_refused(staff: Staff) -> None:
    misspelt = {"role": "analyst", "permission": "intelligence.alrets", "change": "take"}
    with pytest.raises(Invalid, match="unknown permission"):
        staff.do("people.permit", misspelt, HOME)
    by_hand = {"role": "analyst", "permission": "bundle.pack", "change": "give"}
    assert "analyst" in staff.do("people.permit", by_hand, HOME).roles


@pytest.mark.parametrize("role", ["administrator", "analyst", "oversight"])
@pytest.mark.parametrize("change", ["give", "take"])
@pytest.mark.parametrize("permission", ["audit.list", "people.review"])
def test_the_audit_log_and_the_review_of_changes_are_for_oversight_and_nobody_changes_that(
    staff: Staff, role: str, change: str, permission: str
) -> None:
    for by in (HOME, staff.found()):
        with pytest.raises(NotAllowed) as problem:
            staff.do("people.permit", {"role": role, "permission": permission, "change": change}, by)
        assert problem.value.code == "oversight"


def test_a_change_is_taken_off_the_list_by_somebody_who_has_signed_in_and_by_no_program(staff: Staff) -> None:
    given = {"upto": 1, "finding": "as ordered"}
    administrator = staff.found()
    layla = staff.officer("layla", "oversight", by=administrator)
    with pytest.raises(NotAllowed) as problem:
        staff.do("people.review", given, replace(layla, by="token"))
    assert problem.value.code == "program"
    assert staff.do("people.review", given, layla).changes == 1


def test_a_program_runs_no_command_on_people_whatever_its_roles_hold(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    administrator = staff.found()
    for permission in ("people.permit", "people.invite", "people.first-link"):
        given = {"role": "supervisor", "permission": permission, "change": "give"}
        staff.do("people.permit", given, administrator)
    secret = staff.do("people.issue-token", {"id": "program/p", "roles": ["supervisor"]}, administrator).token
    program = staff.node.door.known(secret)
    before = len(staff.ask("people.changes", layla))
    given = {"role": "administrator", "permission": "intelligence.alerts", "change": "give"}
    acts: tuple[Callable[[], Any], ...] = (
        lambda: staff.do("people.permit", given, program),
        lambda: staff.invite("puppet", "analyst", by=program),
        lambda: FIRST_LINK.do(staff.node, {}, who=program),
    )
    for act in acts:
        with pytest.raises(NotAllowed) as problem:
            act()
        assert problem.value.code == "program"
    assert len(staff.ask("people.changes", layla)) == before
    assert ("program/p", "refused people.permit", "administrator") in staff.log()


def test_nobody_gives_anything_to_a_role_of_whoever_is_behind_them(staff: Staff) -> None:
    staff.officer("nasser", "analyst")
    issued = {"id": "program/p", "roles": ["supervisor"], "keeper": "officer/nasser"}
    program = staff.node.door.known(staff.do("people.issue-token", issued, HOME).token)
    with staff.node.store.read() as tx:
        desk = Desk(program, staff.clock.now(), tx, staff.node.surroundings)
        assert held_behind(desk) == {"supervisor", "analyst", "administrator"}


def test_the_administrators_cannot_lose_what_they_run_people_with(staff: Staff) -> None:
    for by in (HOME, staff.found()):
        for permission in ("people.permit", "people.invite", "people.first-link"):
            with pytest.raises(NotAllowed) as problem:
                staff.do("people.permit", {"role": "administrator", "permission": permission, "change": "take"}, by)
            assert problem.value.code == "administrator"
    staff.do("people.permit", {"role": "administrator", "permission": "metrics", "change": "take"}, HOME)


def test_what_is_served_beside_commands_and_questions_is_a_permission_too(staff: Staff) -> None:
    given = {"role": "supervisor", "permission": "metrics", "change": "give"}
    assert staff.do("people.permit", given, HOME).roles == ("administrator", "oversight", "supervisor")
    staff.do("people.permit", {"role": "analyst", "permission": "events", "change": "take"}, HOME)
    held = {each.role: set(each.permissions) for each in staff.ask("people.roles", HOME)}
    assert ("metrics" in held["supervisor"], "events" in held["analyst"], "events" in held["commander"]) == (
        True, False, True,
    )  # fmt: skip


def test_what_oversight_holds_by_right_is_not_taken_but_what_it_was_given_may_be(staff: Staff) -> None:
    administrator = staff.found()
    for permission in ("acts.broken", "people.list", "people.changes", "events"):
        for change in ("give", "take"):
            given = {"role": "oversight", "permission": permission, "change": change}
            with pytest.raises(NotAllowed):
                staff.do("people.permit", given, administrator)
    for change in ("give", "take"):
        given = {"role": "oversight", "permission": "intelligence.alerts", "change": change}
        staff.do("people.permit", given, administrator)


def test_an_administrator_gives_the_administrators_nothing(staff: Staff) -> None:
    for by in (staff.found(), HOME):
        given = {"role": "administrator", "permission": "intelligence.alerts", "change": "give"}
        with pytest.raises(NotAllowed) as problem:
            staff.do("people.permit", given, by)
        assert problem.value.code == "self"


def test_a_program_neither_administers_nor_oversees(staff: Staff) -> None:
    for role in ("administrator", "oversight"):
        with pytest.raises(Invalid):
            staff.do("people.issue-token", {"id": "program/x", "roles": [role]}, HOME)


def test_a_keeper_must_be_active(staff: Staff) -> None:
    staff.invite("rania", "analyst")
    for keeper, kind in (("officer/rania", Invalid), ("officer/none", NotFound)):
        with pytest.raises(kind):
            staff.do("people.issue-token", {"id": "program/x", "roles": ["analyst"], "keeper": keeper}, HOME)
