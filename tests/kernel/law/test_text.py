"""A Text is refused, with the place, wherever its parts contradict each other; and it has one spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid, Malformed
from mithaq.kernel import canonical
from mithaq.kernel.clock import period
from mithaq.kernel.law.clause import Citation, Constraint
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.text import Conclusion, RestsOn, Text, check, load_text, write_text
from tests.kernel.law.small_world import WORDS, bare_text, digest, law

LAW = law("agreement", [{"id": "1", "effect": "permit", "release": {"fields": {"name": "clear"}}}])
TEXT = bare_text(LAW)


def test_a_text_is_known_by_the_digest_of_its_bytes() -> None:
    assert load_text(write_text(TEXT), WORDS) == TEXT
    assert TEXT.digest == canonical.digest_of(TEXT)
    assert replace(TEXT, conclusion=Conclusion(ratification=True)).digest != TEXT.digest


def test_no_text_is_without_the_line_on_boundaries() -> None:
    written = json.loads(write_text(TEXT))
    assert written["boundary"] == "without_prejudice"
    for other in ({}, {"boundary": "settled"}):
        with pytest.raises(Invalid):
            load_text(canonical.encode({**{k: v for k, v in written.items() if k != "boundary"}, **other}), WORDS)


@pytest.mark.parametrize(
    ("where", "value"), [("prevails", None), ("parents", []), ("conclusion", {"signatures": {"x": 1}, "open_to": []})]
)
def test_two_spellings_of_one_text_cannot_be_signed_apart(where: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        load_text(canonical.encode({**json.loads(write_text(TEXT)), where: value}), WORDS)
    assert refused.value.code == "spelling"


def test_only_the_canonical_bytes_are_a_text() -> None:
    with pytest.raises(Malformed):
        load_text(write_text(TEXT) + b"\n", WORDS)


def test_the_notices_are_those_of_the_vienna_convention_unless_agreed_otherwise() -> None:
    silent = Conclusion()
    assert silent.suspension_notice == "P3M"  # art. 65(2)
    assert period(silent.withdrawal_notice).days >= 365  # art. 56(2): not less than twelve months
    assert silent.signatures == {"signatory": 1}
    assert (silent.ratification, silent.provisional, silent.accession) == (False, False, "closed")


def refusal(text: Text) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        check(text, WORDS)
    return refused.value.code, refused.value.where


@pytest.mark.parametrize("two", [{"authentic": ("ar", "en"), "renderings": {"ar": digest("a"), "en": digest("e")}}])
def test_each_authentic_language_has_one_rendering_and_one_of_several_may_prevail(two: dict[str, Any]) -> None:
    check(bare_text(LAW, **two, prevails="ar"), WORDS)
    assert refusal(bare_text(LAW, **two, prevails="fr")) == ("language", "$.prevails")
    assert refusal(bare_text(LAW, prevails="en")) == ("language", "$.prevails")
    assert refusal(bare_text(LAW, authentic=("en", "en"))) == ("language", "$.authentic")
    assert refusal(bare_text(LAW, authentic=("ar", "en"))) == ("rendering", "$.renderings")
    assert refusal(bare_text(LAW, renderings=two["renderings"])) == ("rendering", "$.renderings")


def test_the_law_of_a_text_is_an_agreement_that_loads() -> None:
    check(TEXT, WORDS)
    national: Law = law("national", [{"id": "1", "effect": "forbid"}])
    assert refusal(bare_text(national)) == ("text", "$.law.type")
    unknown = replace(LAW.clauses[0], when=(Constraint("weather", "eq", "fog"),))
    assert refusal(bare_text(replace(LAW, clauses=(unknown,)))) == ("unknown-word", "$.law.clauses[0].when[0][0]")
    assert refusal(bare_text(replace(LAW, vocabulary=digest("0")))) == ("vocabulary", "$.law.vocabulary")


def test_the_law_rests_on_the_vocabulary_that_the_text_names() -> None:
    other = RestsOn(vocabulary=digest("0"), floor=digest("f"), kinds=digest("c"))
    assert refusal(bare_text(LAW, rests_on=other)) == ("text", "$.rests_on.vocabulary")


def test_a_parent_instrument_is_cited_as_a_clause_cites() -> None:
    check(bare_text(LAW, parents=(Citation("Riyadh 1983", "secondary", source="a report"),)), WORDS)
    for unsourced in (Citation("Riyadh 1983", "secondary", article="4"), Citation("Riyadh 1983", "read")):
        assert refusal(bare_text(LAW, parents=(unsourced,))) == ("citation", "$.parents[0]")


@pytest.mark.parametrize(
    ("good", "bad", "where"),
    [
        ({"provisional": True, "ratification": True}, {"provisional": True}, "provisional"),
        ({"provisional": True, "enters_after": "P30D"}, {"provisional": True, "ratification": False}, "provisional"),
        ({"accession": "open", "open_to": ("IQ",)}, {"open_to": ("IQ",)}, "open_to"),
        ({"accession": "consent", "open_to": ("IQ",)}, {"accession": "consent", "open_to": ("IQ", "JO")}, "open_to"),
        ({"accession": "open"}, {"accession": "open", "open_to": ("IQ", "IQ")}, "open_to"),
    ],
)
def test_a_conclusion_contradicts_neither_itself_nor_the_parties(
    good: dict[str, Any], bad: dict[str, Any], where: str
) -> None:
    check(bare_text(LAW, conclusion=Conclusion(**good)), WORDS)
    assert refusal(bare_text(LAW, conclusion=Conclusion(**bad))) == ("conclusion", f"$.conclusion.{where}")


@pytest.mark.parametrize("signatures", [{}, {"signatory": 0}, {"signatory": 21}, {"The King": 1}])
def test_somebody_signs(signatures: dict[str, int]) -> None:
    written = json.loads(write_text(TEXT))
    written["conclusion"]["signatures"] = signatures
    with pytest.raises(Invalid) as refused:
        load_text(canonical.encode(written), WORDS)
    assert "$.conclusion.signatures" in refused.value.where
