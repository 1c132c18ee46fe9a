"""The algebra that the law promises: what may never widen, what may never take away, and what order never matters."""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.clause import Constraint
from mithaq.kernel.law.decide import rule
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.level import PRECISIONS
from mithaq.kernel.law.match import conditions, matches
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from tests.examples import examples
from tests.kernel.law.small_world import WORDS, citing, every_request, law, lets_out, no_wider, random_law

REQUESTS = list(every_request())
SEEDS = st.integers(0, 2**32)
LEVELS = [
    "clear", "pseudonym", "absent",
    *(f"generalised:{each}" for sort in PRECISIONS.values() for each in sort),
]  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "retain": ["P1D", "P30D", "P1M", "P1Y", "P365D"], "reply_within": ["PT1H", "PT48H", "P2D"],
    "purposes": [("drugs",), ("drugs", "rescue"), ("rescue",)], "recipients": [("police",), ("customs", "police")],
    "onward": ["free", "notify", "consent", "never"], "use": ["free", "notify", "consent", "never"],
    "review": [("releasing",), ("receiving",), ("releasing", "receiving")], "notify": [("use",)],
    "quota": [0, 1, 500], "log": [("P1Y", "P5Y"), ("P3Y", "P3Y"), ("P1M", "P1Y")], "owed": [True],
}  # fmt: skip


def test_joining_levels_is_a_lattice() -> None:
    for a in LEVELS:
        assert level.join(a) == level.join(a, a) == level.join(a, "clear") == a
        assert level.join(a, "absent") == "absent"
        for b in LEVELS:
            joined = level.join(a, b)
            assert joined == level.join(b, a)
            assert level.protects(joined, a)
            assert level.protects(joined, b)
            for c in LEVELS:
                assert level.join(joined, c) == level.join(a, level.join(b, c))
                if level.protects(c, a) and level.protects(c, b):
                    assert level.protects(c, joined)


def test_every_obligation_has_a_case_here() -> None:
    assert sorted(VALUES) == list(obligation.WORDS)


@pytest.mark.parametrize("what", sorted(VALUES))
def test_joining_obligations_is_a_semilattice_with_an_impossible_top(what: str) -> None:
    def join(a: Any, b: Any) -> Any:
        return None if a is None or b is None else obligation.join(what, (a, b))

    for a in VALUES[what]:
        assert join(a, a) == (tuple(sorted(a)) if what in obligation.MEETS | obligation.UNIONS else a)
        for b in VALUES[what]:
            joined = join(a, b)
            assert joined == join(b, a)
            assert joined is None or (obligation.protects(what, joined, a) and obligation.protects(what, joined, b))
            for c in VALUES[what]:
                assert join(joined, c) == join(a, join(b, c))


def _book(seed: int, agreements: int = 1) -> tuple[Random, Rulebook]:
    random = Random(seed)
    signed = [
        replace(random_law(random, "agreement", {"permit": 4, "forbid": 1, "duty": 2}), id=f"agreement-{n}")
        for n in range(agreements)
    ]  # fmt: skip
    national = random_law(random, "national", {"forbid": 1, "duty": 2})
    return random, rulebook(WORDS, signed, [national], random_law(random, "floor", {"forbid": 1, "duty": 1}))


def _asked(random: Random, count: int = 60) -> list[Request]:
    return random.sample(REQUESTS, count)


def _with(book: Rulebook, which: str, more: Law) -> Rulebook:
    """The book with the clauses of one more law added to its agreement, national law or floor."""

    def grown(text: Law) -> Law:
        added = tuple(replace(each, id=f"new-{each.id}") for each in more.clauses)
        return replace(text, clauses=(*text.clauses, *added))

    if which == "agreement":
        return rulebook(WORDS, [grown(book.agreements[0]), *book.agreements[1:]], book.laws, book.floor)
    if which == "national":
        return rulebook(WORDS, book.agreements, [grown(book.laws[0])], book.floor)
    return rulebook(WORDS, book.agreements, book.laws, grown(book.floor))


