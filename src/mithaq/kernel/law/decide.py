"""Decide: the meaning of the law, written to be read. ``compile`` gives the same answers faster and is tested on it.

1. A forbid that matches in an agreement silences that agreement; in a law or the floor, everything.
2. One permit is the *basis*: the one the request cites, else the first in declared order. Where several agreements have
   one, their overlap rule says which.
3. Fields and obligations are the join (the most protective) of the basis, the duties of its agreement that match, what
   binds the whole agreement, and the same of the laws and the floor. If nothing can satisfy all of them, it denies.

So adding a permit never takes away what can be released by citing a clause, and adding a forbid, a duty or an
obligation never widens. Within a nation (``sender == receiver``, such as ``act: read``) its own law gives the basis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mithaq.kernel import canonical
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.compose import Layer, compose
from mithaq.kernel.law.decision import Decision, Forbid, Inputs, Miss, Ruling
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.match import asked, failing, matches
from mithaq.kernel.law.overlap import Candidate, prevailing
from mithaq.kernel.law.request import UNKNOWN, Request, value
from mithaq.kernel.law.rulebook import Rulebook

NEAR_MISSES = 5


def decide(request: Request, book: Rulebook) -> Decision:
    """What the law says of the request, with the digests of everything it rests on."""
    return with_inputs(rule(request, book), request, book)


def with_inputs(ruling: Ruling, request: Request, book: Rulebook) -> Decision:
    """The Ruling as a Decision that anyone who holds the same inputs can check."""
    inputs = Inputs(vocabulary=book.vocabulary.digest, laws=book.digests, request=canonical.digest_of(request))
    return Decision(**{name: getattr(ruling, name) for name in Ruling.__struct_fields__}, inputs=inputs)


def rule(request: Request, book: Rulebook) -> Ruling:
    """What the law says of the request."""
    bound = [law for law in book.all if law.binds(request.sender, request.receiver, request.instant)]
    forbids = [(law, clause) for law in bound for clause in matching(law, "forbid", request, book)]
    silenced = {law.ref for law, _ in forbids}
    named, unknown = _named(forbids), _unknown(bound, request, book)
    if any(law.type != "agreement" for law, _ in forbids):
        return Ruling(decision="deny", forbids=named, unknown=unknown)
    permits = [(law, c) for law in _sources(bound, request) if law.ref not in silenced for c in _permits(law, request)]
    candidates = _candidates([(law, c) for law, c in permits if matches(c, law, request, book.vocabulary)], request)
    if not candidates:
        missed = _near_misses(permits, request, book)
        return Ruling(decision="deny", forbids=named, unknown=unknown, near_misses=missed)

    def ruled(basis: Candidate) -> Ruling:
        return compose(_layers(basis, bound, request, book), request, book.vocabulary, named, unknown)

    return prevailing(candidates, ruled)


def matching(law: Law, effect: str, request: Request, book: Rulebook) -> list[Clause]:
    """The clauses of this effect in a law that match the request, in declared order."""
    return [c for c in law.clauses if c.effect == effect and matches(c, law, request, book.vocabulary)]


def _sources(bound: Iterable[Law], request: Request) -> list[Law]:
    """The laws that may give a basis: across a border agreements, at home the nation's own law."""
    sort = "national" if request.sender == request.receiver else "agreement"
    return [law for law in bound if law.type == sort]


def _permits(law: Law, request: Request) -> Iterator[Clause]:
    for clause in law.clauses:
        if clause.effect == "permit" and clause.covers(
            request.sender, request.receiver, request.act, request.kind or ""
        ):
            yield clause


def _candidates(matched: list[Candidate], request: Request) -> list[Candidate]:
    """What could be the basis: the cited permit and no other, or else the first of every agreement."""
    if request.cited is not None:
        return [(law, c) for law, c in matched if (law.ref, c.id) == (request.cited.law, request.cited.clause)]
    firsts: dict[str, Candidate] = {}
    for law, clause in matched:
        firsts.setdefault(law.ref, (law, clause))
    return list(firsts.values())


def _layers(basis: Candidate, bound: Iterable[Law], request: Request, book: Rulebook) -> list[Layer]:
    """Everything that binds the release, the basis first: who says it, the levels and the obligations."""
    source, permit = basis
    layers = [Layer(source, permit, permit.levels, permit.obligations)]
    for law in bound:
        if law is source or law.type != "agreement":
            layers.append(Layer(law, None, {}, law.obligations))
            layers.extend(Layer(law, c, c.levels, c.obligations) for c in matching(law, "duty", request, book))
    return layers


def _named(found: Iterable[Candidate]) -> tuple[Forbid, ...]:
    return tuple(Forbid(law.ref, clause.id) for law, clause in found)


def _unknown(bound: Iterable[Law], request: Request, book: Rulebook) -> tuple[str, ...]:
    """What clauses about this act, Kind and direction asked for, and the request did not say."""
    ends = (request.sender, request.receiver, request.act, request.kind or "")
    names = {name for law in bound for clause in law.clauses if clause.covers(*ends) for name in asked(clause)}
    return tuple(sorted(name for name in names if value(request, name, book.vocabulary) is UNKNOWN))


def _near_misses(permits: Iterable[Candidate], request: Request, book: Rulebook) -> tuple[Miss, ...]:
    """The permits that failed on the fewest attributes, in declared order."""
    misses = [Miss(law.ref, c.id, failing(c, law, request, book.vocabulary)) for law, c in permits]
    least = min((len(miss.failing) for miss in misses if miss.failing), default=0)
    return tuple(miss for miss in misses if miss.failing and len(miss.failing) == least)[:NEAR_MISSES]
