"""Views: folds over the node's journal. A view keeps rows and a cursor; dropped, it is folded again from the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import MithaqError
from mithaq.kernel.keeping.legal_hold import is_restricted
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Entry, Row

STEP = 1000
UNFOLDED = "unfolded/"
UNFORESEEN = (ArithmeticError, AttributeError, LookupError, MithaqError, RecursionError, TypeError, ValueError)
T = TypeVar("T")


class View(Struct, frozen=True):
    """A named fold. ``fold`` gives the row that an entry changes, or None; a new ``version`` folds everything again."""

    name: str
    version: int
    fold: Callable[[Entry, Transaction], Row | None]


def advance(view: View, tx: Transaction) -> bool:
    """Fold the next entries of the journal; whether more may wait."""
    version, position = tx.views.cursor(view.name)
    if version != view.version:
        tx.views.clear(view.name)
        position = 0
    entries = tx.journal.page(after=position, limit=STEP)
    for entry in entries:
        row = skipping(tx, view.name, entry.position, lambda entry=entry: view.fold(entry, tx))  # type: ignore[misc]
        if row is not None and not is_restricted(tx, row.key):
            tx.views.put(view.name, replace(row, position=entry.position))
    if entries or version != view.version:
        tx.views.move(view.name, view.version, entries[-1].position if entries else position)
    return len(entries) == STEP


def skipping(tx: Transaction, fold: str, position: int, run: Callable[[], T]) -> T | None:
    """What a fold gives for an entry; None, noted for ``node.status``, where it breaks on it.

    One record that nobody foresaw must not stop all others from being seen.
    """
    try:
        return run()
    except UNFORESEEN as problem:
        tx.memos.put(f"{UNFOLDED}{fold}/{position}", f"{type(problem).__name__}: {problem}"[:200])
        return None


def behind(view: View, tx: Transaction) -> bool:
    """Whether the view has entries to fold."""
    version, position = tx.views.cursor(view.name)
    return version != view.version or position < tx.journal.last()
