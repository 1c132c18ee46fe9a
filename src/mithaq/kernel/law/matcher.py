"""Matcher: all look-ups of a plan written as one Python expression, which runs several times faster than a loop.

The text is made of look-ups by number, attribute names as literals and nothing else of the law: for three tables

    start & t0[r.purpose] & t1[g('subject.flags')] & (t2[v] if (v := g('score')).__class__ is int or v is None else no)

A table knows the mask of None (unknown), and learns those of other values as they come. A value that the vocabulary
does not allow, or of another type (True is 1 to a dictionary, never to the law), or an instant between cut points that
nobody asked about yet, raises KeyError or TypeError, and the plan looks again with care.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mithaq.kernel.law.index import Table
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.vocabulary import ENVELOPE


class Matcher(NamedTuple):
    """``found``: a Request to the columns that match it. ``masks``: to the mask of each table, in their order."""

    found: Callable[[Request], int]
    masks: Callable[[Request], tuple[int, ...]]


def matcher(tables: Sequence[Table], start: int, sender: str) -> Matcher:
    """The two functions for these tables. Both raise KeyError or TypeError for a value that has to be looked at."""
    names: dict[str, Any] = {"start": start, "sender": sender, "no": None, "int": int, "bool": bool, "at": bisect_right}
    for i, table in enumerate(tables):
        names |= {f"t{i}": table.known, f"text{i}": table.mask_of_text}
        names |= {f"c{i}": table.cuts, f"m{i}": table.minutes, f"g{i}": table.grid}
    terms = [_term(table, i) for i, table in enumerate(tables)]
    return Matcher(
        _function(" & ".join(("start", *terms)), names),
        _function(f"({' '.join(f'{each} & -1,' for each in terms)})", names),
    )


def _function(expression: str, names: dict[str, Any]) -> Any:
    text = f"lambda r: None if (g := r.attributes.get) is None else {expression}"
    code = compile(text, "<matcher>", "eval")
    return eval(code, {"__builtins__": {}, **names})  # noqa: S307 (no word of a law but attribute names, as literals)


def _term(table: Table, i: int) -> str:
    name, sort = table.name, table.sort
    if name == "instant":
        minute = f"[at(m{i}, v.hour * 60 + v.minute)]" if table.minutes else "[0]"
        return f"(g{i}[at(c{i}, (v := r.instant))]{minute} if r.clock_sure else t{i}[None])"
    if name == "origin":
        return f"t{i}[r.origin or sender]"
    if name in ENVELOPE:
        return f"t{i}[r.{name}]"
    if sort == "instant":
        return f"text{i}(g({name!r}))"
    if sort in ("int", "bool"):
        return f"(t{i}[v] if (v := g({name!r})).__class__ is {sort} or v is None else no)"
    return f"t{i}[g({name!r})]"
