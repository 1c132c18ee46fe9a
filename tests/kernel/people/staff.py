"""The people of one nation, as tests meet them: invited, with a password and a device, signed in. All are invented."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse

from mithaq.kernel.clock import ManualClock
from mithaq.kernel.node import Node
from mithaq.kernel.people import totp
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.session import SignedIn

PASSWORD = "four lorries before dawn"


class Staff:
    """Officers of a node, each with the device that shows their codes."""

    def __init__(self, node: Node, clock: ManualClock) -> None:
        self.node, self.clock = node, clock
        self.devices: dict[str, bytes] = {}
        self.tokens: dict[str, str] = {}

    def found(self) -> Actor:
        """The first administrator, by the link of the first start."""
        secret = self.node.door.first_link(self.clock.now())
        assert secret is not None
        return self.join(secret)

    def invite(self, name: str, *roles: str, by: Actor = HOME, agency: str | None = None) -> Any:
        given = {"id": f"officer/{name}", "name": name.title(), "roles": list(roles), "agency": agency}
        return self.do("people.invite", given, by)

    def officer(self, name: str, *roles: str, by: Actor = HOME, agency: str | None = None) -> Actor:
        """Invited by somebody, and signed in since."""
        return self.join(self.invite(name, *roles, by=by, agency=agency).invitation)

    def join(self, invitation: str) -> Actor:
        enrolment = self.node.door.accept(invitation, PASSWORD)
        name = enrolment.officer.partition("/")[2]
        self.devices[name] = device(enrolment.totp_uri)
        return self.enter(name, self.node.door.confirm(invitation, self.code(name)))

    def sign_in(self, name: str, *, password: str = PASSWORD) -> Actor:
        """With the code of a step that was not used before."""
        self.clock.advance(timedelta(seconds=60))
        return self.enter(name, self.node.door.sign_in(name, password, self.code(name)))

    def enter(self, name: str, signed_in: SignedIn) -> Actor:
        self.tokens[name] = signed_in.token
        return self.node.door.known(signed_in.token)

    def code(self, name: str, *, steps: int = 0) -> str:
        return totp.generate(self.devices[name], totp.step(self.clock.now()) + steps)

    def do(self, name: str, given: dict[str, Any], who: Actor, **more: str) -> Any:
        return self.node.do(name, given, who=who, **more).result()

    def ask(self, name: str, actor: Actor, **given: Any) -> Any:
        return self.node.ask(name, given, who=actor)

    def log(self) -> list[tuple[str, str, str]]:
        """(who, act, subject) of the audit log."""
        with self.node.store.read() as tx:
            return [(line.who, line.act, line.subject) for line in tx.audit.page()]


def device(uri: str) -> bytes:
    """The secret that an authenticator takes from an otpauth address."""
    found = parse_qs(urlparse(uri).query)
    assert (found.get("digits", ["6"]), found.get("period", ["30"])) == (["6"], ["30"])
    text = found["secret"][0]
    return base64.b32decode(text + "=" * (-len(text) % 8))


def token(staff: Staff, **changes: Any) -> str:
    given = {"id": "program/customs", "roles": ["duty_officer"], "days": 30, **changes}
    return str(staff.do("people.issue-token", given, HOME).token)
