"""The inside face: what a program gets for good input, bad input, and no token. In process, through ASGI."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mithaq.api import link
from mithaq.api.inside import inside_app
from mithaq.api.link import link_app
from mithaq.kernel.seal import MAX_SEALED
from tests.worlds import World, alert

TOKEN = "t" * 64


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(inside_app(world.jo, TOKEN), headers={"authorization": f"Bearer {TOKEN}"})


def test_a_command_and_a_question(client: TestClient) -> None:
    stated = client.post("/v1/intelligence/alert-vehicle", json=alert()).json()
    assert stated["released"] == ["SA"]
    shown = client.post("/v1/release/preview", json={"id": stated["id"], "to": "SA"})
    assert shown.json()["decision"] == "permit"


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("/v1/intelligence/alert-vehicle", b"{", 400, "not-json"),
        ("/v1/intelligence/alert-vehicle", b"\xff", 400, "not-json"),
        ("/v1/intelligence/alert-vehicle", b"[]", 400, "shape"),
        ("/v1/intelligence/alert-vehicle", b"{}", 400, "shape"),
        ("/v1/intelligence/alert-vehicle", b"[" * 50_000, 400, "too-deep"),
        ("/v1/intelligence/alert-vehicle", b'"' + b"x" * (5 * 1024 * 1024) + b'"', 400, "too-large"),
        ("/v1/release/why", b'{"id":"JO-00000000000000000000000000"}', 404, "record"),
        ("/v1/release/preview", b'{"id":"JO-00000000000000000000000000","to":"ZZZ"}', 400, "shape"),
    ],
)
def test_bad_input_is_a_problem_document(client: TestClient, path: str, content: bytes, status: int, code: str) -> None:
    answer = client.post(path, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["", "Bearer", f"Bearer {TOKEN}x", f"bearer {TOKEN}", TOKEN])
def test_without_the_token_nothing_is_told(world: World, header: str) -> None:
    stranger = TestClient(inside_app(world.jo, TOKEN), headers={"authorization": header})
    for path in ("/v1/node/status", "/v1/intelligence/alert-vehicle"):
        assert stranger.post(path, json={}).status_code == 401


@pytest.mark.parametrize("content", [b"", b"x", b"{}\n", b"x" * (MAX_SEALED + 1)], ids=len)
def test_the_link_face_tells_a_stranger_nothing(world: World, content: bytes) -> None:
    answer = TestClient(link_app(world.jo)).post("/link/1/deliveries", content=content)
    assert answer.status_code in (403, 413)
    told: dict[str, Any] = answer.json()
    assert set(told) == {"title", "status"}


def test_health_is_told_to_anyone_and_figures_to_the_holder_of_the_token(world: World, client: TestClient) -> None:
    stranger = TestClient(inside_app(world.jo, TOKEN))
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/metrics").status_code == 401
    client.post("/v1/intelligence/alert-vehicle", json=alert(plate="SECRET-1"))
    waiting = client.get("/metrics")
    assert 'mithaq_link_waiting{link="JO>SA"} 1.0' in waiting.text
    assert waiting.headers["content-type"].startswith("text/plain")
    world.step()
    told = client.get("/metrics").text
    assert 'mithaq_link_waiting{link="JO>SA"} 0.0' in told
    assert 'mithaq_messages_settled_total{partner="SA"} 1.0' in told
    assert 'mithaq_bytes_sent_total{partner="SA"}' in told
    assert "SECRET" not in told
    theirs = TestClient(inside_app(world.sa, TOKEN), headers={"authorization": f"Bearer {TOKEN}"}).get("/metrics").text
    assert 'mithaq_messages_received_total{partner="JO",verdict="accepted"} 1.0' in theirs
    assert "messages_settled" not in theirs  # one registry for each node


def test_a_node_whose_store_is_gone_is_not_healthy(world: World) -> None:
    world.jo.store.close()
    answer = TestClient(inside_app(world.jo, TOKEN)).get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


def test_a_caller_with_too_much_under_way_is_asked_to_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "EACH", 0)
    assert TestClient(link_app(world.jo)).post("/link/1/deliveries", content=b"x").status_code == 503
    assert list(world.rehearsal.nations["JO"].home.evidence.iterdir()) == []  # it was not even read
