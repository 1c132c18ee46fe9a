"""A page that no data describes: its capability brings the template, and the node's answer fills it."""

from __future__ import annotations

from starlette.responses import Response

from mithaq.console import rows
from mithaq.console.console import Console
from mithaq.console.detail import answer_of
from mithaq.console.form import draw_form
from mithaq.console.pages import Listed
from mithaq.console.visit import Visit


def draw_own(console: Console, visit: Visit, listed: Listed) -> Response:
    """The page by its own template, with ``form``, ``answer`` (in detail) or ``rows`` and ``asked``."""
    if listed.page.sort == "form":
        return draw_form(console, visit, listed)
    if listed.page.sort == "detail":
        return console.paint_own(visit, listed, answer=answer_of(console, visit, listed))
    asked = rows.ask(console, visit, listed)
    return console.paint_own(visit, listed, 400 if asked.problems else 200, asked=asked, rows=asked.rows)
