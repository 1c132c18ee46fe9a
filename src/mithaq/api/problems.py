"""Errors at the HTTP edge: RFC 9457 problem documents, one table from error class to status.

``type`` is a relative reference made of the code, ``/problems/CODE``; the codes are written down in docs/api.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mithaq.errors import BadInput, Clash, MithaqError, NotAllowed, NotFound, Unavailable, Untrusted

STATUS: tuple[tuple[type[MithaqError], int], ...] = (
    (BadInput, 400),
    (NotAllowed, 403),
    (Untrusted, 403),
    (NotFound, 404),
    (Clash, 409),
    (Unavailable, 503),
)
MEDIA_TYPE = "application/problem+json"
AGAIN = "1"  # seconds after which a caller may come again, where the node is only busy


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, for a program (``type``, ``code``) and for a person (``detail``, ``hint``).

    ``title`` is the class of the error, ``instance`` the path that was called, ``where`` the place in what was given.
    """

    title: str
    status: int
    detail: str = ""
    code: str = ""
    where: str = ""
    hint: str = ""
    type: str = ""
    instance: str = ""


def problem(error: MithaqError, request: Request, status: int = 0) -> Response:
    """The problem document of an error; with the status of its class, unless HTTP has a better one for this call."""
    status = status or next(status for kind, status in STATUS if isinstance(error, kind))
    found = Problem(
        title=type(error).__name__, status=status, detail=error.message, code=error.code, where=error.where,
        hint=error.hint, type=f"/problems/{error.code}", instance=request.url.path,
    )  # fmt: skip
    return answer(found, {"retry-after": AGAIN} if status == 503 else {})


def unknown(error: NotAllowed, request: Request) -> Response:
    """Who calls is not known (RFC 9110, 11.6.1): 401 says how to become known."""
    found = problem(error, request, 401)
    found.headers["www-authenticate"] = 'Bearer realm="mithaq"'
    return found


def too_many(request: Request, seconds: float, detail: str) -> Response:
    """Asked too often, or too much at once (RFC 6585): come again after so many seconds."""
    found = Problem(
        title="Unavailable", status=429, detail=detail, code="too-many", hint="wait as long as Retry-After says",
        type="/problems/too-many", instance=request.url.path,
    )  # fmt: skip
    return answer(found, {"retry-after": str(max(1, round(seconds + 0.5)))})


def not_served(request: Request, error: Exception) -> Response:
    """No such path (404), or not by this method (405, with those that are)."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    code = {404: "path", 405: "method"}.get(error.status_code, "http")
    found = Problem(
        title="NotFound", status=error.status_code, detail=error.detail, code=code, hint="see GET /v1/openapi.json",
        type=f"/problems/{code}", instance=request.url.path,
    )  # fmt: skip
    return answer(found, error.headers or {})


def answer(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as a response."""
    return Response(msgspec.json.encode(found), found.status, headers, media_type=MEDIA_TYPE)
