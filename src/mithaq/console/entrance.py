"""The entrance: the first start by a one-time link, signing in and out, and the choice of a language.

An invitation stands in an address once, when its link is opened; from there on it is sent in the body of a form. The
secret of the second factor is told once, on the page that follows the choice of a password.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qs, urlsplit

import segno
from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import RedirectResponse, Response

from mithaq.console.console import AT_HOME, LANGUAGE, Console, local
from mithaq.console.language import LANGUAGES, Language, Tongue
from mithaq.console.visit import Visit, first
from mithaq.errors import Invalid, MithaqError, NotAllowed
from mithaq.kernel.people.session import SignedIn

YEAR = 365 * 24 * 3600
TOO_MANY = "too-many"
_STATUS = ((Invalid, 400), (NotAllowed, 403), (MithaqError, 503))


class Enrolled(Struct, frozen=True):
    """The secret of a second factor as it is shown: in groups of four, and as a picture for the camera of a device."""

    officer: str
    secret: str
    picture: str  # SVG: numbers of a drawing, no text of anybody's


def start(console: Console, visit: Visit) -> Response:
    """The one-time link: a password, then a code, then signed in. A language is chosen here without leaving the page:
    to come back to it would put the invitation into an address again."""
    if not visit.posted:
        return console.paint(visit, "start.html", invitation=first(visit.query, "invitation"), problem=None)
    invitation, wanted = visit.one("invitation"), _wanted(visit)
    if wanted is not None:
        visit = replace(visit, tongue=Tongue(wanted))
        return _speaking(console.paint(visit, "start.html", invitation=invitation, problem=None), wanted, visit)
    if "code" in visit.typed:
        return _confirm(console, visit, invitation)
    if "password" not in visit.typed:
        return console.paint(visit, "start.html", invitation=invitation, problem=None)
    password = first(visit.typed, "password")
    try:
        if password != first(visit.typed, "again"):
            raise Invalid("again", visit.tongue.say("passwords-differ"))
        _slow(console, visit)
        accepted = console.node.door.accept(invitation, password)
        console.tries.give_back(visit.address)
    except MithaqError as error:
        return console.paint(visit, "start.html", _status(error), invitation=invitation, problem=error)
    return console.paint(
        visit, "enrol.html", invitation=invitation, enrolled=enrolled(accepted.officer, accepted.totp_uri), problem=None
    )


def _confirm(console: Console, visit: Visit, invitation: str) -> Response:
    try:
        _slow(console, visit)
        entered = console.node.door.confirm(invitation, visit.one("code"))
        console.tries.give_back(visit.address)
    except MithaqError as error:
        return console.paint(visit, "enrol.html", _status(error), invitation=invitation, enrolled=None, problem=error)
    return _enter(console, visit, entered, AT_HOME)


def sign_in(console: Console, visit: Visit) -> Response:
    """Name, password and code. What was wrong is not told, and the name stays."""
    wanted = first(visit.typed if visit.posted else visit.query, "next")
    values: dict[str, Any] = {"name": visit.one("name"), "next": wanted, "ended": first(visit.query, "ended") == "yes"}
    if not visit.posted:
        if visit.actor is not None:
            return RedirectResponse(local(wanted), 303)
        return console.paint(visit, "sign_in.html", **values, problem=None)
    try:
        _slow(console, visit)
        entered = console.node.door.sign_in(visit.one("name"), first(visit.typed, "password"), visit.one("code"))
        console.tries.give_back(visit.address)
    except MithaqError as error:
        return console.paint(visit, "sign_in.html", _status(error), **values, problem=error)
    return _enter(console, visit, entered, local(wanted))


def sign_out(console: Console, visit: Visit) -> Response:
    """The session is over, here and at the node."""
    if visit.token:
        console.node.door.sign_out(visit.token)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(console.cookie, path="/", secure=visit.secure, httponly=True, samesite="strict")
    return response


def language(console: Console, visit: Visit) -> Response:
    """The language of this browser from now on; back to where it was chosen."""
    response, wanted = RedirectResponse(local(first(visit.typed, "back")), 303), _wanted(visit)
    return _speaking(response, wanted, visit) if wanted is not None else response


def enrolled(officer: str, uri: str) -> Enrolled:
    """What is shown of an ``otpauth`` address."""
    secret = parse_qs(urlsplit(uri).query).get("secret", [""])[0]
    groups = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    drawn = segno.make(uri, error="m").svg_inline(scale=5, light="#fff")
    return Enrolled(officer, groups, drawn)


def _enter(console: Console, visit: Visit, entered: SignedIn, path: str) -> Response:
    response = RedirectResponse(path, 303)
    response.set_cookie(console.cookie, entered.token, path="/", secure=visit.secure, httponly=True, samesite="strict")
    return response


def _wanted(visit: Visit) -> Language | None:
    chosen = visit.one("language")
    return next((each for each in LANGUAGES if each == chosen), None)


def _speaking(response: Response, wanted: Language, visit: Visit) -> Response:
    response.set_cookie(LANGUAGE, wanted, max_age=YEAR, secure=visit.secure, httponly=True, samesite="strict")
    return response


def _slow(console: Console, visit: Visit) -> None:
    wait = console.tries.take(visit.address)
    if wait > 0:
        raise NotAllowed(TOO_MANY, visit.tongue.say("too-many", seconds=math.ceil(wait)))


def _status(error: MithaqError) -> int:
    if error.code == TOO_MANY:
        return 429
    return next(status for kind, status in _STATUS if isinstance(error, kind))
