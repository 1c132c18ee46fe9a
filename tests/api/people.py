"""Officers of a world in one process, as the inside face makes them known."""

from __future__ import annotations

import base64
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import httpx2
from starlette.testclient import TestClient

from mithaq.api.inside import inside_app
from mithaq.kernel.node import Node
from mithaq.kernel.people import totp

TOKEN = "t" * 64
PASSWORD = "four words nobody would guess"


def client(node: Node, token: str = TOKEN) -> TestClient:
    """A caller of the inside face; by default whoever holds the home."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return TestClient(inside_app(node, TOKEN), headers=headers)


def invite(home: TestClient, name: str, *roles: str) -> str:
    """An invitation, as an officer is handed it."""
    given = {"id": f"officer/{name}", "name": name.title(), "roles": list(roles)}
    return str(said(home.post("/v1/people/invite", json=given))["invitation"])


def accept(anyone: TestClient, invitation: str, at: datetime) -> str:
    """Set the password; the code that the officer's device then shows."""
    given = {"invitation": invitation, "password": PASSWORD}
    return code(said(anyone.post("/v1/session/accept", json=given))["totp_uri"], at)


def enrol(home: TestClient, node: Node, name: str, *roles: str) -> str:
    """The token of an officer who has signed in for the first time."""
    invitation, anyone = invite(home, name, *roles), client(node, "")
    given = {"invitation": invitation, "code": accept(anyone, invitation, node.clock.now())}
    return str(said(anyone.post("/v1/session/confirm", json=given))["token"])


def code(uri: str, at: datetime) -> str:
    secret = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    return totp.generate(secret, totp.step(at))


def said(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found
