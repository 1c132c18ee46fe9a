"""Who must witness the logs stands in the words that are signed."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel.law.law import Law, load_law, write_law
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary
from mithaq.kernel.witness.policy import Group, Witnessed
from mithaq.treaty.render.page import page
from tests.kernel.witness.world import ALL_THREE, BUREAU


def read(name: str) -> bytes:
    return (resources.files("mithaq.laws") / name).read_bytes()


VOCABULARY: Vocabulary = load_vocabulary(read("vocabulary.json"))
LAW: Law = load_law(read("JO-SA-border.json"), VOCABULARY)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ar", ("الأردن", "المملكة العربية السعودية", "تستمر المشاركة")),
        ("en", ("Jordan", "Saudi Arabia", "within 1 hour", "releases go on")),
        ("fr", ("Jordanie", "heure", "se poursuivent")),
    ],
)
def test_the_page_says_who_by_when_and_what_stops(language: Any, words: tuple[str, ...]) -> None:
    [told] = [
        each for each in page(replace(LAW, witnessed=ALL_THREE), VOCABULARY, language).general if "bureau" in each
    ]
    assert all(word in told for word in words), told
    assert all(key.id.hex() in told for key in BUREAU.keys)


def test_another_policy_is_another_sentence_and_another_digest() -> None:
    witnesses = ALL_THREE.witnesses
    nested = Witnessed(
        quorum="g", fail_closed=True, witnesses=witnesses,
        groups=(Group("any_end", "any", ("JO", "SA")), Group("g", "all", ("any_end", "bureau"))),
    )  # fmt: skip
    some = Witnessed(quorum="g", witnesses=witnesses, groups=(Group("g", 2, ("JO", "SA", "bureau")),))
    told = {page(replace(LAW, witnessed=each), VOCABULARY, "en").general for each in (ALL_THREE, nested, some, None)}
    assert len(told) == 4
    assert "(Jordan or Saudi Arabia)" in " ".join(page(replace(LAW, witnessed=nested), VOCABULARY, "en").general)
    assert replace(LAW, witnessed=nested).digest != replace(LAW, witnessed=some).digest


def test_only_an_agreement_asks_and_what_cannot_be_is_refused_with_its_place() -> None:
    wrong = replace(LAW, witnessed=Witnessed(quorum="nobody"))
    with pytest.raises(Invalid) as caught:
        load_law(write_law(wrong), VOCABULARY)
    assert caught.value.where == "$.witnessed.quorum"
    national = load_law(read("law-JO.json"), VOCABULARY)
    with pytest.raises(Invalid, match="only an agreement"):
        load_law(write_law(replace(national, witnessed=Witnessed(quorum="none"))), VOCABULARY)
    assert load_law(write_law(replace(LAW, witnessed=ALL_THREE)), VOCABULARY).witnessed == ALL_THREE
