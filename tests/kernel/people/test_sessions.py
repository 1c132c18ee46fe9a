"""Sessions: how long one is good, what ends it, and that it has the roles of the moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mithaq.errors import NotAllowed
from mithaq.kernel.people import session
from mithaq.kernel.people.actor import HOME
from tests.kernel.people.staff import Staff

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("quick")


def test_a_session_ends_when_it_is_idle_and_after_twelve_hours_at_most(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    known = staff.node.door.known
    staff.clock.advance(session.IDLE)
    with pytest.raises(NotAllowed) as problem:
        known(staff.tokens["rania"])
    assert problem.value.code == "token"
    staff.sign_in("rania")
    for _ in range(35):
        staff.clock.advance(20 * MINUTES)
        assert known(staff.tokens["rania"]).id == "officer/rania"
    staff.clock.advance(20 * MINUTES)
    with pytest.raises(NotAllowed):
        known(staff.tokens["rania"])


@pytest.mark.parametrize("seen_by", ["use", "clock"])
def test_a_session_that_was_idle_does_not_live_again_where_the_clock_is_set_back(staff: Staff, seen_by: str) -> None:
    staff.officer("rania", "analyst")
    staff.clock.advance(session.IDLE)
    if seen_by == "clock":
        staff.node.tick()
    else:
        with pytest.raises(NotAllowed):
            staff.node.door.known(staff.tokens["rania"])
    staff.clock.advance(-20 * MINUTES)
    with pytest.raises(NotAllowed):
        staff.node.door.known(staff.tokens["rania"])


def test_that_a_session_is_used_is_written_once_a_minute_at_most(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    writes: list[object] = []
    real = staff.node.store.write

    def counted(job: Any) -> Any:
        writes.append(job)
        return real(job)

    staff.node.store.write = counted  # type: ignore[method-assign]
    for _ in range(10):
        staff.node.door.known(staff.tokens["rania"])
    assert writes == []
    staff.clock.advance(MINUTES)
    for _ in range(10):
        staff.node.door.known(staff.tokens["rania"])
    assert len(writes) == 1


def test_who_signs_out_is_out_and_nobody_else(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    first = staff.tokens["rania"]
    staff.sign_in("rania")
    staff.node.door.sign_out(first)
    staff.node.door.sign_out(first)
    staff.node.door.sign_out("mhs_nonsense")
    with pytest.raises(NotAllowed):
        staff.node.door.known(first)
    assert staff.node.door.known(staff.tokens["rania"]).id == "officer/rania"
    assert [act for _, act, _ in staff.log() if act == "signed out"] == ["signed out"]


def test_suspended_while_signed_in_is_out_at_once_and_an_act_under_way_is_refused(staff: Staff) -> None:
    rania = staff.officer("rania", "administrator")
    assert staff.ask("people.list", rania)
    samir = staff.officer("samir", "administrator", by=rania)
    staff.do("people.suspend", {"id": "officer/rania"}, samir)
    with pytest.raises(NotAllowed):
        staff.node.door.known(staff.tokens["rania"])
    with pytest.raises(NotAllowed) as problem:
        staff.do("people.restore", {"id": "officer/samir"}, rania)  # known just before
    assert problem.value.code == "suspended"
    assert ("officer/rania", "refused people.restore", "") in [(w, a, "") for w, a, _ in staff.log()]


def test_roles_agency_and_authority_are_those_of_this_moment(staff: Staff) -> None:
    staff.do("people.add-agency", {"id": "JO/PSD", "name": "Public Security", "authority": "police"}, HOME)
    actor = staff.officer("rania", "analyst", agency="JO/PSD")
    assert (actor.roles, actor.agency, actor.authority) == (("analyst",), "JO/PSD", "police")
    staff.do("people.set-roles", {"id": "officer/rania", "roles": ["supervisor", "analyst"]}, HOME)
    staff.do("people.move", {"id": "officer/rania"}, HOME)
    actor = staff.node.door.known(staff.tokens["rania"])
    assert (actor.roles, actor.agency, actor.authority) == (("analyst", "supervisor"), None, None)
