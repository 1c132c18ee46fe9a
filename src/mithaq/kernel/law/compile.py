"""Compile: a Rulebook as tables of bit masks. The same Ruling as ``decide.rule`` for every request, many times faster.

For every combination of sender, receiver, act and Kind there is a *plan*: the columns of all layers (agreements, laws,
floor) that speak of it, and a table for each attribute that they ask for. A decision is one look-up per attribute and
the AND of the masks; what the matching columns mean together is put together from ``parts``.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

from mithaq.kernel.law.decide import with_inputs
from mithaq.kernel.law.decision import Decision, Ruling
from mithaq.kernel.law.plan import Plan
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.rulebook import Rulebook

Ends = tuple[str, str, str, str | None]

SCOPES = 4_096  # kept at most: a Kind that nobody declared must not fill the memory


class Compiled:
    """A Rulebook made fast. Holds no state but its tables, which only grow up to their bounds."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self._scopes: dict[Ends, Scope] = {}
        self._spoken: dict[tuple[str, str], bool] = {}

    def decide(self, request: Request) -> Decision:
        """What the law says of the request, with the digests of everything it rests on."""
        return with_inputs(self.rule(request), request, self.book)

    def rule(self, request: Request, *, near_misses: bool = True) -> Ruling:
        """What the law says of the request. Without ``near_misses`` a denial names none, and is found sooner."""
        ends = (request.sender, request.receiver, request.act, request.kind)
        scope = self._scopes.get(ends) or self._scope(ends)
        stretch = bisect_right(scope.cuts, request.instant)
        return (scope.plans.get(stretch) or scope.plan(stretch, request.instant)).rule(request, near_misses)

    def speaks_of(self, party: str, act: str) -> bool:
        """Whether any national law of this party permits this act to anybody: if not, it has not taken it up."""
        found = self._spoken.get((party, act))
        if found is None:
            clauses = (clause for law in self.book.laws if party in law.parties for clause in law.clauses)
            found = any(clause.act == act and clause.effect == "permit" for clause in clauses)
            self._spoken[party, act] = found
        return found

    def plan(self, request: Request) -> Plan:
        """The plan by which the request is decided: the columns that speak of it."""
        ends = (request.sender, request.receiver, request.act, request.kind)
        scope = self._scopes.get(ends) or self._scope(ends)
        stretch = bisect_right(scope.cuts, request.instant)
        return scope.plans.get(stretch) or scope.plan(stretch, request.instant)

    def _scope(self, ends: Ends) -> Scope:
        if len(self._scopes) >= SCOPES:
            self._scopes.clear()
        found = self._scopes[ends] = Scope(self.book, *ends)
        return found


class Scope:
    """One sender, receiver, act and Kind: a plan for every stretch of time in which the same laws are in force."""

    def __init__(self, book: Rulebook, sender: str, receiver: str, act: str, kind: str | None) -> None:
        self._book = book
        self._ends = (sender, receiver, act, kind or "")
        starts = {law.in_force.start for law in book.all if law.type != "floor"}
        self.cuts = sorted(starts | {law.in_force.until for law in book.all if law.in_force.until is not None})
        self.plans: dict[int, Plan] = {}

    def plan(self, stretch: int, instant: datetime) -> Plan:
        """The plan for the stretch of time in which this instant lies."""
        bound = [law for law in self._book.all if law.binds(*self._ends[:2], instant)]
        found = self.plans[stretch] = Plan(bound, self._ends, self._book.vocabulary)
        return found
