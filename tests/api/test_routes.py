"""Commands and questions over HTTP: one act is done once, however often it is sent."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.api.people import TOKEN, client
from tests.worlds import World, alert

PATH = "/v1/intelligence/alert-vehicle"


@pytest.fixture
def home(world: World) -> TestClient:
    return client(world.jo)


def stated(world: World) -> int:
    """How many record versions the node holds, counted in its store."""
    with world.jo.store.read() as tx:
        return len(tx.records.page(limit=1000))


def test_the_same_key_again_is_the_same_act(world: World, home: TestClient) -> None:
    first = home.post(PATH, json=alert(), headers={"idempotency-key": "3f6e"})
    again = home.post(PATH, json=dict(reversed(alert().items())), headers={"idempotency-key": '"3f6e"'})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert stated(world) == 1
    assert home.post(PATH, json=alert(), headers={"idempotency-key": "other"}).json()["id"] != first.json()["id"]


def test_a_key_that_was_used_for_something_else_is_told(world: World, home: TestClient) -> None:
    home.post(PATH, json=alert(), headers={"idempotency-key": "k"})
    answer = home.post(PATH, json=alert(plate="99-1"), headers={"idempotency-key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "key")
    assert answer.json()["type"] == "/problems/key"
    assert answer.json()["instance"] == PATH
    assert stated(world) == 1


@pytest.mark.parametrize("key", [b"", b" ", b"a b", b'a"b', b'"', b"x" * 129, b"\t", "ك".encode(), b"\\"])
def test_a_key_has_bounds(world: World, home: TestClient, key: bytes) -> None:
    answer = home.post(PATH, json=alert(), headers={b"idempotency-key": key})
    assert answer.status_code == 400
    assert answer.json()["where"].lower() == "idempotency-key"
    assert stated(world) == 0


def test_a_key_is_not_sent_twice_over(home: TestClient) -> None:
    headers = [("authorization", f"Bearer {TOKEN}"), ("idempotency-key", "a"), ("idempotency-key", "b")]
    answer = TestClient(home.app).post(PATH, json=alert(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "header-twice")


@pytest.mark.parametrize("glass", [b"too short", b"x" * 3001, b"%ff" * 10, b"%", "سبب".encode()])
def test_a_reason_to_break_the_glass_has_bounds(home: TestClient, glass: bytes) -> None:
    answer = home.post(PATH, json=alert(), headers={b"mithaq-break-glass": glass})
    assert (answer.status_code, answer.json()["code"]) == (400, "glass-header")


def test_a_refusal_is_not_remembered_as_the_answer(world: World, home: TestClient) -> None:
    headers = {"idempotency-key": "k"}
    assert home.post(PATH, json=alert(purpose="nonsense"), headers=headers).status_code == 400
    assert home.post(PATH, json=alert(), headers=headers).status_code == 200
