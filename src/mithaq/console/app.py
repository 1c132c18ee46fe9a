"""The console as routes, to be served beside the API on the face inside the nation.

Nothing of a record is drawn before it is known who asks; what they may, the node decides, for each page anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mithaq.console import entrance
from mithaq.console.chart import draw_map
from mithaq.console.console import Console, Tries
from mithaq.console.detail import draw_detail
from mithaq.console.form import draw_form
from mithaq.console.listing import draw_list
from mithaq.console.own import draw_own
from mithaq.console.pages import Listed
from mithaq.console.shield import STYLE_AGE, shielded
from mithaq.console.visit import Visit
from mithaq.kernel.node import Node

DRAW: dict[str, Callable[[Console, Visit, Listed], Response]] = {
    "list": draw_list, "detail": draw_detail, "form": draw_form, "map": draw_map,
}  # fmt: skip
BOTH = ["GET", "POST"]


def routes(node: Node, *, tries: Tries, slowly: CapacityLimiter) -> list[Route]:
    """Every route of the console of a node. ``tries`` limits how often an address may fail to sign in, ``slowly`` how
    many sign in at once: the same as of the API beside it."""
    console = Console(node, tries, slowly)
    page, opened = partial(_page, console), partial(console.endpoint, open_=True)
    return [
        Route("/", console.endpoint(partial(_home, console)), methods=["GET"]),
        Route("/start", opened(partial(entrance.start, console), slow=True), methods=BOTH),
        Route("/sign-in", opened(partial(entrance.sign_in, console), slow=True), methods=BOTH),
        Route("/sign-out", opened(partial(entrance.sign_out, console)), methods=["POST"]),
        Route("/language", opened(partial(entrance.language, console)), methods=["POST"]),
        Route("/p/{name}", console.endpoint(page), methods=BOTH),
        Route(console.painter.style_path, partial(_style, console), methods=["GET"]),
    ]


def _home(console: Console, visit: Visit) -> Response:
    """The first page that this officer may open; if there is none, a page that says so."""
    mine = [each for each in visit.open if each.stands_alone]
    first = next((each for each in mine if each.page.sort != "form"), mine[0] if mine else None)
    return RedirectResponse(f"/p/{first.page.name}", 303) if first else console.paint(visit, "home.html")


def _page(console: Console, visit: Visit) -> Response:
    listed = console.pages.named(visit.path.removeprefix("/p/"))
    draw = draw_own if listed.page.template else DRAW[listed.page.sort]
    return draw(console, visit, listed)


async def _style(console: Console, _: Request) -> Response:
    return shielded(Response(console.painter.style, media_type="text/css"), keep=STYLE_AGE)
