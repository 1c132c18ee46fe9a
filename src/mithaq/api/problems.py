"""Errors at the HTTP edge: RFC 9457 problem documents, one table from error class to status."""

from __future__ import annotations

import msgspec
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


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, for a program (``code``) and for a person (``detail``, ``hint``)."""

    title: str
    status: int
    detail: str = ""
    code: str = ""
    where: str = ""
    hint: str = ""


def problem(error: MithaqError) -> Response:
    """The problem document of an error."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return answer(Problem(type(error).__name__, status, error.message, error.code, error.where, error.hint))


def answer(found: Problem) -> Response:
    return Response(msgspec.json.encode(found), found.status, media_type="application/problem+json")