@examples(20)
@given(SEEDS)
def test_adding_a_permit_never_takes_away_what_citing_a_clause_releases(seed: int) -> None:
    random, book = _book(seed)
    agreement = book.agreements[0]
    more = _with(book, "agreement", random_law(random, "agreement", {"permit": 2}))
    for request in _asked(random, 30):
        for permit in (each.id for each in agreement.clauses if each.effect == "permit"):
            cited = citing(request, agreement, permit)
            assert lets_out(rule(cited, more)) == lets_out(rule(cited, book))
        if rule(request, book).permits:  # declared later, so it is not the basis where there was one
            assert lets_out(rule(request, more)) == lets_out(rule(request, book))


@examples(20)
@given(SEEDS, st.sampled_from(["agreement", "national", "floor"]), st.sampled_from(["forbid", "duty"]))
def test_adding_a_forbid_or_a_duty_never_widens(seed: int, which: str, effect: str) -> None:
    random, book = _book(seed)
    more = _with(book, which, random_law(random, which, {effect: 2}))
    for request in _asked(random):
        assert no_wider(rule(request, more), rule(request, book))


@examples(20)
@given(SEEDS, st.sampled_from(sorted(VALUES)))
def test_adding_an_obligation_anywhere_never_widens(seed: int, what: str) -> None:
    random, book = _book(seed)
    value = random.choice(VALUES[what])
    agreement, floor = book.agreements[0], book.floor
    bound = replace(agreement, obligations={**agreement.obligations, what: value})
    first = replace(
        agreement,
        clauses=tuple(
            replace(each, obligations={**each.obligations, what: value})
            if each.effect != "forbid" and what not in each.obligations else each
            for each in agreement.clauses
        ),
    )  # fmt: skip
    for changed in (
        rulebook(WORDS, [bound], book.laws, floor),
        rulebook(WORDS, [first], book.laws, floor),
        rulebook(WORDS, [agreement], book.laws, replace(floor, obligations={what: value})),
    ):
        for request in _asked(random, 20):
            assert no_wider(rule(request, changed), rule(request, book))


@examples(20)
@given(SEEDS)
def test_another_national_law_never_widens_and_laws_commute(seed: int) -> None:
    random, book = _book(seed)
    other = replace(random_law(random, "national", {"forbid": 1, "duty": 2}), id="private", published=False)
    more = rulebook(WORDS, book.agreements, [*book.laws, other], book.floor)
    swapped = rulebook(WORDS, book.agreements, [other, *book.laws], book.floor)
    for request in _asked(random):
        assert no_wider(rule(request, more), rule(request, book))
        assert lets_out(rule(request, more)) == lets_out(rule(request, swapped))


@examples(20)
@given(SEEDS)
def test_the_order_of_clauses_decides_nothing_but_the_basis(seed: int) -> None:
    random, book = _book(seed)

    def shuffled(text: Law) -> Law:
        permits = [each for each in text.clauses if each.effect == "permit"]
        others = [each for each in text.clauses if each.effect != "permit"]
        random.shuffle(others)
        at = random.randint(0, len(others))
        return replace(text, clauses=(*others[:at], *permits, *others[at:]))

    mixed = rulebook(
        WORDS, [shuffled(each) for each in book.agreements], [shuffled(each) for each in book.laws],
        shuffled(book.floor),
    )  # fmt: skip
    for request in _asked(random):
        one, other = rule(request, book), rule(request, mixed)
        assert lets_out(one) == lets_out(other)
        assert (one.basis and one.basis.clause) == (other.basis and other.basis.clause)
        assert set(one.forbids) == set(other.forbids)


