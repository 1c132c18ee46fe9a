"""A list: one question's rows as a table, with what can be looked for and the way to the next page."""

from __future__ import annotations

from starlette.responses import Response

from mithaq.console import rows
from mithaq.console.console import Console
from mithaq.console.pages import Listed
from mithaq.console.visit import Visit


def draw_list(console: Console, visit: Visit, listed: Listed) -> Response:
    """The page; 400 if what was looked for cannot be."""
    asked = rows.ask(console, visit, listed)
    lines = [rows.line(row, listed, visit) for row in asked.rows]
    return console.paint(visit, "list.html", 400 if asked.problems else 200, listed=listed, asked=asked, lines=lines)
