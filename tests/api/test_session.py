"""Signing in over HTTP: an invited officer becomes known, is who they are, and is forgotten when they sign out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from mithaq.api import doorstep
from tests.api.people import PASSWORD, accept, client, code, enrol, invite
from tests.worlds import World, alert


@pytest.fixture
def home(world: World) -> TestClient:
    return client(world.jo)


def test_an_invited_officer_accepts_confirms_and_acts_under_their_own_name(world: World, home: TestClient) -> None:
    token = enrol(home, world.jo, "rania", "duty_officer")
    officer = client(world.jo, token)
    assert officer.post("/v1/intelligence/alert-vehicle", json=alert()).status_code == 200
    who = officer.get("/v1/session").json()
    assert (who["id"], who["by"], who["roles"]) == ("officer/rania", "session", ["duty_officer"])
    assert {"intelligence.alert-vehicle", "events"} <= set(who["permissions"])
    assert not {"keys.install", "metrics", "people.invite"} & set(who["permissions"])
    with world.jo.store.read() as tx:
        assert [line.act for line in tx.audit.page(who="officer/rania")][-1] == "intelligence.alert-vehicle"


def test_who_signs_out_is_not_known_any_more(world: World, home: TestClient) -> None:
    officer = client(world.jo, enrol(home, world.jo, "rania", "duty_officer"))
    assert officer.delete("/v1/session").status_code == 204
    answer = officer.get("/v1/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_officer_signs_in_again_with_the_next_code_and_with_no_code_twice(world: World, home: TestClient) -> None:
    anyone, invitation = client(world.jo, ""), invite(home, "rania", "analyst")
    given = {"invitation": invitation, "password": PASSWORD}
    uri = anyone.post("/v1/session/accept", json=given).json()["totp_uri"]
    first = code(uri, world.jo.clock.now())
    anyone.post("/v1/session/confirm", json={"invitation": invitation, "code": first})
    sign_in = {"name": "rania", "password": PASSWORD, "code": first}
    again = anyone.post("/v1/session", json=sign_in)
    assert (again.status_code, again.json()["code"]) == (401, "sign-in")
    world.clock_on(60)
    entered = anyone.post("/v1/session", json={**sign_in, "code": code(uri, world.jo.clock.now())})
    assert entered.status_code == 200
    assert entered.json()["officer"] == "officer/rania"
    assert client(world.jo, entered.json()["token"]).get("/v1/session").json()["roles"] == ["analyst"]


def test_a_wrong_password_and_an_unknown_name_are_told_in_the_same_words(world: World, home: TestClient) -> None:
    enrol(home, world.jo, "rania", "analyst")
    tries = [{"name": name, "password": "wrong wrong wrong", "code": "000000"} for name in ("rania", "nobody")]
    told = [client(world.jo, "").post("/v1/session", json=each) for each in tries]
    assert told[0].status_code == told[1].status_code == 401
    assert told[0].content == told[1].content
    assert "wrong" not in told[0].text


def test_a_used_invitation_is_no_good(world: World, home: TestClient) -> None:
    anyone, invitation = client(world.jo, ""), invite(home, "rania", "analyst")
    given = {"invitation": invitation, "code": accept(anyone, invitation, world.jo.clock.now())}
    assert anyone.post("/v1/session/confirm", json=given).status_code == 200
    answer = anyone.post("/v1/session/confirm", json=given)
    assert (answer.status_code, answer.json()["code"]) == (401, "invitation")


def test_an_officer_does_what_their_roles_hold_and_nothing_else(world: World, home: TestClient) -> None:
    overseer = client(world.jo, enrol(home, world.jo, "huda", "oversight"))
    answer = overseer.post("/v1/intelligence/alert-vehicle", json=alert())
    assert (answer.status_code, answer.json()["code"]) == (403, "permission")
    assert overseer.get("/metrics").status_code == 200
    analyst = client(world.jo, enrol(home, world.jo, "rania", "analyst"))
    assert analyst.get("/metrics").status_code == 403


def test_the_homes_token_is_no_session(home: TestClient) -> None:
    answer = home.delete("/v1/session")
    assert (answer.status_code, answer.json()["code"]) == (403, "session")
    assert home.get("/v1/session").json()["id"] == "home"


def test_one_address_may_not_fail_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorstep, "BURST", 5)
    anyone = client(world.jo, "")
    wrong = {"invitation": "mhi_none", "code": "000000"}
    told = [anyone.post("/v1/session/confirm", json=wrong).status_code for _ in range(doorstep.BURST + 1)]
    assert told == [401] * doorstep.BURST + [429]
    last = anyone.post("/v1/session/accept", json={"invitation": "mhi_none", "password": PASSWORD})
    assert (last.status_code, last.json()["code"]) == (429, "too-many")
    world.clock_on(int(last.headers["retry-after"]))
    assert anyone.post("/v1/session/confirm", json=wrong).status_code == 401


def test_a_session_that_nobody_uses_ends(world: World, home: TestClient) -> None:
    officer = client(world.jo, enrol(home, world.jo, "rania", "duty_officer"))
    world.clock_on(timedelta(minutes=31).total_seconds())
    assert officer.get("/v1/session").status_code == 401