@examples(20)
@given(SEEDS)
def test_knowing_less_of_a_record_never_lets_more_of_it_out_by_a_clause(seed: int) -> None:
    random, book = _book(seed)
    agreement = book.agreements[0]
    permits = [each.id for each in agreement.clauses if each.effect == "permit"]
    for request in _asked(random, 40):
        for name in request.attributes:
            less = replace(request, attributes={k: v for k, v in request.attributes.items() if k != name})
            for id in permits:
                assert no_wider(rule(citing(less, agreement, id), book), rule(citing(request, agreement, id), book))


def test_inapplicable_and_unknown_are_two_things() -> None:
    constraint = Constraint("score", "ge", 3)
    permit = law("agreement", [{"id": "1", "effect": "permit", "when": [["score", "ge", 3]]}])
    forbid = law("floor", [{"id": "1", "effect": "forbid", "when": [["score", "ge", 3]]}])
    unknown = next(each for each in REQUESTS if "score" not in each.attributes)
    inapplicable = replace(unknown, kind="test.kind/1", act="share")
    narrow = replace(WORDS, kinds={each: replace(words, attributes=()) for each, words in WORDS.kinds.items()})
    for text, whether in ((permit, False), (forbid, True)):
        clause = text.clauses[0]
        assert clause.when == (constraint,)
        assert matches(clause, text, unknown, WORDS) is whether
        assert not conditions(clause, text, inapplicable, narrow, unknown=True)


@examples(15)
@given(SEEDS)
def test_a_forbid_of_one_agreement_silences_that_one_alone(seed: int) -> None:
    random, book = _book(seed, agreements=2)
    first, second = book.agreements
    closed = law("agreement", [{"id": "no", "effect": "forbid"}])
    alone = rulebook(WORDS, [second], book.laws, book.floor)
    silenced = rulebook(
        WORDS, [replace(first, clauses=(*first.clauses, *closed.clauses)), second], book.laws, book.floor
    )  # fmt: skip
    for request in _asked(random, 40):
        one, other = rule(request, silenced), rule(request, alone)
        assert lets_out(one) == lets_out(other)


@examples(20)
@given(SEEDS, st.sampled_from(["named", "later", "lex_specialis", "most_cooperative"]))
def test_overlap_picks_one_of_the_agreements_and_the_right_one(seed: int, overlap: Any) -> None:
    random, book = _book(seed, agreements=2)
    start = book.agreements[0].in_force.start
    signed = [
        replace(each, overlap=overlap, in_force=replace(each.in_force, start=start.replace(month=1 + n)))
        for n, each in enumerate(book.agreements)
    ]  # fmt: skip
    both = rulebook(WORDS, signed, book.laws, book.floor)
    alone = [rulebook(WORDS, [each], book.laws, book.floor) for each in signed]
    for request in _asked(random, 40):
        ruled, separate = rule(request, both), [rule(request, each) for each in alone]
        bases = [each for each in separate if each.basis is not None]
        if len(bases) < 2:
            continue
        assert any(lets_out(ruled) == lets_out(each) for each in separate)
        if overlap == "named":
            assert ruled.basis == separate[0].basis
        elif overlap == "later":
            assert ruled.basis == separate[1].basis
        elif overlap == "most_cooperative":
            withheld = [sum(map(level.rank, each.fields.values())) for each in separate]
            assert sum(map(level.rank, ruled.fields.values())) == min(withheld)


@examples(15)
@given(SEEDS)
def test_agreements_that_are_not_in_conflict_commute(seed: int) -> None:
    """Whether something is permitted at all never depends on the order in which agreements are declared."""
    random, book = _book(seed, agreements=3)
    for request in _asked(random, 20):
        rulings = [rule(request, book)]
        for i, j in combinations(range(3), 2):
            order = list(book.agreements)
            order[i], order[j] = order[j], order[i]
            rulings.append(rule(request, rulebook(WORDS, order, book.laws, book.floor)))
        assume(not any(each.conflict for each in rulings))
        assert len({each.permits for each in rulings}) == 1
