"""Standing: what a node goes by right now. It changes with every statement that is kept, inside the same transaction.

So a suspension stops what is decided after it in the same commit, and what was undone was never law. The answer for a
set of statements is always the same; it is kept for the newest few sets, because nearly every transaction asks for the
one that was asked for before.
"""

from __future__ import annotations

import threading

from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.matter.agreement import KIND
from mithaq.kernel.matter.book import book_of
from mithaq.kernel.ports import Transaction

KEPT = 4


class Standing:
    """The law of a node as of a transaction. Thread-safe."""

    def __init__(self, base: Rulebook, me: str) -> None:
        self._base = base
        self._me = me
        self._lock = threading.Lock()
        self._known: dict[tuple[int, str], Compiled] = {}

    @property
    def base(self) -> Rulebook:
        """What was adopted by hand: floor, own law, vocabulary, and agreements whose signatures came as files."""
        return self._base

    def book(self, tx: Transaction) -> Rulebook:
        """The texts of that law."""
        return self.law(tx).book

    def law(self, tx: Transaction) -> Compiled:
        """The law that holds in this transaction."""
        mark = tx.statements.mark(KIND)
        with self._lock:
            known = self._known.get(mark)
        if known is None:
            known = Compiled(book_of(tx, self._base, self._me))
            with self._lock:
                while len(self._known) >= KEPT:
                    del self._known[next(iter(self._known))]
                self._known[mark] = known
        return known
