"""Plan: the laws that bind one act on one Kind in one direction, as tables of bit masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from operator import and_
from typing import Any

from mithaq.kernel.law.decide import NEAR_MISSES
from mithaq.kernel.law.decision import Forbid, Miss, Ruling
from mithaq.kernel.law.index import Column, Table, bits, clauses, columns, mask, masks_of_laws
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.matcher import matcher
from mithaq.kernel.law.overlap import prevailing
from mithaq.kernel.law.parts import Parts
from mithaq.kernel.law.request import UNKNOWN, Cited, Request, value
from mithaq.kernel.law.vocabulary import Vocabulary

RULINGS = 65_536  # kept per plan
GAPS = 4_096  # sets of missing attributes kept per plan


class Plan:
    """The laws that bind one act on one Kind in one direction, as tables."""

    def __init__(self, bound: list[Law], ends: tuple[str, str, str, str], vocabulary: Vocabulary) -> None:
        sender, receiver, act, kind = ends
        self._vocabulary = vocabulary
        self.columns = columns(bound, *ends)
        self._parts = Parts(bound, self.columns, vocabulary)
        self._limited = self._parts.limited
        source = "national" if sender == receiver else "agreement"
        self._permits = mask(self.columns, lambda c: c.clause.effect == "permit" and c.law.type == source)
        self._forbids = mask(self.columns, lambda c: c.clause.effect == "forbid")
        self._vetoes = mask(self.columns, lambda c: c.clause.effect == "forbid" and c.law.type != "agreement")
        self._duties = mask(self.columns, lambda c: c.clause.effect == "duty")
        self._of_law = masks_of_laws(bound, self.columns)
        self._sources = [own for of_law in self._of_law.values() if (own := of_law & self._permits)]
        self._simple = len(self._sources) == 1
        """Whether one law alone can give a basis, so that a forbid of it closes the matter."""
        only = next((of_law for of_law in self._of_law.values() if of_law & self._permits), 0) if self._simple else 0
        self._closing = self._vetoes | only & self._forbids
        can_have = vocabulary.applicable(act, kind)
        names = sorted({name for column in self.columns for name in _asked(column)})
        asked = [name for name in names if name in can_have]
        width = len(self.columns)
        flags = {name: 1 << width + i for i, name in enumerate(asked)}
        self._sure = sum(flags.values())  # the bits of what is known; what matches and has them all is no less
        self._flags = flags
        fixed = [Table(name, self.columns, vocabulary, self._sure) for name in names if name not in can_have]
        self._tables = [Table(name, self.columns, vocabulary, self._sure, flags[name]) for name in asked]
        self._fixed = [table.free for table in fixed]
        self._start = reduce(and_, self._fixed, (1 << width) - 1 | self._sure)
        self._match, self._masks = matcher(self._tables, self._start, sender)
        places = {table.name: n for n, table in enumerate((*fixed, *self._tables))}
        self._asks = [
            (each.clause, each.law.ref, each.clause.id, [(name, places[name]) for name in _asked(each)])
            for each in self.columns
        ]
        self._gaps: dict[int, tuple[str, ...]] = {}
        self._rulings: dict[Any, dict[int, Ruling]] = {}
        self._kept = 0
        self.rule = self._ruler()
        """What these laws say of a request, and whether a denial names near misses."""

    def _ruler(self) -> Callable[[Request, bool], Ruling]:
        """``rule`` with everything it needs at hand: looking it up on the plan would cost a fifth of the time."""
        match, sure, missing, learn = self._match, self._sure, self._missing, self._learn
        permitting, forbidding, duties, closing = self._permits, self._forbids, self._duties, self._closing
        simple, limited, rulings, keep, put_together = (
            self._simple, self._limited, self._rulings, self._keep, self._ruling,
        )  # fmt: skip

        def rule(request: Request, near_misses: bool) -> Ruling:
            try:
                found = match(request)
                unknown = () if found >= sure else missing(found)
            except (KeyError, TypeError):  # a value that no table has seen yet, or that the vocabulary does not allow
                found, unknown = learn(request)
            # The common cases are kept: closed by a forbid, one basis and its duties, or nothing at all.
            permits, forbids = found & permitting, found & forbidding
            if forbids & closing:
                number = forbids
            elif permits and simple and request.cited is None:
                number = (permits & -permits) | found & duties
            elif not (permits or forbids or near_misses):
                number = 0
            else:
                return put_together(request, found, unknown, near_misses)
            purpose = request.purpose if limited else ""
            kept = rulings.get((unknown, request.fields, purpose) if unknown or request.fields else purpose)
            ruling = kept.get(number) if kept is not None else None
            if ruling is None:
                ruling = put_together(request, found, unknown, near_misses)
                keep((unknown, request.fields, purpose) if unknown or request.fields else purpose, number, ruling)
            return ruling

        return rule

    def matching(self, request: Request) -> int:
        """The mask of the columns that match the request."""
        return reduce(and_, self._looked_up(request), self._start) & ~self._sure

    def _keep(self, apart: Any, number: int, ruling: Ruling) -> None:
        self._kept += 1
        if self._kept > RULINGS:
            self._rulings.clear()
            self._kept = 0
        self._rulings.setdefault(apart, {})[number] = ruling

    def _missing(self, found: int) -> tuple[str, ...]:
        """The names of what was not given, from the flags that are not there."""
        there = found & self._sure
        gap = self._gaps.get(there)
        if gap is None:
            if len(self._gaps) >= GAPS:
                self._gaps.clear()
            gap = self._gaps[there] = tuple(name for name, flag in self._flags.items() if not there & flag)
        return gap

    def _learn(self, request: Request) -> tuple[int, tuple[str, ...]]:
        """What matches the request, each table remembering its value, and the names of what is unknown."""
        unknown = [table.name for table in self._tables if self._mask(table, request) is None]
        return reduce(and_, self._looked_up(request), self._start), tuple(sorted(unknown))

    def _looked_up(self, request: Request) -> Iterator[int]:
        for table in self._tables:
            known = self._mask(table, request)
            yield table.dark if known is None else known

    def _mask(self, table: Table, request: Request) -> int | None:
        """The mask of what the request says of one attribute; None where that is unknown."""
        given = value(request, table.name, self._vocabulary)
        return None if given is UNKNOWN else table.mask(given)

    def _ruling(self, request: Request, found: int, unknown: tuple[str, ...], near_misses: bool) -> Ruling:
        """The Ruling for these columns, put together."""
        permits, forbids = found & self._permits, self._named(found & self._forbids)
        if found & self._vetoes:
            return Ruling(decision="deny", forbids=forbids, unknown=unknown)
        permits &= self._open(found)
        if request.cited is not None:
            permits &= self._cited(request.cited)
        if not permits:
            near = self._near(found, request) if near_misses else ()
            return Ruling(decision="deny", forbids=forbids, unknown=unknown, near_misses=near)
        return self._overlapping(permits, found, request, forbids, unknown)

    def _overlapping(self, permits: int, found: int, request: Request, *rest: Any) -> Ruling:
        """The Ruling where several agreements may each have a basis: the first permit of each."""
        firsts = {}
        for own in self._sources:
            if mine := permits & own:
                i = (mine & -mine).bit_length() - 1
                firsts[self.columns[i].law.ref] = i
        candidates = [(self.columns[i].law, self.columns[i].clause) for i in firsts.values()]
        return prevailing(candidates, lambda one: self._parts.ruling(firsts[one[0].ref], found, request, *rest))

    def _named(self, found: int) -> tuple[Forbid, ...]:
        matched = (self.columns[i] for i in clauses(found, self.columns))
        return tuple(Forbid(column.law.ref, column.clause.id) for column in matched)

    def _open(self, found: int) -> int:
        """The permits of all agreements that no forbid of their own silences."""
        permits = self._permits
        for i in bits(found & self._forbids):
            permits &= ~self._of_law[self.columns[i].law.ref]
        return permits

    def _cited(self, cited: Cited) -> int:
        named = (cited.law, cited.clause)
        return self._permits & mask(self.columns, lambda column: (column.law.ref, column.clause.id) == named)

    def _near(self, found: int, request: Request) -> tuple[Miss, ...]:
        """The permits that failed on the fewest attributes, in declared order."""
        try:
            masks = [*self._fixed, *self._masks(request)]
        except (KeyError, TypeError):
            masks = [*self._fixed, *self._looked_up(request)]
        wanted = self._open(found)
        if found & wanted:  # a permit that matched was not missed: another was cited
            matched = [self.columns[i].clause for i in bits(found & wanted)]
            wanted &= ~mask(self.columns, lambda column: any(column.clause is each for each in matched))
        misses: list[Miss] = []
        last, left = None, _fewest(wanted, masks)
        while left:
            bit = left & -left
            left ^= bit
            clause, law, id, asks = self._asks[bit.bit_length() - 1]
            failing = tuple([name for name, place in asks if not masks[place] & bit])
            if clause is last:  # the same clause by another group of ``any``
                misses[-1] = min(misses[-1], Miss(law, id, failing), key=lambda each: each.failing)
            elif len(misses) == NEAR_MISSES:
                break
            else:
                misses.append(Miss(law, id, failing))
            last = clause
        return tuple(misses)


def _asked(column: Column) -> list[str]:
    return sorted({each.attribute for each in column.conditions})


def _fewest(wanted: int, masks: list[int]) -> int:
    """The columns of ``wanted`` that the fewest of these masks exclude: a counter for all of them, a bit at a time."""
    planes: list[int] = []
    for each in masks:
        carry = wanted & ~each
        for i, plane in enumerate(planes):
            if not carry:
                break
            planes[i], carry = plane ^ carry, plane & carry
        if carry:
            planes.append(carry)
    for plane in reversed(planes):
        wanted = wanted & ~plane or wanted
    return wanted
