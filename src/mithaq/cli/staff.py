"""The people of a rehearsal: officers who are invited, sign in with a password and a code, and act over HTTP.

Their passwords and TOTP secrets live in memory and are told to nobody: they are gone when the rehearsal ends.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec

from mithaq.cli.rehearsal import Nation
from mithaq.errors import Unavailable
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.people.totp import generate, step


class Officer:
    """One signed-in officer of one nation."""

    def __init__(self, nation: Nation, id: str, token: str) -> None:
        self._nation, self.id, self._token = nation, id, token

    def call(self, name: str, given: dict[str, Any], *, glass: str = "") -> Any:
        """Do or ask it as this officer; Unavailable with what the node said, if it would not."""
        headers = {"authorization": f"Bearer {self._token}", "idempotency-key": secrets.token_hex(16)}
        if glass:
            headers["mithaq-break-glass"] = glass
        url = f"{self._nation.inside}/v1/{name.replace('.', '/')}"
        response = httpx2.post(url, content=msgspec.json.encode(given), headers=headers, timeout=60, trust_env=False)
        if not response.is_success:
            raise Unavailable("demo", f"{self.id}: {name}: {response.text}")
        return response.json()


def invite(nation: Nation, name: str, roles: list[str], agency: str | None) -> str:
    """Invite an officer as whoever holds the home; the invitation. Everybody is invited before the first confirms:
    from then on the nation has an administrator of its own, and the home does less.
    """
    given = {"id": f"officer/{name}", "name": name.title(), "roles": roles, "agency": agency}
    return str(nation.do("people.invite", given)["invitation"])


def enrol(nation: Nation, invitation: str) -> Officer:
    """Accept an invitation, confirm it by a code and sign in, as the officer would."""
    password = secrets.token_urlsafe(18)
    accepted = _post(nation, "session/accept", {"invitation": invitation, "password": password})
    secret = base64.b32decode(parse_qs(urlsplit(accepted["totp_uri"]).query)["secret"][0])
    code = generate(secret, step(SystemClock().now()))
    signed_in = _post(nation, "session/confirm", {"invitation": invitation, "code": code})
    return Officer(nation, signed_in["officer"], signed_in["token"])


def _post(nation: Nation, path: str, given: dict[str, Any]) -> Any:
    url = f"{nation.inside}/v1/{path}"
    response = httpx2.post(url, content=msgspec.json.encode(given), timeout=60, trust_env=False)
    if not response.is_success:
        raise Unavailable("demo", f"{path}: {response.text}")
    return response.json()
