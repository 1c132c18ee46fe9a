"""An office: officers of a node who work at its console, each with a browser of their own. Everything is the real part.

The pages are the tests' own, over real questions and commands: what a page shows is data, so a test can say it.
"""

from __future__ import annotations

import re
from base64 import b32decode
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mithaq.api.doorstep import Doorstep
from mithaq.console.app import routes
from mithaq.kernel.node import Node
from mithaq.kernel.people import totp
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.plug import Column, Page
from tests.worlds import World, alert

PASSWORD = "a lorry full of oranges at dawn"
COLUMNS = (
    Column("title", "subject"),
    Column("time", "time", as_="time"),
    Column("place", "place", as_="place"),
    Column("body.origin", "origin", as_="code"),
    Column("body.fields.reason", "why to look out for it", as_="code"),
)
DETAIL = (*COLUMNS, Column("body.fields.source", "who or what told us"), Column("body.fields.remarks", "anything else"))
PAGES = (
    Page("alerts", "alerts", "list", "intelligence.alerts", COLUMNS, opens="alert"),
    Page("alerts-map", "map of alerts", "map", "intelligence.alerts", COLUMNS, opens="alert"),
    Page("alert", "one alert", "detail", "intelligence.alert", DETAIL, opens="correct"),
    Page("raise", "raise an alert on a vehicle", "form", "intelligence.alert-vehicle", opens="alert"),
    Page("correct", "correct an alert on a vehicle", "form", "intelligence.correct-vehicle", opens="alert"),
)


def with_pages(node: Node, *pages: Page) -> None:
    """The node as if its capability declared these pages."""
    node.capabilities = tuple(
        replace(each, pages=pages) if each.name == "intelligence" else replace(each, pages=())
        for each in node.capabilities
    )


def browser(node: Node, **headers: str) -> TestClient:
    """A browser in English that says of itself what browsers say."""
    said = {"accept-language": "en", "sec-fetch-site": "same-origin", **headers}
    doorstep = Doorstep(node.clock.monotonic)
    app = Starlette(routes=routes(node, tries=doorstep.tries, slowly=doorstep.slowly))
    return TestClient(app, headers=said)


@dataclass
class Device:
    """What shows the codes. A code is good once, so the clock moves on before each."""

    world: World
    secret: bytes

    def code(self) -> str:
        self.world.clock.advance(timedelta(seconds=totp.STEP))
        return totp.generate(self.secret, totp.step(self.world.clock.now()))


def invited(node: Node, name: str, *roles: str) -> str:
    """The secret of an invitation for a new officer."""
    given = {"id": f"officer/{name}", "name": f"{name.title()} Haddad", "roles": list(roles)}
    return str(node.do("people.invite", given, who=HOME).result().invitation)


def enrol(world: World, client: TestClient, invitation: str) -> Device:
    """Follow the one-time link to its end: the browser is signed in, and the device shows codes from now on."""
    given = {"invitation": invitation, "password": PASSWORD, "again": PASSWORD}
    page = client.post("/start", data=given)
    device = Device(world, secret_on(page.text))
    entered = client.post("/start", data={"invitation": invitation, "code": device.code()}, follow_redirects=False)
    assert entered.status_code == 303, entered.text
    return device


def officer(world: World, name: str, *roles: str, **headers: str) -> TestClient:
    """The browser of a new officer of Jordan who has signed in."""
    client = browser(world.jo, **headers)
    enrol(world, client, invited(world.jo, name, *roles))
    return client


def secret_on(page: str) -> bytes:
    """The secret of the second factor, read off the page as a person would."""
    found = re.search(r'class="code secret">([A-Z2-7 ]+)<', page)
    assert found, page
    return b32decode(found[1].replace(" ", ""))


def fill(client: TestClient, path: str, **changes: Any) -> dict[str, Any]:
    """The form at a path as a browser would send it: what it holds already, with these fields filled in."""
    page = client.get(path).text
    return {**hidden(page), **changes}


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that a page is about."""
    form = page.partition('class="fill')[2]
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}


def typed(**changes: Any) -> dict[str, Any]:
    """An alert as it is typed into the form."""
    return {name: value for name, value in alert(**changes).items() if value}
