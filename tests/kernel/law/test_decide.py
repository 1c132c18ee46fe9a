"""What the law says: fail closed, forbid wins, one basis, everything else joined towards protection."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.errors import BadInput
from mithaq.kernel import canonical
from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.decide import decide
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.request import Cited, Request
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.vocabulary import load_vocabulary

SHIPPED = resources.files("mithaq.laws")
WORDS = load_vocabulary((SHIPPED / "vocabulary.json").read_bytes())
AT = datetime(2026, 11, 20, tzinfo=UTC)
KIND = "intelligence.alert.vehicle/1"
LAWS = [each.name.removesuffix(".json") for each in SHIPPED.iterdir() if each.name.endswith(".json")]
LAWS.remove("vocabulary")
LEVELS = st.sampled_from(["clear", "pseudonym", "absent", *(level.generalised(p) for p in level.PRECISIONS["place"])])


def shipped(name: str) -> Law:
    return load_law((SHIPPED / f"{name}.json").read_bytes(), WORDS)


def law(
    type: str, *clauses: dict[str, Any], id: str = "test", parties: tuple[str, ...] = ("JO", "SA"), **more: Any
) -> Law:
    clauses = tuple({name: value for name, value in clause.items() if value != []} for clause in clauses)
    document = {
        "format": "mithaq-law/1", "type": type, "id": id, "version": 1, "title": "t", "parties": list(parties),
        "vocabulary": WORDS.digest, "in_force": {"from": "2026-01-01T00:00:00Z"}, "clauses": list(clauses), **more,
    }  # fmt: skip
    return load_law(canonical.encode(document), WORDS)


def permit(id: str = "1", when: Any = (), **levels: str) -> dict[str, Any]:
    fields = levels or {"plate": "clear"}
    return {"id": id, "effect": "permit", "from": "JO", "to": "SA", "act": "share", "kinds": [KIND],
            "when": list(when), "release": {"fields": fields}}  # fmt: skip


def forbid(id: str = "9", when: Any = ()) -> dict[str, Any]:
    return {"id": id, "effect": "forbid", "from": "any", "to": "any", "act": "share", "when": list(when)}


def book(*agreements: Law, laws: tuple[Law, ...] = (), floor: Law | None = None) -> Rulebook:
    return rulebook(WORDS, agreements, laws, floor or law("floor", id="floor", parties=()))


def request(**changes: Any) -> Request:
    given = {"sender": "JO", "receiver": "SA", "kind": KIND, "purpose": "drug_trafficking", "instant": AT}
    return Request(**{**given, **changes})


REASON = [["alert.reason", "eq", "stolen"]]
TRAIT = [["subject.flags", "anyof", ["refugee"]]]


def test_no_clause_means_no() -> None:
    assert decide(request(), book()).decision == "deny"


def test_a_field_that_the_basis_does_not_name_is_absent() -> None:
    found = decide(request(), book(law("agreement", permit(plate="clear"))))
    assert found.fields["plate"] == "clear"
    assert {found.fields[name] for name in ("make", "source", "remarks", "place")} == {"absent"}


def test_unknown_fails_closed_on_both_sides() -> None:
    assert decide(request(), book(law("agreement", permit(when=REASON)))).decision == "deny"
    denied = decide(request(), book(law("agreement", permit(), forbid(when=REASON))))
    assert denied.decision == "deny"
    assert denied.unknown == ("alert.reason",)
    known = decide(request(attributes={"alert.reason": "stolen"}), book(law("agreement", permit(when=REASON))))
    assert known.decision == "permit"


def test_inapplicable_matches_neither() -> None:
    assert decide(request(), book(law("agreement", permit(), forbid(when=TRAIT)))).decision == "permit"
    assert decide(request(), book(law("agreement", permit(when=TRAIT)))).decision == "deny"


def test_a_value_outside_the_vocabulary_counts_as_unknown() -> None:
    odd = request(attributes={"alert.reason": "whim"})
    assert decide(odd, book(law("agreement", permit(), forbid(when=REASON)))).decision == "deny"


def test_an_agreements_forbid_silences_that_agreement_only() -> None:
    silenced, other = law("agreement", permit(), forbid(), id="a"), law("agreement", permit(), id="b")
    found = decide(request(), book(silenced, other))
    assert found.basis is not None
    assert found.basis.law == "b/1"
    assert [(each.law, each.clause) for each in found.forbids] == [("a/1", "9")]


@pytest.mark.parametrize("where", ["law", "floor"])
def test_a_forbid_in_law_or_floor_silences_all(where: str) -> None:
    a, b = law("agreement", permit(), id="a"), law("agreement", permit(), id="b")
    national = law("national", forbid(), id="law-JO", parties=("JO",))
    found = decide(request(), book(a, b, laws=(national,)) if where == "law" else
                   book(a, b, floor=law("floor", forbid(), id="floor", parties=())))  # fmt: skip
    assert (found.decision, found.basis) == ("deny", None)


def test_one_basis_the_cited_one_or_the_first() -> None:
    both = book(law("agreement", permit("1", plate="pseudonym"), permit("2", plate="clear")))
    assert decide(request(), both).fields["plate"] == "pseudonym"
    cited = decide(request(cited=Cited("test/1", "2")), both)
    assert cited.fields["plate"] == "clear"
    assert decide(request(cited=Cited("test/1", "7")), both).decision == "deny"


def test_adding_a_permit_never_takes_away_what_can_be_cited() -> None:
    one = law("agreement", permit("2", plate="clear"))
    two = law("agreement", permit("1", plate="absent"), permit("2", plate="clear"))
    asked = request(cited=Cited("test/1", "2"))
    assert decide(asked, book(one)).fields == decide(asked, book(two)).fields


def test_a_duty_and_the_floor_only_narrow() -> None:
    duty = {"id": "2", "effect": "duty", "from": "any", "to": "any", "act": "share", "kinds": [KIND],
            "release": {"fields": {"plate": "pseudonym"}}, "obligations": {"retain": "P7D"}}  # fmt: skip
    plain = law("agreement", permit() | {"obligations": {"retain": "P1Y"}})
    found = decide(request(), book(plain, floor=law("floor", duty, id="floor", parties=())))
    assert found.fields["plate"] == "pseudonym"
    assert found.fields_by["plate"] == "floor/1 2"
    [retain] = found.obligations
    assert (retain.value, retain.by, retain.over) == ("P7D", "floor/1 2", (("test/1 1", "P1Y"),))


def test_obligations_that_cannot_both_be_met_deny() -> None:
    agreed = law("agreement", permit() | {"obligations": {"log": ["P3Y", "P4Y"]}})
    national = law("national", id="law-JO", parties=("JO",), obligations={"log": ["P1Y", "P2Y"]})
    assert decide(request(), book(agreed, laws=(national,))).conflict == ("log",)


def test_an_agreement_binds_only_while_in_force() -> None:
    ended = law("agreement", permit(), in_force={"from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"})
    assert decide(request(), book(ended)).decision == "deny"


def test_a_denial_names_what_was_nearly_enough() -> None:
    near = law("agreement", permit("1", when=REASON), permit("2", when=[*REASON, ["purpose", "eq", "vehicle_theft"]]))
    found = decide(request(attributes={"alert.reason": "inspection"}), book(near))
    assert [(miss.clause, miss.failing) for miss in found.near_misses] == [("1", ("alert.reason",))]


@given(st.lists(LEVELS, min_size=1, max_size=4))
def test_levels_join_in_any_order_and_only_upwards(levels: list[str]) -> None:
    joined = level.join(*levels)
    assert {level.join(*order) for order in permutations(levels)} == {joined}
    assert all(level.protects(joined, each) for each in levels)


@given(st.lists(st.sampled_from(["P1Y", "P30D", "PT48H", "P12M", "P365D"]), min_size=2, max_size=4))
def test_periods_join_to_the_shortest(values: list[str]) -> None:
    joined = obligation.join("retain", values)
    assert joined is not None
    assert all(obligation.protects("retain", joined, each) for each in values)


@pytest.mark.parametrize("name", LAWS)
def test_what_is_shipped_loads_and_says_that_it_is_an_example(name: str) -> None:
    found = shipped(name)
    assert "Example for lawyers" in found.note
    assert canonical.digest_of(msgspec.to_builtins(found)) == found.digest


@pytest.mark.parametrize(
    ("old", "new", "where", "near"),
    [
        ('"drug_trafficking"', '"drug_traficking"', "$.clauses[0].when[0]", "drug_trafficking"),
        ('"generalised:10km"', '"generalised:11km"', "$.clauses[0].release", ""),
        ('"plate"', '"plat"', "$.clauses[0].release", "plate"),
        ('"share"', '"shar"', "$.clauses[0].act", "share"),
        ('"retain"', '"retian"', "$.clauses[0].obligations", "retain"),
        ('"within",', '"nearby",', "$.clauses[0].when[1]", "within"),
        ('"purpose"', '"purpos"', "$.clauses[0].when[0]", "purpose"),
        ('"permit"', '"allow"', "$.clauses[0].effect", ""),
    ],
)
def test_an_unknown_word_is_refused_with_its_place_and_the_nearest(old: str, new: str, where: str, near: str) -> None:
    data = (SHIPPED / "JO-SA-border.json").read_text().replace(old, new, 1).encode()
    with pytest.raises(BadInput) as caught:
        load_law(data, WORDS)
    assert where in caught.value.where
    assert near in caught.value.hint + caught.value.message
