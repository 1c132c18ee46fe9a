"""The inside face: what a program gets for good input, bad input, and no token. In process, through ASGI."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

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
