"""A form: the fields of a command, and what became of it. What was typed stays until it is done."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from mithaq.console import rows
from mithaq.console.cell import pairs, plain
from mithaq.console.console import Console
from mithaq.console.detail import answer_of
from mithaq.console.entry import Entry, entries
from mithaq.console.pages import Listed
from mithaq.console.typed import Problem, defaults, field_of, problem, read_typed, retyped
from mithaq.console.visit import Typed, Visit, first
from mithaq.errors import Clash, MithaqError
from mithaq.kernel.people.second import Waits

KEY, AGAIN = "_key", "_again"
_IS_KEY = re.compile("[0-9a-f]{32}")


class Filled(Struct, frozen=True):
    """A form as it stands: its entries, what is typed, what is wrong with which, and what is wrong with the whole."""

    entries: tuple[Entry, ...]
    typed: Typed
    key: str
    problems: dict[str, Problem] = {}
    whole: Problem | None = None
    was_sent: bool = False


def draw_form(console: Console, visit: Visit, listed: Listed) -> Response:
    """The empty form, or, once it was sent, what came of it; 400 and the form again if something is to be mended."""
    words = console.node.standing.base.vocabulary
    made = entries(listed.of.takes, listed.capability.kinds, words=words, parties=console.parties)
    console.node.permit(visit.who, listed.of)
    if not visit.posted:
        return _paint(console, visit, listed, Filled(made, _beginning(console, visit, listed, made), _key(console)))
    if AGAIN in visit.typed:
        return _paint(console, visit, listed, Filled(made, visit.typed, _key(console)))
    return _send(console, visit, listed, made)


def _send(console: Console, visit: Visit, listed: Listed, made: tuple[Entry, ...]) -> Response:
    read = read_typed(made, visit.typed)
    sent = first(visit.typed, KEY)
    key = sent if _IS_KEY.fullmatch(sent) else _key(console)
    if read.problems:
        return _paint(console, visit, listed, Filled(made, visit.typed, key, read.problems), 400)
    try:
        answer = console.node.do(listed.of.name, read.given, who=visit.who, key=key).result()
    except MithaqError as error:
        return _mend(console, visit, listed, made, error, key)
    return _done(console, visit, listed, answer)


def _mend(
    console: Console, visit: Visit, listed: Listed, made: tuple[Entry, ...], error: MithaqError, key: str
) -> Response:
    if isinstance(error, Clash) and error.code == "key":  # sent before, and changed since: a new act, if it is meant
        filled = Filled(made, visit.typed, _key(console), was_sent=True)
    elif name := field_of(error, made):
        filled = Filled(made, visit.typed, key, {name: problem(error, name)})
    else:
        filled = Filled(made, visit.typed, key, whole=problem(error))
    return _paint(console, visit, listed, filled, 400)


def _done(console: Console, visit: Visit, listed: Listed, answer: Any) -> Response:
    if isinstance(answer, Waits):
        return console.paint(visit, "waits.html", 202, listed=listed, waits=answer)
    told = plain(answer)
    given = told if isinstance(told, dict) else {"answer": told}
    return console.paint(
        visit, "done.html", listed=listed, told=tuple(pairs(given, visit.tongue)),
        opens=rows.leads_to(told, listed, visit), opened=visit.opened(listed.page.opens),
    )  # fmt: skip


def _beginning(console: Console, visit: Visit, listed: Listed, made: tuple[Entry, ...]) -> Typed:
    """What the form begins with: defaults; and, for one of what is there already, how it reads now."""
    named = {name: values for name, values in visit.query.items() if any(entry.name == name for entry in made)}
    return {**defaults(made), **_as_it_is(console, visit, listed, made), **named}


def _as_it_is(console: Console, visit: Visit, listed: Listed, made: tuple[Entry, ...]) -> dict[str, list[str]]:
    """The fields of what the address names, by a page in detail that leads here, as far as this officer may read it."""
    source = next((each for each in visit.open if _leads_here(each, listed)), None)
    if source is None or "id" not in visit.query:
        return {}
    answer = answer_of(console, visit, source)
    body = answer.get("body", answer) if isinstance(answer, dict) else {}
    held = {**body, **(body.get("fields") or {})} if isinstance(body, dict) else {}
    return retyped(made, held)


def _leads_here(each: Listed, listed: Listed) -> bool:
    return each.page.sort == "detail" and each.page.opens == listed.page.name


def _paint(console: Console, visit: Visit, listed: Listed, filled: Filled, status: int = 200) -> Response:
    if listed.page.template:
        return console.paint_own(visit, listed, status, form=filled)
    return console.paint(visit, "form.html", status, listed=listed, form=filled)


def _key(console: Console) -> str:
    return console.node.surroundings.randomness(16).hex()
