"""A Rulebook: everything that one decision rests on, chosen by the caller and checked to belong together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from mithaq.errors import Clash, Invalid
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.in_effect import InEffect
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.values import Digest


class Rulebook(Struct, frozen=True, dict=True):
    """``agreements`` in the nation's declared order: those signed, ratified and not suspended. ``laws``: the own
    national law, published and private part, and published laws of partners where known. ``floor``: always.
    """

    vocabulary: Vocabulary
    agreements: tuple[Law, ...]
    laws: tuple[Law, ...]
    floor: Law

    @property
    def all(self) -> tuple[Law, ...]:
        return (*self.agreements, *self.laws, self.floor)

    @cached_property
    def digests(self) -> dict[str, Digest]:
        return {law.ref: law.digest for law in self.all}

    def law(self, ref: str) -> Law | None:
        return next((law for law in self.all if law.ref == ref), None)

    def clause(self, ref: str, id: str) -> Clause | None:
        law = self.law(ref)
        return law.find(id) if law is not None else None


def rulebook(vocabulary: Vocabulary, agreements: Iterable[Law], laws: Iterable[Law], floor: Law) -> Rulebook:
    """A Rulebook of these; refused where a law is of the wrong type, stands twice, or rests on another Vocabulary."""
    book = Rulebook(vocabulary, tuple(agreements), tuple(laws), floor)
    expected = ["agreement"] * len(book.agreements) + ["national"] * len(book.laws) + ["floor"]
    known: dict[str, Law] = {}
    for law, sort in zip(book.all, expected, strict=True):
        if law.type != sort:
            raise Invalid("rulebook", f"{law.ref} is of type {law.type}, not {sort}")
        if law.vocabulary != vocabulary.digest:
            raise Invalid("rulebook", f"{law.ref} does not rest on the vocabulary {vocabulary.ref}")
        before = known.get(law.ref)
        parts = isinstance(law, InEffect) and isinstance(before, InEffect) and law.digest == before.digest
        if before is not None and not parts:
            raise Clash("rulebook", f"two laws are called {law.ref}")
        known[law.ref] = law
    return book
