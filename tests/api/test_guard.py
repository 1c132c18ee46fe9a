"""Who calls, from where, with what: before anything is done."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from mithaq.api.edge import HEADERS
from mithaq.api.guard import MAX_TOKEN
from mithaq.api.inside import inside_app
from mithaq.errors import Invalid
from tests.api.people import client
from tests.worlds import World, alert


@pytest.fixture
def home(world: World) -> TestClient:
    return client(world.jo)


@pytest.mark.parametrize("token", ["", "x", "mhs_unknown", "x" * (MAX_TOKEN + 1), "رمز", "\x7f"])
def test_an_unknown_token_is_told_nothing_but_how_to_become_known(world: World, token: str) -> None:
    stranger = client(world.jo, "")
    headers = {b"authorization": b"Bearer " + token.encode()}
    for method, path in (("POST", "/v1/intelligence/alerts"), ("GET", "/v1/session"), ("GET", "/v1/events")):
        answer = stranger.request(method, path, headers=headers, content=b"{not even json")
        assert (answer.status_code, answer.json()["code"]) == (401, "token")
        assert answer.headers["www-authenticate"] == 'Bearer realm="mithaq"'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "http://testserver:8080"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
    ],
)
def test_a_page_of_another_site_does_nothing_here(home: TestClient, headers: dict[str, str], status: int) -> None:
    answer = home.post("/v1/intelligence/alert-vehicle", json=alert(), headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "origin"
        assert home.post("/v1/intelligence/alerts", json={}).json() in ([], {"items": [], "next": ""})
    assert home.get("/v1/openapi.json", headers=headers).status_code == 200  # reading changes nothing


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_foreign_page_can_send_unasked_is_not_read(home: TestClient, media: str) -> None:
    answer = home.post("/v1/session", content=b"{}", headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (415, "content-type")


@pytest.mark.parametrize("path", ["/healthz", "/v1/openapi.json", "/v1/session", "/nowhere", "/v1/release/why"])
def test_every_answer_is_kept_nowhere_and_framed_by_nobody(home: TestClient, path: str) -> None:
    answer = home.get(path)
    assert HEADERS.items() <= dict(answer.headers).items()


def test_what_is_not_served_says_so(home: TestClient) -> None:
    nowhere = home.get("/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "path")
    wrong = home.put("/v1/session")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method")
    assert set(wrong.headers["allow"].split(", ")) >= {"GET", "POST", "DELETE"}
    assert home.get("/v1/release/why").headers["allow"] == "POST"
    assert wrong.headers["content-type"] == "application/problem+json"


def test_an_error_that_nobody_foresaw_is_told_without_its_contents(
    world: World, home: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("plate 12-34567")

    monkeypatch.setattr(world.jo, "ask", broken)
    answer = home.post("/v1/node/status", json={})
    assert (answer.status_code, answer.json()["code"]) == (500, "unforeseen")
    assert "12-34567" not in answer.text
    assert "ZeroDivisionError" in "".join(capsys.readouterr())


@pytest.mark.parametrize("token", ["", "t" * 31])
def test_a_token_of_the_home_that_could_be_guessed_is_not_served_with(world: World, token: str) -> None:
    with pytest.raises(Invalid) as told:
        inside_app(world.jo, token)
    assert told.value.code == "token"
    assert token == "" or token not in str(told.value)
