"""A reservation only narrows: what is refused as one, and that none ever lets more out under its agreement."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from benchmarks import random_law as wide
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.decide import rule
from mithaq.kernel.law.law import Law, load_law, write_law
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.reserve import Reservation, check_reservation, reserved
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from tests.examples import examples
from tests.kernel.law.small_world import KIND, WORDS, citing, every_request, law, lets_out, no_wider, random_law

REQUESTS = list(every_request())
SEEDS = st.integers(0, 2**32)
OVERLAPS = st.sampled_from(["named", "later", "lex_specialis", "most_cooperative"])
PERMIT = {"id": "1", "effect": "permit", "release": {"fields": {"name": "clear", "place": "clear"}}}
LAW = law("agreement", [PERMIT, {"id": "JO.rtaken", "effect": "forbid", "when": [["score", "ge", 9]]}])
FORBID = {"id": "1", "effect": "forbid", "from": "JO", "to": "any", "act": "share", "kinds": [KIND]}


def reservation(*clauses: dict[str, Any]) -> Reservation:
    return canonical.fit({"clauses": [{**FORBID, **each} for each in clauses]}, Reservation)


def refusal(*clauses: dict[str, Any], party: str = "JO") -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        check_reservation(LAW, reservation(*clauses), party, WORDS)
    return refused.value.code, refused.value.where


def test_forbids_and_duties_that_name_the_party_are_a_reservation() -> None:
    duty = {"id": "2", "effect": "duty", "from": "any", "to": "JO", "release": {"fields": {"name": "pseudonym"}}}
    both = {"id": "3", "from": "SA", "to": "JO", "reciprocal": True, "when": [["tags", "anyof", ["child"]]]}
    made = reservation({}, duty, both)
    check_reservation(LAW, made, "JO", WORDS)
    under = reserved(LAW, {"JO": made})
    assert [each.id for each in under.clauses] == ["1", "JO.rtaken", "JO.r1", "JO.r2", "JO.r3"]
    assert under.clauses[:2] == LAW.clauses
    assert load_law(write_law(under), WORDS) == under


@pytest.mark.parametrize(
    ("clause", "code", "where"),
    [
        ({"effect": "permit"}, "reservation", ".effect"),
        ({"effect": "duty", "obligations": {"owed": True}}, "reservation", ".obligations.owed"),
        ({"from": "any"}, "reservation", ""),
        ({"from": "SA"}, "reservation", ""),
        ({"to": "IQ"}, "unknown-word", ".to"),
        ({"when": [["weather", "eq", "fog"]]}, "unknown-word", ".when[0][0]"),
        ({"act": "sing"}, "unknown-word", ".act"),
        ({"effect": "duty"}, "clause", ""),
        ({"life_saving": True}, "life-saving", ".life_saving"),
        ({"id": "taken"}, "reservation", ".id"),
        ({"id": "0"}, "reservation", ".id"),
        ({"id": "x" * 29}, "reservation", ".id"),
    ],
)
def test_whatever_is_not_the_partys_own_narrowing_is_refused(clause: dict[str, Any], code: str, where: str) -> None:
    assert refusal({"id": "0"}, clause) == (code, f"$.clauses[1]{where}")


def test_only_a_party_reserves_and_only_to_an_agreement() -> None:
    assert refusal({}, party="IQ")[0] == "reservation"
    with pytest.raises(Invalid, match="not a party of the agreement"):
        check_reservation(law("national", [{"id": "1", "effect": "forbid"}]), reservation({}), "JO", WORDS)


def test_a_reservation_changes_nothing_between_the_other_parties() -> None:
    three = replace(LAW, parties=("JO", "SA", "IQ"))
    made = reservation({"to": "any", "reciprocal": True})
    check_reservation(three, made, "JO", WORDS)
    book = rulebook(WORDS, [reserved(three, {"JO": made})], [], law("floor", []))
    asked = next(each for each in REQUESTS if each.attributes.get("score") == 0)
    permitted = {
        (sender, receiver): rule(replace(asked, sender=sender, receiver=receiver), book).permits
        for sender in three.parties for receiver in three.parties if sender != receiver
    }  # fmt: skip
    assert permitted == {ends: "JO" not in ends for ends in permitted}


def test_all_who_hold_the_same_reservations_have_the_same_law() -> None:
    jo, sa = reservation({}), reservation({"from": "SA"})
    both = reserved(LAW, {"JO": jo, "SA": sa})
    assert both.digest == reserved(LAW, {"SA": sa, "JO": jo}).digest
    assert [each.id for each in both.clauses[2:]] == ["JO.r1", "SA.r1"]
    assert reserved(LAW, {}) == LAW


def _reserving(random: Random, clauses: tuple[Clause, ...], party: str) -> Reservation:
    """These forbids and duties, each made to name the party at a random end."""
    other = {"JO": "SA", "SA": "JO"}[party]
    ends = [(party, "any"), (party, other), ("any", party), (other, party)]
    turned = []
    for each in clauses:
        sender, receiver = random.choice(ends)
        turned.append(replace(each, sender=sender, receiver=receiver, reciprocal=random.random() < 0.5))
    return Reservation(clauses=tuple(turned))


def _small(seed: int, overlap: Any = "named", agreements: int = 1) -> tuple[Random, Rulebook, Law]:
    """A book of random laws, and its first agreement under a reservation of both parties."""
    random = Random(seed)
    signed = [
        replace(
            random_law(random, "agreement", {"permit": 4, "forbid": 1, "duty": 1}), id=f"agreement-{n}", overlap=overlap
        )
        for n in range(agreements)
    ]
    national = random_law(random, "national", {"forbid": 1, "duty": 1})
    book = rulebook(WORDS, signed, [national], random_law(random, "floor", {"forbid": 1, "duty": 1}))
    made = {}
    for party in ("JO", "SA"):
        more = random_law(random, "agreement", {"forbid": random.randint(0, 1), "duty": random.randint(1, 2)})
        made[party] = _reserving(random, more.clauses, party)
        check_reservation(signed[0], made[party], party, WORDS)
    return random, book, reserved(signed[0], made)


def _under(book: Rulebook, law: Law) -> Rulebook:
    return rulebook(book.vocabulary, [law, *book.agreements[1:]], book.laws, book.floor)


def _narrower_on_the_same_basis(request: Request, after: Rulebook, before: Rulebook) -> None:
    now, then = rule(request, after), rule(request, before)
    assert no_wider(now, then)
    if now.basis is not None and then.basis is not None:
        assert (now.basis.law, now.basis.clause) == (then.basis.law, then.basis.clause)


@examples(25)
@given(SEEDS)
def test_under_one_agreement_a_reservation_only_ever_narrows_on_the_same_basis(seed: int) -> None:
    random, book, under = _small(seed)
    for request in random.sample(REQUESTS, 60):
        _narrower_on_the_same_basis(request, _under(book, under), book)


@examples(10)
@given(SEEDS)
def test_so_it_does_with_every_type_of_condition_level_and_obligation(seed: int) -> None:
    random = Random(seed)
    book = wide.book(random, 60)
    first = book.agreements[0]
    made = {}
    for party in ("JO", "SA"):
        written = [
            wide.clause(random, f"{n}", random.choice(["forbid", "duty", "duty"]), (1, 2), wide.WIDE) for n in range(3)
        ]
        made[party] = _reserving(random, canonical.fit(written, tuple[Clause, ...]), party)
        check_reservation(first, made[party], party, book.vocabulary)
    after = _under(book, reserved(first, made))
    for request in wide.requests(random, book, 60, cited=0.3):
        _narrower_on_the_same_basis(request, after, book)


@examples(20)
@given(SEEDS, OVERLAPS)
def test_beside_other_agreements_nothing_comes_out_that_citing_its_basis_did_not_release(
    seed: int, overlap: Any
) -> None:
    random, book, under = _small(seed, overlap, agreements=3)
    after = _under(book, under)
    for request in random.sample(REQUESTS, 40):
        now = rule(request, after)
        if now.basis is None:
            continue
        source = book.law(now.basis.law)
        assert source is not None
        then = rule(citing(request, source, now.basis.clause), book)
        assert no_wider(now, then)
        if source.id != under.id:
            assert lets_out(now) == lets_out(then)


def test_what_is_not_promised_another_agreement_may_give_the_basis_and_show_more() -> None:
    shy = law("agreement", [{**PERMIT, "release": {"fields": {"name": "pseudonym"}}}], id="shy")
    open_ = law("agreement", [PERMIT], id="open")
    book = rulebook(WORDS, [shy, open_], [], law("floor", []))
    silent = _under(book, reserved(shy, {"JO": reservation({})}))
    before, after = rule(REQUESTS[0], book), rule(REQUESTS[0], silent)
    assert (before.fields["name"], after.fields["name"]) == ("pseudonym", "clear")
    assert after.basis is not None
    assert lets_out(after) == lets_out(rule(citing(REQUESTS[0], open_, "1"), book))


@pytest.mark.parametrize("effect", ["forbid", "duty"])
def test_a_reservation_bites(effect: str) -> None:
    given = {"effect": effect} if effect == "forbid" else {"effect": effect, "release": {"fields": {"name": "absent"}}}
    book = rulebook(WORDS, [LAW], [], law("floor", []))
    after = _under(book, reserved(LAW, {"JO": reservation(given)}))
    bitten = [each for each in REQUESTS if lets_out(rule(each, after)) != lets_out(rule(each, book))]
    released = [each for each in REQUESTS if rule(each, book).permits]
    assert bitten == released
    assert released
