"""The console of one node: who visits, which pages they may open, and how an answer is painted and sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mithaq.console.language import Tongue, chosen
from mithaq.console.pages import Listed, Pages, template_of
from mithaq.console.paint import Painter
from mithaq.console.shield import is_own, shielded
from mithaq.console.visit import Typed, Visit, fields, read_form
from mithaq.errors import BadInput, Clash, MithaqError, NotAllowed, NotFound, Unavailable, Untrusted
from mithaq.kernel.node import Node

LANGUAGE = "mithaq-language"
AT_HOME = "/"
STATUS: tuple[tuple[type[MithaqError], int, str], ...] = (
    (BadInput, 400, "error-input"),
    (NotAllowed, 403, "error-not-allowed"),
    (Untrusted, 403, "error-not-allowed"),
    (NotFound, 404, "error-not-found"),
    (Clash, 409, "error-clash"),
    (Unavailable, 503, "error-unavailable"),
)
Handler = Callable[[Visit], Response]


class Tries(Protocol):
    """How often each address may try to sign in."""

    def take(self, caller: str) -> float:
        """0 if it may now, and then that try is counted; else the seconds that it must wait."""

    def give_back(self, caller: str) -> None:
        """The try was a good one, and does not count."""


class Console:
    """Blocking, but for ``endpoint``. ``slowly`` is shared by all who hash a password, here and at the API."""

    def __init__(self, node: Node, tries: Tries, slowly: CapacityLimiter) -> None:
        self.node, self.tries, self._slowly = node, tries, slowly
        self.pages = Pages(node.capabilities)
        self.painter = Painter({each.page.name: template_of(each) for each in self.pages if each.page.template})

    @cached_property
    def cookie(self) -> str:
        """What the session is kept under. Nodes of one machine differ by port only, and cookies do not."""
        return f"mithaq-{self.node.party}"

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """The nations that this node knows: its own, and its partners."""
        return (self.node.party, *sorted(self.node.partners))

    def endpoint(self, run: Handler, *, open_: bool = False, slow: bool = False) -> Callable[[Request], Any]:
        """A handler of visits as a handler of requests. Only what is ``open_`` is for who is not known. What is posted
        to what is ``slow`` takes its turn, so that it never takes the threads that everything else needs."""

        async def answer(request: Request) -> Response:
            tongue = Tongue(chosen(request.cookies.get(LANGUAGE, ""), request.headers.get("accept-language", "")))
            visit = self._visit(request, tongue)
            try:
                if request.method == "POST":
                    if not is_own(request):
                        raise NotAllowed("origin", "this was sent by a page of another site")
                    visit = replace(visit, typed=await read_form(request))
                visit = replace(visit, query=fields(request.url.query.encode("ascii", "replace")))
            except MithaqError as error:
                return shielded(self.failed(visit, error))
            limiter = self._slowly if slow and visit.posted else None
            return shielded(await to_thread.run_sync(self._answer, run, visit, open_, limiter=limiter))

        return answer

    def paint(self, visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
        """A page of the console."""
        return HTMLResponse(self.painter.paint(template, visit.tongue, **self._around(visit), **values), status)

    def paint_own(self, visit: Visit, listed: Listed, status: int = 200, **values: Any) -> Response:
        """A page by the template of its capability."""
        around = {"listed": listed, **self._around(visit)}
        return HTMLResponse(self.painter.paint_own(listed.page.name, visit.tongue, **around, **values), status)

    def failed(self, visit: Visit, error: MithaqError) -> Response:
        """A page that says what went wrong, in words."""
        status, heading = next((status, key) for kind, status, key in STATUS if isinstance(error, kind))
        return self.paint(visit, "error.html", status, heading=heading, error=error)

    def to_sign_in(self, visit: Visit, *, was_known: bool) -> Response:
        """Where to go first. What a form sent is not acted on: whoever sent it is not known any more."""
        if visit.posted:
            return self.paint(visit, "ended.html", 403)
        wanted = {"next": address(visit.path, visit.query)} if visit.path.startswith("/p/") else {}
        told = {"ended": "yes"} if was_known else {}
        query = urlencode({**told, **wanted})
        response = RedirectResponse(f"/sign-in?{query}" if query else "/sign-in", 303)
        if was_known:
            response.delete_cookie(self.cookie, path="/", secure=visit.secure, httponly=True, samesite="strict")
        return response

    def _answer(self, run: Handler, visit: Visit, open_: bool) -> Response:
        try:
            visit = self._known(visit)
            if visit.actor is None and not open_:
                return self.to_sign_in(visit, was_known=visit.token != "")
            return run(visit)
        except MithaqError as error:
            return self.failed(visit, error)

    def _known(self, visit: Visit) -> Visit:
        if not visit.token:
            return visit
        try:
            actor = self.node.door.known(visit.token)
        except NotAllowed:
            return visit
        # A program's token is for a program: no page is drawn for it.
        if actor.by != "session":
            return visit
        return replace(visit, actor=actor, open=self.pages.open_to(self.node, actor))

    def _visit(self, request: Request, tongue: Tongue) -> Visit:
        return Visit(
            path=request.url.path, query={}, typed={}, posted=request.method == "POST", tongue=tongue,
            token=request.cookies.get(self.cookie, ""), secure=request.url.scheme == "https",
            address=request.client.host if request.client else "",
        )  # fmt: skip

    def _around(self, visit: Visit) -> dict[str, Any]:
        """What every page shows around its own part."""
        names = self.node.card.names
        tongue = visit.tongue
        return {
            "nation": names.get(tongue.language) or tongue.nation(self.node.party) or self.node.party,
            "party": self.node.party,
            "visit": visit,
            "here": address(visit.path, visit.query),
            "menu": [each for each in visit.open if each.stands_alone],
        }


def address(path: str, query: Typed) -> str:
    """A path of this console with its query."""
    held = urlencode(query, doseq=True)
    return f"{path}?{held}" if held else path


def local(path: str, otherwise: str = AT_HOME) -> str:
    """The path if it leads to a page of this console, never elsewhere, and never with an invitation in it.

    >>> local("/p/a?id=1"), local("//evil.example/p/"), local("/p/a b"), local("https://evil.example")
    ('/p/a?id=1', '/', '/', '/')
    """
    printable = path.isascii() and path.isprintable() and not set(path) & set(" \\")
    return path if printable and (path.startswith(("/p/", "/sign-in")) or path == "/start") else otherwise
