"""Texts about a child, a victim or a witness that partners may read: a second person agrees to each, wherever it is.

Where waiting may cost a life it does not wait: it goes at once and is reviewed afterwards, as the floor has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mithaq.capabilities.intelligence.records import sort_of
from mithaq.capabilities.intelligence.words import GUARDED
from mithaq.kernel import canonical
from mithaq.kernel.law.clause import LIFE_SAVING
from mithaq.kernel.shelves import Holding

THINGS = frozenset({"vehicle", "vessel", "goods", "organisation"})
"""Sorts of alert that are not about a person. A document has a holder, who is found where it is found."""


def needs_second(flags: Collection[str], purpose: str | None, on: Iterable[Holding]) -> str:
    """Why a text for partners needs a second person; nothing if it does not.

    ``flags`` and ``purpose`` are those that were given, ``on`` what it follows on. It saves a life only if everything
    that it follows on does: to call it so is no way around.
    """
    on = tuple(on)
    found = GUARDED.intersection(flags).union(*(guarded_in(each) for each in on))
    purposes = {_plain(each)["purpose"] for each in on} | ({purpose} if purpose else set())
    if not found or (purposes and purposes <= LIFE_SAVING):
        return ""
    return f"a text for partners about a person who is a {', '.join(sorted(found))}"


def guarded_in(holding: Holding) -> frozenset[str]:
    """What an alert on a person says of whom it is about that guards them, as far as it is known here."""
    if sort_of(holding.kind) != "person":
        return frozenset()
    fields = fields_of(holding)
    flags = fields.get("flags", ())
    said = [*(flags if isinstance(flags, list) else ()), fields.get("subject")]
    return GUARDED.intersection(each for each in said if isinstance(each, str))


def fields_of(holding: Holding) -> dict[str, Any]:
    """The body of our own record, or the fields of a partner's release; nothing where it was erased."""
    if not holding.content:
        return {}
    fields: dict[str, Any] = _plain(holding)["fields" if holding.link else "body"]
    return fields


def _plain(holding: Holding) -> dict[str, Any]:
    plain: dict[str, Any] = canonical.decode(holding.content, dict)
    return plain
