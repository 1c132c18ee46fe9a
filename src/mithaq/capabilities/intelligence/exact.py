"""Exact matches: which of our alerts that stand have one of the numbers that are asked about.

Compared as a search folds (``lib/folding``) and without what people write into numbers, but whole: no beginning of a
number, no name, no likeness. A paper of a person is the same whatever sort of paper it is said to be, if the number is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mithaq.capabilities.intelligence.identifiers import bare
from mithaq.capabilities.intelligence.rows import ALERTS_VIEW, facet
from mithaq.capabilities.intelligence.search import with_state
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Row
from mithaq.lib import folding

PAGE = 200
PAPERS = frozenset({"passport", "national_id", "residence_permit", "driving_licence", "document"})


def matching(
    tx: Transaction, me: str, sort: str, asked: Iterable[Mapping[str, Any]], *, exercise: bool, at: datetime
) -> list[str]:
    """The ids of our own alerts of this sort that stand and have one of these numbers, each once."""
    found: dict[str, None] = {}
    for each in asked:
        facets = (facet("kind", sort), facet("from", me), facet("state", "active"))
        for row in _rows(tx, (each["value"],), facets, exercise):
            if with_state(row, at).body["state"] == "active" and _has(row.body["fields"], each):
                found[row.key] = None
    return sorted(found)


def _rows(tx: Transaction, values: Sequence[str], facets: tuple[str, ...], exercise: bool) -> Iterator[Row]:
    for term in dict.fromkeys(term for value in values for term in _terms(value)):
        before = 0
        while page := tx.views.newest(
            ALERTS_VIEW, exercise=exercise, terms=(term, *facets), before=before, limit=PAGE
        ):  # fmt: skip
            yield from page
            before = page[-1].position


def _terms(value: str) -> tuple[str, ...]:
    """The terms under which a whole number may be kept: as it was given, bare, and with the prefix of ships."""
    plain = _folded(value)
    return tuple(dict.fromkeys(term for term in (folding.tight(value), plain, f"imo{plain}") if term))


def _has(fields: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    wanted = _folded(asked["value"])
    return bool(wanted) and any(
        _folded(value) == wanted and _is_same_sort(type, asked["type"]) and _is_same_state(issuer, asked.get("issuer"))
        for type, value, issuer in _numbers(fields)
    )


def _numbers(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Every number in an alert: what sort it is, itself, and which state gave it."""
    if isinstance(fields.get("plate"), str):
        yield "plate", fields["plate"], fields.get("registered_in")
    for name in ("document", "number"):
        if isinstance(fields.get(name), str):
            yield "document", fields[name], fields.get("issuer")
    for each in fields.get("identifiers", ()):
        yield each["type"], each["value"], each.get("issuer")


def _is_same_sort(one: str, other: str) -> bool:
    return one == other or (one in PAPERS and other in PAPERS)


def _is_same_state(one: str | None, other: str | None) -> bool:
    """Whether both may have been given by the same state: what is not said is not another."""
    return one is None or other is None or one == other


def _folded(value: str) -> str:
    return folding.tight(bare(folding.fold(value)))
