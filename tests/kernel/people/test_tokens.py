"""Tokens of programs: good until they are over or revoked, and never told twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mithaq.errors import Clash, Invalid, NotAllowed
from mithaq.kernel.people.act import REMEMBERED
from mithaq.kernel.people.actor import HOME
from tests.kernel.people.staff import Staff, token
from tests.worlds import alert

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("quick")


def test_a_program_is_known_by_its_token_until_it_is_over_or_revoked(staff: Staff) -> None:
    staff.do("people.add-agency", {"id": "JO/CUSTOMS", "name": "Customs", "authority": "customs"}, HOME)
    secret = token(staff, agency="JO/CUSTOMS")
    actor = staff.node.door.known(secret)
    assert (actor.id, actor.by, actor.roles, actor.authority) == (
        "program/customs", "token", ("duty_officer",), "customs",
    )  # fmt: skip
    with pytest.raises(Clash):
        token(staff)
    staff.do("people.revoke-token", {"id": "program/customs"}, HOME)
    with pytest.raises(NotAllowed):
        staff.node.door.known(secret)
    with pytest.raises(NotAllowed):
        staff.ask("intelligence.alerts", actor)  # known just before
    again = token(staff)
    staff.clock.advance(30 * 24 * HOURS)
    with pytest.raises(NotAllowed):
        staff.node.door.known(again)


def test_a_program_stops_with_the_officer_who_answers_for_it(staff: Staff) -> None:
    staff.officer("rania", "supervisor")
    secret = token(staff, keeper="officer/rania")
    assert staff.node.door.known(secret).id == "program/customs"
    staff.do("people.suspend", {"id": "officer/rania"}, HOME)
    with pytest.raises(NotAllowed):
        staff.node.door.known(secret)
    assert [each.good for each in staff.ask("people.tokens", HOME)] == [False]


def test_whoever_holds_the_next_token_of_a_program_gets_no_answer_of_the_one_before(staff: Staff) -> None:
    first = staff.node.door.known(token(staff))
    stated = staff.do("intelligence.alert-vehicle", alert(), first, key="k")
    assert staff.do("intelligence.alert-vehicle", alert(), first, key="k").id == stated.id
    staff.do("people.revoke-token", {"id": first.id}, HOME)
    second = staff.node.door.known(token(staff))
    assert staff.do("intelligence.alert-vehicle", alert(), second, key="k").id != stated.id


def test_an_answer_is_remembered_for_a_day_and_not_until_it_is_swept(staff: Staff) -> None:
    rania = staff.officer("rania", "duty_officer")
    staff.do("intelligence.alert-vehicle", alert(), rania, key="k")
    staff.clock.advance(REMEMBERED - 2 * MINUTES)
    rania = staff.sign_in("rania")  # a minute later
    with pytest.raises(Clash):
        staff.do("intelligence.alert-vehicle", alert(plate="99-99999"), rania, key="k")
    staff.clock.advance(MINUTES)
    assert staff.do("intelligence.alert-vehicle", alert(plate="99-99999"), rania, key="k").version == 1


@pytest.mark.parametrize("days", [0, 367])
def test_a_token_is_good_for_a_year_at_most(staff: Staff, days: int) -> None:
    with pytest.raises(Invalid):
        token(staff, days=days)


@pytest.mark.parametrize("given", ["", "mhs_", "mhp_", "mhi_", "x" * 100_000, "\udc80"])
def test_what_is_no_token_is_nobody(staff: Staff, given: str) -> None:
    with pytest.raises(NotAllowed) as problem:
        staff.node.door.known(given)
    assert problem.value.code == "token"
