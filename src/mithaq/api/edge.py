"""The outermost layer of the inside face: what holds for every answer, whatever the route.

- A page of another site cannot act through a browser inside the nation: requests that may change something are let
  through only if they do not come from another origin (``Sec-Fetch-Site``, else ``Origin`` against ``Host``).
- Answers are never kept by caches, never guessed at, never framed.
- An error that nobody foresaw is logged and told as such, without anything of its contents.
"""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mithaq.api.problems import Problem, answer, problem
from mithaq.errors import NotAllowed

SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
log = structlog.get_logger("mithaq.inside")


class Edge:
    """ASGI middleware. A header that a route sets itself stays as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def told(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        if is_foreign(request):
            error = NotAllowed("origin", "this call comes from a page of another site")
            await problem(error, request)(scope, receive, told)
            return
        try:
            await self._app(scope, receive, told)
        except (
            Exception
        ) as error:  # the edge: whoever asked is answered, and the one who can mend it finds it in the log
            log.error("unforeseen", path=request.url.path, error=type(error).__name__, at=_frames(error))
            if begun:
                raise
            hint = "tell whoever runs this node when it happened"
            found = Problem("Unforeseen", 500, "an error that nobody foresaw", "unforeseen", hint=hint)
            await answer(found)(scope, receive, told)


def is_foreign(request: Request) -> bool:
    """Whether a browser says that an unsafe request comes from another origin. Programs say nothing of the kind."""
    if request.method in SAFE:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit_host(origin) != request.headers.get("host", "")


def urlsplit_host(origin: str) -> str | None:
    """Host and port of an origin, as a Host header has them; None if it is not an origin."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _frames(error: BaseException) -> list[str]:
    """Where it happened: file, line and function. Not what the error says: it may quote what was sent."""
    return [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in extract_tb(error.__traceback__)]
