"""One thing in detail: what is stated, then where it comes from and how it is to be handled."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mithaq.console import rows
from mithaq.console.cell import Cell, cell, pairs, plain
from mithaq.console.console import Console
from mithaq.console.entry import entries
from mithaq.console.language import Tongue
from mithaq.console.pages import Listed
from mithaq.console.typed import read_typed
from mithaq.console.visit import Visit
from mithaq.errors import NotFound
from mithaq.kernel.plug import Column

SPOKEN_FOR = frozenset({"fields", "hidden", "levels", "exercise", "terms", "position", "title", "time", "place"})


def draw_detail(console: Console, visit: Visit, listed: Listed) -> Response:
    """The page. NotFound if the address does not say of what, or there is no such thing."""
    answer = answer_of(console, visit, listed)
    drawn = [(column, cell(answer, column, visit.tongue, visit.path)) for column in listed.page.columns]
    shown = [(column, each) for column, each in drawn if each.says]
    return console.paint(
        visit, "detail.html", listed=listed, shown=shown, is_exercise=rows.is_exercise(answer),
        provenance=_provenance(answer, listed.page.columns, visit.tongue),
        opens=rows.leads_to(answer, listed, visit), opened=visit.opened(listed.page.opens),
    )  # fmt: skip


def answer_of(console: Console, visit: Visit, listed: Listed) -> Any:
    """What the question of a page answers about what the address names."""
    read = read_typed(entries(listed.of.takes), visit.query)
    if read.problems:
        raise NotFound("page", "the address does not say what is to be shown")
    given = {name: value for name, value in read.given.items() if value is not False}
    return plain(console.node.ask(listed.of.name, given, who=visit.who))


def _provenance(answer: Any, columns: tuple[Column, ...], tongue: Tongue) -> list[Cell]:
    """All else that the answer says of it: origin, version, basis, handling, how it came here."""
    if not isinstance(answer, dict):
        return []
    paths = {column.path for column in columns}
    body = answer.get("body")
    beside = {name: value for name, value in answer.items() if name != "body" and name not in paths | SPOKEN_FOR}
    inside = body if isinstance(body, dict) else {}
    held = {name: value for name, value in inside.items() if f"body.{name}" not in paths and name not in SPOKEN_FOR}
    return list(pairs({**beside, **held}, tongue))
