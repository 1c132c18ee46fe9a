"""Officers, roles and permissions: who may change them, and what nobody may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel.duty import duties
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.changes import LOOKED_AT_WITHIN
from mithaq.kernel.people.desk import KNOWN_FOR
from mithaq.kernel.people.second import Waits
from tests.kernel.people.staff import Staff

pytestmark = pytest.mark.usefixtures("quick")


def roles_of(staff: Staff, id: str) -> tuple[str, ...]:
    return next(tuple(each.roles) for each in staff.ask("people.list", HOME).officers if each.id == id)


def set_roles(staff: Staff, name: str, by: Actor, *roles: str, **more: str) -> Any:
    return staff.do("people.set-roles", {"id": f"officer/{name}", "roles": list(roles)}, by, **more)


def test_only_an_administrator_changes_people(staff: Staff) -> None:
    administrator = staff.found()
    analyst = staff.officer("rania", "analyst", by=administrator)
    with pytest.raises(NotAllowed):
        staff.invite("samir", "analyst", by=analyst)
    assert ("officer/rania", "refused people.invite") in [line[:2] for line in staff.log()]


def test_nobody_changes_their_own_roles_or_standing(staff: Staff) -> None:
    administrator = staff.found()
    staff.officer("samir", "administrator", by=administrator)
    for name, given in (
        ("people.set-roles", {"id": administrator.id, "roles": ["administrator", "analyst"]}),
        ("people.suspend", {"id": administrator.id}),
        ("people.reinvite", {"id": administrator.id}),
        ("people.move", {"id": administrator.id}),
    ):
        with pytest.raises(NotAllowed) as problem:
            staff.do(name, given, administrator)
        assert problem.value.code == "self"


def test_the_last_administrator_and_the_last_overseer_stay(staff: Staff) -> None:
    staff.officer("layla", "oversight")
    administrator = staff.found()
    staff.officer("samir", "administrator", by=administrator)
    staff.officer("nasser", "legal_officer", by=administrator)
    staff.clock.advance(KNOWN_FOR)
    administrator, samir, nasser = (staff.sign_in(name) for name in ("administrator", "samir", "nasser"))
    staff.do("people.suspend", {"id": administrator.id}, samir)
    for act, given in (("people.suspend", {}), ("people.set-roles", {"roles": ["analyst"]})):
        with pytest.raises(NotAllowed) as problem:
            staff.do(act, {"id": samir.id, **given}, HOME)
        assert problem.value.code == "last"
        waits = staff.do(act, {"id": "officer/layla", **given}, samir)
        assert isinstance(waits, Waits)
    with pytest.raises(NotAllowed) as problem:
        staff.do("acts.approve", {"id": waits.waiting}, nasser)
    assert problem.value.code == "last"
    assert roles_of(staff, "officer/layla") == ("oversight",)


def test_the_first_overseer_needs_a_second_administrator_where_there_is_one(staff: Staff) -> None:
    administrator = staff.found()
    assert staff.invite("alone", "oversight", by=administrator).invitation
    samir = staff.officer("samir", "administrator", by=administrator)
    waits = set_roles(staff, "alone", samir, "oversight", "analyst")
    assert not isinstance(waits, Waits)  # nothing of oversight changes by this
    waits = staff.invite("layla", "oversight", by=samir)
    assert isinstance(waits, Waits)
    with pytest.raises(NotAllowed):
        staff.do("acts.approve", {"id": waits.waiting}, samir)
    with pytest.raises(NotAllowed) as problem:
        staff.do("acts.approve", {"id": waits.waiting}, HOME)
    assert problem.value.code == "second"
    approved = staff.do("acts.approve", {"id": waits.waiting}, administrator)
    assert (approved.first, staff.join(approved.answer.invitation).roles) == ("officer/samir", ("oversight",))


def test_the_home_may_name_the_first_overseer_alone_before_there_are_administrators(staff: Staff) -> None:
    assert staff.officer("layla", "oversight").roles == ("oversight",)
    assert isinstance(staff.invite("huda", "oversight"), Waits)


@pytest.mark.parametrize(
    ("act", "given"),
    [
        ("people.set-roles", {"id": "officer/layla", "roles": ["analyst"]}),
        ("people.set-roles", {"id": "officer/rania", "roles": ["oversight"]}),
        ("people.suspend", {"id": "officer/layla"}),
        ("people.reinvite", {"id": "officer/layla"}),
        ("people.invite", {"id": "officer/new", "name": "New", "roles": ["oversight"]}),
    ],
)
def test_oversight_is_given_and_taken_only_with_somebody_who_holds_it(
    staff: Staff, act: str, given: dict[str, Any]
) -> None:
    huda = staff.officer("huda", "oversight")
    [waits] = [staff.invite("layla", "oversight")]
    staff.join(staff.do("acts.approve", {"id": waits.waiting}, huda).answer.invitation)
    administrator = staff.found()
    samir = staff.officer("samir", "administrator", by=administrator)
    staff.officer("rania", "analyst", by=administrator)
    waits = staff.do(act, given, administrator)
    assert isinstance(waits, Waits)
    with pytest.raises(NotAllowed):
        staff.do("acts.approve", {"id": waits.waiting}, samir)
    with pytest.raises(NotAllowed) as problem:
        staff.do(act, given, administrator, glass="there is really no time to wait")
    assert problem.value.code == "glass"
    assert staff.do("acts.approve", {"id": waits.waiting}, huda).name == act
    [change] = [each for each in staff.ask("people.changes", huda) if (each.act, each.subject) == (act, given["id"])][
        -1:
    ]
    assert (change.who, change.second) == (administrator.id, huda.id)


def test_who_oversees_alone_gets_a_new_way_in_only_if_somebody_vouches_who_runs_nothing(staff: Staff) -> None:
    staff.officer("layla", "oversight")
    administrator = staff.found()
    staff.officer("nasser", "legal_officer", by=administrator)
    staff.clock.advance(KNOWN_FOR)
    administrator, legal = staff.sign_in("administrator"), staff.sign_in("nasser")
    waits = staff.do("people.reinvite", {"id": "officer/layla"}, administrator)
    assert isinstance(waits, Waits)
    puppet = staff.officer("puppet", "supervisor", by=administrator)
    assert staff.ask("acts.waiting", puppet) == ()
    with pytest.raises(NotAllowed) as problem:
        staff.do("acts.approve", {"id": waits.waiting}, puppet)
    assert problem.value.code == "permission"
    approved = staff.do("acts.approve", {"id": waits.waiting}, legal)
    assert isinstance(staff.invite("another", "oversight", by=administrator), Waits)  # also while layla is out
    assert staff.join(approved.answer.invitation).roles == ("oversight",)


def test_an_overseer_who_is_coming_back_still_counts_so_no_voucher_takes_the_other_ones_place(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    administrator = staff.found()
    waits = staff.invite("omar", "oversight", by=administrator)
    staff.join(staff.do("acts.approve", {"id": waits.waiting}, layla).answer.invitation)
    staff.officer("samir", "supervisor", by=administrator)
    staff.clock.advance(KNOWN_FOR)
    administrator, layla, samir = (staff.sign_in(name) for name in ("administrator", "layla", "samir"))
    lost = staff.do("people.reinvite", {"id": "officer/omar"}, administrator)
    invitation = staff.do("acts.approve", {"id": lost.waiting}, layla).answer.invitation
    taken = staff.do("people.reinvite", {"id": "officer/layla"}, administrator)
    with pytest.raises(NotAllowed) as problem:
        staff.do("acts.approve", {"id": taken.waiting}, samir)
    assert problem.value.code == "permission"
    assert staff.do("acts.approve", {"id": taken.waiting}, staff.join(invitation)).name == "people.reinvite"


def test_the_home_asks_for_no_overseer_that_whoever_holds_it_could_agree_to_as_an_administrator(staff: Staff) -> None:
    administrator = staff.found()
    staff.officer("samir", "administrator", by=administrator)
    with pytest.raises(NotAllowed) as problem:
        staff.invite("layla", "oversight", by=HOME)
    assert problem.value.code == "home"
    assert isinstance(staff.invite("layla", "oversight", by=administrator), Waits)


def test_who_agrees_is_asked_for_by_how_things_are_then_not_when_it_was_asked(staff: Staff) -> None:
    administrator = staff.found()
    samir = staff.officer("samir", "administrator", by=administrator)
    first, second = (staff.invite(name, "oversight", by=samir) for name in ("layla", "huda"))
    layla = staff.join(staff.do("acts.approve", {"id": first.waiting}, administrator).answer.invitation)
    with pytest.raises(NotAllowed):
        staff.do("acts.approve", {"id": second.waiting}, administrator)
    assert staff.do("acts.approve", {"id": second.waiting}, layla).name == "people.invite"


def test_agencies_are_our_own_and_their_authority_is_a_word_of_the_vocabulary(staff: Staff) -> None:
    given = {"id": "JO/PSD", "name": "Public Security", "authority": "police"}
    for wrong in ({"id": "SA/PSD"}, {"authority": "polise"}):
        with pytest.raises(Invalid):
            staff.do("people.add-agency", {**given, **wrong}, HOME)
    with pytest.raises(NotFound):
        staff.invite("rania", "analyst", agency="JO/PSD")
    staff.do("people.add-agency", given, HOME)
    staff.do("people.add-agency", {**given, "authority": "border_guard"}, HOME)
    assert [each.authority for each in staff.ask("people.list", HOME).agencies] == ["border_guard"]


def test_an_officer_is_invited_once(staff: Staff) -> None:
    staff.invite("rania", "analyst")
    with pytest.raises(Clash):
        staff.invite("rania", "supervisor")


@pytest.mark.parametrize("name", ["Rania", "rania/x", "..", "", "رانيا", "a" * 33])
def test_the_name_of_an_account_is_plain(staff: Staff, name: str) -> None:
    with pytest.raises(Invalid):
        staff.invite(name, "analyst")


def test_who_holds_what_is_told_role_by_role(staff: Staff) -> None:
    staff.officer("layla", "oversight")
    staff.officer("rania", "analyst")
    found = {each.role: each for each in staff.ask("people.roles", HOME)}
    assert found["analyst"].officers == ("officer/rania",)
    assert {"audit.list", "people.review"} <= set(found["oversight"].permissions)
    assert not any(name.startswith("audit.") for name in found["administrator"].permissions)
    assert [each.officer for each in staff.ask("people.sessions", HOME)] == ["officer/layla", "officer/rania"]


def test_everybody_is_signed_out_at_once(staff: Staff) -> None:
    staff.officer("layla", "oversight")
    staff.officer("rania", "analyst")
    assert staff.do("people.end-sessions", {"id": "officer/rania"}, HOME).sessions == 1
    assert staff.do("people.end-sessions", {}, HOME).sessions == 1
    with pytest.raises(NotAllowed):
        staff.node.door.known(staff.tokens["layla"])


def test_an_overseers_sessions_are_ended_by_an_overseer_and_by_no_administrator(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    administrator = staff.found()
    rania = staff.officer("rania", "analyst", by=administrator)
    with pytest.raises(NotAllowed) as problem:
        staff.do("people.end-sessions", {"id": layla.id}, administrator)
    assert problem.value.code == "sessions"
    with pytest.raises(NotAllowed):
        staff.do("people.end-sessions", {"id": rania.id}, layla)
    assert staff.do("people.end-sessions", {}, administrator).sessions == 2
    assert staff.node.door.known(staff.tokens["layla"]).id == layla.id
    assert staff.do("people.end-sessions", {"id": layla.id}, layla).sessions == 1


def owed(staff: Staff) -> list[str]:
    with staff.node.store.read() as tx:
        return [each.id for each in duties(tx) if each.id.startswith("people/")]


def test_every_change_of_people_is_put_before_oversight_until_it_was_looked_at(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    administrator = staff.found()
    staff.officer("rania", "analyst", by=administrator)
    shown = staff.ask("people.changes", layla)
    assert [(each.act, each.subject, each.who) for each in shown] == [
        ("people.invite", "officer/layla", "home"),
        ("accepted", "officer/layla", "officer/layla"),
        ("first link", "officer/administrator", "node"),
        ("accepted", "officer/administrator", "officer/administrator"),
        ("people.invite", "officer/rania", "officer/administrator"),
        ("accepted", "officer/rania", "officer/rania"),
    ]
    assert owed(staff) == ["people/1"]
    given = {"upto": 4, "finding": "as the ministry asked"}
    with pytest.raises(NotAllowed):
        staff.do("people.review", given, administrator)
    assert staff.do("people.review", given, layla).changes == 4
    assert owed(staff) == ["people/5"]
    staff.do("people.review", {**given, "upto": 6}, layla)
    assert (owed(staff), staff.ask("people.changes", layla)) == ([], ())
    set_roles(staff, "rania", administrator, "supervisor")
    assert owed(staff) == ["people/7"]
    assert staff.ask("people.changes", layla)[0].detail == "analyst -> supervisor"


def test_a_change_that_nobody_looked_at_shows_as_late(staff: Staff) -> None:
    staff.invite("rania", "analyst")
    staff.clock.advance(LOOKED_AT_WITHIN)
    staff.node.tick()
    with staff.node.store.read() as tx:
        assert [each.state for each in duties(tx) if each.id.startswith("people/")] == ["escalated"]


def test_no_person_holds_on_to_what_they_were(staff: Staff) -> None:
    administrator = staff.found()
    samir = staff.officer("samir", "administrator", by=administrator)
    set_roles(staff, "samir", administrator, "analyst")
    staff.clock.advance(timedelta(seconds=1))
    with pytest.raises(NotAllowed):
        set_roles(staff, "samir", samir, "administrator")
