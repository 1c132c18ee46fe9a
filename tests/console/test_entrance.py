"""The entrance: the first start by a one-time link, signing in and out, who is thrown out, and what is refused."""

from __future__ import annotations

import pytest
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mithaq.api.rate import Buckets
from mithaq.console.app import routes
from mithaq.kernel.people.actor import HOME
from tests.console.office import PAGES, PASSWORD, browser, enrol, invited, officer, with_pages
from tests.worlds import World


@pytest.fixture(autouse=True)
def pages(world: World) -> None:
    with_pages(world.jo, *PAGES)


def test_the_first_start_by_a_one_time_link_ends_signed_in(world: World) -> None:
    secret = world.jo.door.first_link(world.clock.now())
    assert secret is not None
    client = browser(world.jo)
    opened = client.get(f"/start?invitation={secret}")
    assert secret in opened.text  # in the form, to be sent in its body
    assert 'action="/start"' in opened.text
    enrol(world, client, secret)
    home = client.get("/")
    assert home.status_code == 200
    assert "There are no pages for your roles" in home.text  # an administrator reads no content
    assert "administrator" in home.text
    used = browser(world.jo).post("/start", data={"invitation": secret, "password": PASSWORD, "again": PASSWORD})
    assert used.status_code == 403


def test_the_secret_is_shown_once_in_groups_of_four_and_as_a_picture(world: World) -> None:
    client, secret = browser(world.jo), invited(world.jo, "rania", "duty_officer")
    given = {"invitation": secret, "password": PASSWORD, "again": PASSWORD}
    page = client.post("/start", data=given).text
    assert 'class="code secret">' in page
    assert "<svg" in page
    wrong = client.post("/start", data={"invitation": secret, "code": "000000"})
    assert wrong.status_code == 403
    assert "not the code of this moment" in wrong.text
    assert "<svg" not in wrong.text
    assert "mithaq-JO" not in client.cookies
    again = client.post("/start", data={"invitation": secret})
    assert 'name="password"' in again.text
    enrol(world, client, secret)
    assert client.get("/p/alerts").status_code == 200


@pytest.mark.parametrize(
    ("password", "again", "status"), [("short", "short", 400), (PASSWORD, PASSWORD + "x", 400), ("", "", 400)]
)
def test_a_poor_password_is_refused_and_the_invitation_stays_good(
    world: World, password: str, again: str, status: int
) -> None:
    client, secret = browser(world.jo), invited(world.jo, "rania", "duty_officer")
    refused = client.post("/start", data={"invitation": secret, "password": password, "again": again})
    assert refused.status_code == status
    assert 'role="alert"' in refused.text
    enrol(world, client, secret)


def test_an_officer_signs_in_and_out(world: World) -> None:
    client = browser(world.jo)
    device = enrol(world, client, invited(world.jo, "rania", "duty_officer"))
    assert client.get("/", follow_redirects=False).headers["location"] == "/p/alerts"
    left = client.post("/sign-out")
    assert "mithaq-JO" not in client.cookies
    assert left.url.path == "/sign-in"
    given = {"name": "rania", "password": PASSWORD, "code": device.code()}
    entered = client.post("/sign-in", data=given, follow_redirects=False)
    assert entered.status_code == 303
    assert client.get("/p/alerts").status_code == 200


def test_a_session_that_was_ended_here_is_over_at_the_node(world: World) -> None:
    client = officer(world, "rania", "duty_officer")
    token = client.cookies["mithaq-JO"]
    client.post("/sign-out")
    client.cookies["mithaq-JO"] = token
    assert client.get("/p/alerts").url.path == "/sign-in"


def test_the_cookie_is_for_this_console_alone(world: World) -> None:
    client, secret = browser(world.jo), invited(world.jo, "rania", "duty_officer")
    device = enrol(world, client, secret)
    given = {"name": "rania", "password": PASSWORD, "code": device.code()}
    said = client.post("/sign-in", data=given, follow_redirects=False).headers["set-cookie"]
    name, *attributes = (part.strip().lower() for part in said.split(";"))
    assert name.startswith("mithaq-jo=mhs_")
    assert set(attributes) == {"httponly", "samesite=strict", "path=/"}
    over_tls = TestClient(client.app, base_url="https://console.example", headers=dict(client.headers))
    given = {"name": "rania", "password": PASSWORD, "code": device.code()}
    assert "secure" in over_tls.post("/sign-in", data=given, follow_redirects=False).headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "changed", [{"code": "000000"}, {"password": "not it at all"}, {"name": "nobody"}, {"name": "ra <b>nia"}]
)
def test_whatever_was_wrong_is_told_in_the_same_words(world: World, changed: dict[str, str]) -> None:
    client = browser(world.jo)
    device = enrol(world, client, invited(world.jo, "rania", "duty_officer"))
    stranger = browser(world.jo)
    given = {"name": "rania", "password": PASSWORD, "code": device.code(), **changed}
    refused = stranger.post("/sign-in", data=given)
    assert refused.status_code == 403
    assert "the name, the password or the code is not right" in refused.text
    assert given["password"] not in refused.text
    assert "<b>nia" not in refused.text
    assert stranger.cookies == {}


def test_a_suspended_officer_is_thrown_out_at_the_next_request(world: World) -> None:
    client = officer(world, "rania", "duty_officer")
    assert client.get("/p/alerts").status_code == 200
    world.jo.do("people.suspend", {"id": "officer/rania"}, who=HOME).result()
    out = client.get("/p/alerts?exercise=on")
    assert out.url.path == "/sign-in"
    assert "Your session has ended" in out.text
    assert 'name="next" value="/p/alerts?exercise=on"' in out.text
    assert "mithaq-JO" not in client.cookies


