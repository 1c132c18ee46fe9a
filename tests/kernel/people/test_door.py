"""The door: the first link, invitations, signing in, sessions and tokens."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from mithaq.errors import Invalid, MithaqError, NotAllowed
from mithaq.kernel.people import password
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.door import AT_ONCE
from tests.kernel.people.staff import PASSWORD, Staff, token
from tests.worlds import two_nations

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("quick")


def refused(staff: Staff, name: str, password: str = PASSWORD, code: str | None = None) -> MithaqError:
    with pytest.raises(NotAllowed) as problem:
        staff.node.door.sign_in(name, password, staff.code(name) if code is None else code)
    return problem.value


def test_the_first_start_gives_one_link_and_its_use_founds_the_nation(staff: Staff) -> None:
    node = staff.node
    secret = node.door.first_link(staff.clock.now())
    assert secret is not None
    assert node.door.first_link(staff.clock.now()) is None
    assert staff.ask("intelligence.alerts", HOME) is not None
    administrator = staff.join(secret)
    assert (administrator.id, administrator.roles) == ("officer/administrator", ("administrator",))
    assert node.door.first_link(staff.clock.now()) is None
    with pytest.raises(NotAllowed):
        staff.ask("intelligence.alerts", HOME)
    assert {each.id for each in staff.ask("people.list", HOME).officers} == {"officer/administrator"}


def test_a_first_link_that_nobody_used_ends_and_another_is_given(staff: Staff) -> None:
    first = staff.node.door.first_link(staff.clock.now())
    assert first is not None
    staff.clock.advance(72 * HOURS)
    with pytest.raises(NotAllowed, match="is over"):
        staff.node.door.accept(first, PASSWORD)
    second = staff.node.door.first_link(staff.clock.now())
    assert second not in (None, first)


def test_an_invitation_is_good_until_it_is_confirmed_and_then_never_again(staff: Staff) -> None:
    door = staff.node.door
    invited = staff.invite("rania", "analyst")
    with pytest.raises(NotAllowed, match="no password"):
        door.confirm(invited.invitation, "123456")
    earlier = door.accept(invited.invitation, "another password of mine")
    staff.join(invited.invitation)
    assert earlier.totp_uri.startswith("otpauth://totp/Mithaq:rania?")
    for again in (lambda: door.accept(invited.invitation, PASSWORD), lambda: door.confirm(invited.invitation, "1")):
        with pytest.raises(NotAllowed) as problem:
            again()
        assert problem.value.code == "invitation"
    assert refused(staff, "rania", "another password of mine").code == "sign-in"
    assert staff.sign_in("rania").id == "officer/rania"


def test_a_wrong_code_confirms_nothing(staff: Staff) -> None:
    invited = staff.invite("rania", "analyst")
    staff.node.door.accept(invited.invitation, PASSWORD)
    with pytest.raises(NotAllowed) as problem:
        staff.node.door.confirm(invited.invitation, "abcdef")
    assert problem.value.code == "code"
    assert [each.state for each in staff.ask("people.list", HOME).officers] == ["invited"]


def test_a_weak_password_is_refused_before_anything_is_kept(staff: Staff) -> None:
    invited = staff.invite("rania", "analyst")
    with pytest.raises(Invalid):
        staff.node.door.accept(invited.invitation, "rania1234567")
    with pytest.raises(NotAllowed, match="no password"):
        staff.node.door.confirm(invited.invitation, "123456")


def test_whatever_is_wrong_the_answer_is_the_same(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    staff.officer("samir", "analyst")
    staff.do("people.suspend", {"id": "officer/samir"}, HOME)
    staff.clock.advance(2 * MINUTES)
    told = {
        str(refused(staff, "nobody", code="123456")),
        str(refused(staff, "rania", "not the right password")),
        str(refused(staff, "rania", code="abcdef")),
        str(refused(staff, "samir")),
        str(refused(staff, "../../etc", code="123456")),
        str(refused(staff, "\udc80", "\udc80", code="\udc80")),
    }
    assert len(told) == 1


def test_an_unknown_name_costs_as_many_hashings_as_a_known_one(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    staff.officer("rania", "analyst")
    counted: list[str] = []
    real: Any = Argon2id

    class Counting:
        def __init__(self, **given: Any) -> None:
            counted.append("derive")
            self.derive_phc_encoded = real(**given).derive_phc_encoded

        @staticmethod
        def verify_phc_encoded(material: bytes, kept: str) -> None:
            counted.append("verify")
            real.verify_phc_encoded(material, kept)

    monkeypatch.setattr(password, "Argon2id", Counting)
    refused(staff, "rania", "not the right password")
    refused(staff, "nobody", "not the right password", code="123456")
    assert counted == ["verify", "derive"]


def test_after_five_failures_even_the_right_password_waits_and_longer_each_time(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    staff.clock.advance(MINUTES)
    for _ in range(5):
        refused(staff, "rania", "not the right password")
    refused(staff, "rania")
    staff.clock.advance(MINUTES)
    refused(staff, "rania", "not the right password")
    staff.clock.advance(MINUTES)
    refused(staff, "rania")
    staff.clock.advance(MINUTES)
    assert staff.enter("rania", staff.node.door.sign_in("rania", PASSWORD, staff.code("rania"))).by == "session"
    staff.clock.advance(MINUTES)
    refused(staff, "rania", "not the right password")
    assert staff.sign_in("rania").id == "officer/rania"


def test_failures_outlive_a_restart(tmp_path: Path) -> None:
    with two_nations(tmp_path, files=True) as world:
        staff = Staff(world.jo, world.clock)
        staff.officer("rania", "analyst")
        staff.clock.advance(MINUTES)
        for _ in range(5):
            refused(staff, "rania", "not the right password")
        staff.node = world.reopen("JO")
        refused(staff, "rania")


def test_of_many_wrong_tries_at_once_each_is_counted(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    staff.clock.advance(MINUTES)
    with ThreadPoolExecutor(6) as pool:
        tries = [pool.submit(refused, staff, "rania", "not the right password") for _ in range(6)]
        assert {each.result().code for each in tries} == {"sign-in"}
    refused(staff, "rania")  # it must wait
    reasons = [line.reason for line in failures(staff)]
    assert sorted(reasons) == [
        "failure 1",
        "failure 2",
        "failure 3",
        "failure 4",
        "failure 5",
        "must wait",
        "must wait",
    ]


def failures(staff: Staff) -> list[Any]:
    with staff.node.store.read() as tx:
        return [line for line in tx.audit.page() if line.act == "sign-in failed"]


def test_of_two_sign_ins_that_race_with_one_code_one_gets_in(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    staff.clock.advance(MINUTES)
    code, start = staff.code("rania"), threading.Barrier(2)

    def enter() -> bool:
        start.wait()
        try:
            return bool(staff.node.door.sign_in("rania", PASSWORD, code).token)
        except NotAllowed:
            return False

    with ThreadPoolExecutor(2) as pool:
        got_in = [each.result() for each in [pool.submit(enter) for _ in range(2)]]
    assert sorted(got_in) == [False, True]


def test_a_code_is_good_once(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    assert refused(staff, "rania").code == "sign-in"  # the code that confirmed the invitation
    staff.sign_in("rania")
    assert refused(staff, "rania").code == "sign-in"
    assert refused(staff, "rania", code=staff.code("rania", steps=-1)).code == "sign-in"
    staff.clock.advance(timedelta(seconds=30))
    assert staff.node.door.sign_in("Officer/RANIA ", PASSWORD, staff.code("rania")).officer == "officer/rania"


def test_no_more_than_two_hash_at_once(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    staff.officer("rania", "analyst")
    inside, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def slow(password: str, randomness: object) -> str:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == AT_ONCE:
                full.set()
        full.wait(10)
        with lock:
            inside -= 1
        return ""

    monkeypatch.setattr("mithaq.kernel.people.door.hash_password", slow)
    with ThreadPoolExecutor(6) as pool:
        tries = [pool.submit(refused, staff, "nobody", "a password", "123456") for _ in range(6)]
        assert {each.result().code for each in tries} == {"sign-in"}
    assert most == AT_ONCE


def test_a_lost_device_ends_sessions_and_the_old_password(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    invited = staff.do("people.reinvite", {"id": "officer/rania"}, HOME)
    with pytest.raises(NotAllowed):
        staff.node.door.known(staff.tokens["rania"])
    staff.clock.advance(MINUTES)
    refused(staff, "rania")
    assert staff.join(invited.invitation).roles == ("analyst",)


def test_a_suspended_officer_accepts_no_invitation(staff: Staff) -> None:
    invited = staff.invite("rania", "analyst")
    staff.node.door.accept(invited.invitation, PASSWORD)
    staff.do("people.suspend", {"id": "officer/rania"}, HOME)
    with pytest.raises(NotAllowed):
        staff.node.door.confirm(invited.invitation, "123456")
    staff.do("people.restore", {"id": "officer/rania"}, HOME)
    assert [each.state for each in staff.ask("people.list", HOME).officers] == ["invited"]


def test_secrets_are_kept_as_digests_only_and_never_shown_again(tmp_path: Path) -> None:
    with two_nations(tmp_path, files=True) as world:
        staff = Staff(world.jo, world.clock)
        given = {"id": "officer/rania", "name": "Rania", "roles": ["analyst"]}
        invited = staff.do("people.invite", given, HOME, key="once")
        again = staff.do("people.invite", given, HOME, key="once")
        assert (again.id, again.invitation) == (invited.id, "")
        staff.join(invited.invitation)
        program = token(staff)
        staff.sign_in("rania")
        secrets = (invited.invitation, program, staff.tokens["rania"], PASSWORD)
        for value in (invited, staff.node.door.known(program), staff.node.door.known(staff.tokens["rania"])):
            assert not any(secret in repr(value) for secret in secrets)
        path = world.rehearsal.nations["JO"].home.store
        with sqlite3.connect(path) as connection:
            found = "\n".join(connection.iterdump())
        connection.close()
        assert "officer/rania" in found
        kept = [secret for secret in secrets if secret in found or secret.encode().hex() in found.lower()]
        assert kept == []


def test_sign_ins_failures_and_sign_outs_are_audited(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    staff.clock.advance(MINUTES)
    refused(staff, "rania", "not the right password")
    refused(staff, "my-password-typed-as-a-name", code="123456")
    staff.sign_in("rania")
    staff.node.door.sign_out(staff.tokens["rania"])
    assert staff.log()[-4:] == [
        ("unknown", "sign-in failed", "officer/rania"),
        ("unknown", "sign-in failed", ""),
        ("officer/rania", "signed in", "officer/rania"),
        ("officer/rania", "signed out", "officer/rania"),
    ]


def test_what_expired_is_forgotten_by_the_clock(staff: Staff) -> None:
    staff.officer("rania", "analyst")
    staff.invite("samir", "analyst")

    def kept() -> int:
        with staff.node.store.read() as tx:
            return sum(len(tx.papers.page(sort)) for sort in ("session", "invitation"))

    staff.node.tick()
    assert kept() == 2
    staff.clock.advance(13 * HOURS)
    staff.node.tick()
    assert kept() == 1
    staff.clock.advance(72 * HOURS)
    staff.node.tick()
    assert kept() == 0


def test_an_actor_that_the_store_does_not_keep_is_as_it_was_told(staff: Staff) -> None:
    guest = Actor(id="officer/guest", roles=("duty_officer",), by="session")
    assert staff.ask("intelligence.alerts", guest) is not None
