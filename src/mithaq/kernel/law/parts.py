"""Parts: ``compose.compose`` for masks. Each level and obligation is joined once for the duties that speak of it.

What a release looks like depends on the basis and on the duties that match, and each part of it only on those duties
that speak of that part. There are few of those, so parts are kept and put together instead of joined anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mithaq.kernel.law import obligation
from mithaq.kernel.law.compose import Layer, asked_fields, impossible, join_level, join_obligation
from mithaq.kernel.law.decision import Basis, Forbid, Ruling
from mithaq.kernel.law.index import Column, clauses, mask, masks_of_laws
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.obligation import Obligation
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.vocabulary import Vocabulary

KEPT = 65_536  # parts kept of each sort, per plan

Levels = tuple[dict[str, str], dict[str, str]]
Terms = tuple[tuple[Obligation, ...], tuple[str, ...]]


class Parts:
    """The parts of all rulings that these columns can give. ``limited``: whether the purpose of a request matters."""

    def __init__(self, bound: Sequence[Law], columns: Sequence[Column], vocabulary: Vocabulary) -> None:
        self._columns, self._vocabulary = columns, vocabulary
        duties = mask(columns, lambda c: c.clause.effect == "duty")
        common = mask(columns, lambda c: c.law.type != "agreement")
        of_law = masks_of_laws(bound, columns)
        self._binding = [duties & (common | of_law[one.law.ref]) for one in columns]
        self._bases = [Basis(one.law.ref, one.clause.id, one.law.digest) for one in columns]
        self._layer = [Layer(one.law, one.clause, one.clause.levels, one.clause.obligations) for one in columns]
        self._sources = [
            (law.ref if law.type == "agreement" else None, of_law[law.ref],
             [Layer(law, None, {}, law.obligations)] if law.obligations else [])
            for law in bound
        ]  # fmt: skip
        """Every law in order: its ref if it binds only under itself, its columns, and what binds all under it."""
        self._levelling = mask(columns, lambda c: bool(c.clause.levels))
        self._obliging = mask(columns, lambda c: bool(c.clause.obligations))
        stated = [law.obligations for law in bound] + [column.clause.obligations for column in columns]
        self.limited = any("purposes" in each for each in stated)
        self._naming: dict[str, int] = {}
        self._stating = dict.fromkeys(obligation.WORDS, 0)
        for i, one in enumerate(columns):
            for what in one.clause.obligations:
                self._stating[what] |= 1 << i
        self._levels: dict[Any, Levels] = {}
        self._level: dict[Any, tuple[str, str]] = {}
        self._terms: dict[Any, Terms] = {}
        self._obligation: dict[Any, Obligation | None] = {}

    def ruling(
        self, basis: int, found: int, request: Request, forbids: tuple[Forbid, ...], unknown: tuple[str, ...]
    ) -> Ruling:
        """What ``compose`` says with the column ``basis`` and the duties among the columns ``found``."""
        duties = found & self._binding[basis]
        at = (basis, duties & self._obliging, request.purpose if self.limited else "")
        terms = self._terms.get(at)
        if terms is None:
            terms = _keep(self._terms, at, self._join_terms(basis, duties, request.purpose))
        obligations, conflict = terms
        if conflict:
            return Ruling(decision="deny", forbids=forbids, unknown=unknown, conflict=conflict)
        place = (basis, duties & self._levelling, request.fields)
        levels = self._levels.get(place)
        if levels is None:
            levels = _keep(self._levels, place, self._join_levels(basis, duties, request))
        return Ruling(
            decision="permit", basis=self._bases[basis], fields=levels[0], fields_by=levels[1],
            obligations=obligations, forbids=forbids, unknown=unknown,
        )  # fmt: skip

    def _join_levels(self, basis: int, duties: int, request: Request) -> Levels:
        asked = asked_fields(request, self._layer[basis], self._vocabulary)
        found = {name: self._level_of(name, basis, duties) for name in asked}
        return {name: each for name, (each, _) in found.items()}, {name: who for name, (_, who) in found.items()}

    def _level_of(self, name: str, basis: int, duties: int) -> tuple[str, str]:
        naming = self._naming.get(name)
        if naming is None:
            naming = _keep(self._naming, name, mask(self._columns, lambda c: name in c.clause.levels))
        at = (name, basis, duties & naming)
        found = self._level.get(at)
        if found is None:
            found = _keep(self._level, at, join_level(name, self._layers(basis, duties & naming)))
        return found

    def _join_terms(self, basis: int, duties: int, purpose: str) -> Terms:
        joined = [self._obligation_of(what, basis, duties) for what in obligation.WORDS]
        stated = tuple(each for each in joined if each is not None)
        return stated, impossible(stated, purpose)

    def _obligation_of(self, what: str, basis: int, duties: int) -> Obligation | None:
        stating = duties & self._stating[what]
        at = (what, basis if self._stating[what] >> basis & 1 else self._columns[basis].law.ref, stating)
        if at not in self._obligation:
            _keep(self._obligation, at, join_obligation(what, self._layers(basis, stating)))
        return self._obligation[at]

    def _layers(self, basis: int, duties: int) -> list[Layer]:
        """The layers of ``decide``, in its order, as far as these duties go."""
        layers = [self._layer[basis]]
        for ref, own, binding in self._sources:
            if ref in (self._columns[basis].law.ref, None):
                layers += binding
                layers += [self._layer[i] for i in clauses(duties & own, self._columns)]
        return layers


def _keep(kept: dict[Any, Any], at: Any, value: Any) -> Any:
    if len(kept) >= KEPT:
        kept.clear()
    kept[at] = value
    return value