def test_after_signing_in_one_comes_to_the_page_that_was_asked_for(world: World) -> None:
    client = browser(world.jo)
    device = enrol(world, client, invited(world.jo, "rania", "duty_officer"))
    client.cookies.clear()
    assert client.get("/p/raise").url.path == "/sign-in"
    given = {"name": "rania", "password": PASSWORD, "code": device.code(), "next": "/p/raise"}
    assert client.post("/sign-in", data=given, follow_redirects=False).headers["location"] == "/p/raise"
    for elsewhere in ("https://evil.example/", "//evil.example/p/", "/\\evil.example", "javascript:alert(1)"):
        given = {"name": "rania", "password": PASSWORD, "code": device.code(), "next": elsewhere}
        client.cookies.clear()
        assert client.post("/sign-in", data=given, follow_redirects=False).headers["location"] == "/"


def test_a_program_token_is_no_session(world: World) -> None:
    officer(world, "karim", "administrator")
    client = browser(world.jo)
    client.cookies["mithaq-JO"] = "mhp_" + "0" * 52
    assert client.get("/p/alerts").url.path == "/sign-in"


def test_too_many_tries_from_one_address_are_refused_before_the_door_counts(world: World) -> None:
    tries = Buckets(1, 6.5, world.clock.monotonic)
    app = Starlette(routes=routes(world.jo, tries=tries, slowly=CapacityLimiter(1)))
    client = TestClient(app, headers=dict(browser(world.jo).headers))
    assert tries.take("testclient") == 0
    refused = client.post("/sign-in", data={"name": "rania", "password": "x", "code": "1"})
    assert refused.status_code == 429
    assert "seconds to wait: 7" in refused.text
    assert not [line for line in world.jo.ask("audit.list", {}, who=HOME).lines if "sign-in" in line.act]


def test_a_good_sign_in_costs_its_address_nothing(world: World) -> None:
    tries = Buckets(1, 6.5, world.clock.monotonic)
    app = Starlette(routes=routes(world.jo, tries=tries, slowly=CapacityLimiter(1)))
    client = TestClient(app, headers=dict(browser(world.jo).headers))
    device = enrol(world, client, invited(world.jo, "rania", "duty_officer"))  # two tries within the same seconds
    given = {"name": "rania", "password": PASSWORD, "code": device.code()}
    assert client.post("/sign-in", data=given, follow_redirects=False).status_code == 303
    assert tries.take("testclient") == 0
    assert tries.take("testclient") > 0


def test_a_language_chosen_at_the_one_time_link_puts_the_invitation_into_no_address(world: World) -> None:
    client, secret = browser(world.jo), invited(world.jo, "rania", "duty_officer")
    opened = client.get(f"/start?invitation={secret}").text
    assert f'name="back" value="/start?invitation={secret}"' not in opened
    assert 'class="languages" method="post" action="/start"' in opened
    told = client.post("/start", data={"invitation": secret, "language": "fr"}, follow_redirects=False)
    assert (told.status_code, "location" in told.headers) == (200, False)
    assert client.cookies["mithaq-language"] == "fr"
    assert 'lang="fr"' in told.text
    assert secret in told.text  # in the form, to go on with
    back = client.post("/language", data={"language": "en", "back": f"/start?invitation={secret}"}).url
    assert secret not in str(back)
    enrol(world, client, secret)


ELSEWHERE: tuple[dict[str, str], ...] = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "", "origin": "http://testserver"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {},
)


def test_a_post_from_elsewhere_is_refused(world: World) -> None:
    client = officer(world, "rania", "duty_officer")
    del client.headers["sec-fetch-site"]
    for path in ("/sign-in", "/sign-out", "/start", "/language", "/p/raise", "/p/alerts"):
        for headers in ELSEWHERE:
            refused = client.post(path, data={"language": "ar"}, headers=headers, follow_redirects=False)
            assert refused.status_code == 403, (path, headers)
            assert "set-cookie" not in refused.headers
    assert client.get("/p/alerts").status_code == 200  # and the session still stands


def test_a_post_from_its_own_origin_is_let_through_where_a_browser_says_only_that(world: World) -> None:
    client = browser(world.jo)
    del client.headers["sec-fetch-site"]
    told = client.post("/language", data={"language": "fr"}, headers={"origin": "http://testserver"})
    assert told.status_code == 200
    assert client.cookies["mithaq-language"] == "fr"


def test_every_page_has_every_protecting_header_and_nothing_from_elsewhere(world: World) -> None:
    client = officer(world, "rania", "duty_officer")
    for path in ("/sign-in", "/start?invitation=x", "/p/alerts", "/p/alerts-map", "/p/nothing", "/p/raise", "/"):
        told = client.get(path, follow_redirects=False)
        assert told.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert told.headers["cache-control"] == "no-store"
        assert told.headers["referrer-policy"] == "no-referrer"
        assert told.headers["x-content-type-options"] == "nosniff"
        for forbidden in ("<script", "javascript:", " style=", " onclick", "http://", "https://"):
            assert forbidden not in told.text, (path, forbidden)


def test_a_body_that_is_no_form_is_refused(world: World) -> None:
    client = browser(world.jo)
    assert client.post("/sign-in", json={"name": "x"}).status_code == 400
    assert client.post("/sign-in", data={"name": "x" * 300_000}).status_code == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", content=b"name=%ff", headers=form).status_code == 400
    assert client.post("/sign-in", content=b"&".join([b"a=1"] * 300), headers=form).status_code == 400
