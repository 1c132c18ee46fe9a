"""Every clause is one sentence in three languages, says all of the clause, and changes when the clause does."""

from __future__ import annotations

import re
from importlib import resources
from random import Random
from string import Formatter
from typing import Any

import pytest
from benchmarks import random_law
from msgspec.structs import replace

from mithaq.kernel.law.clause import Clause, Constraint, Terms
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.obligation import CHAIN, CHAINS, REVIEWERS, WORDS
from mithaq.kernel.law.vocabulary import load_vocabulary
from mithaq.treaty.render.catalogue import LANGUAGES, Language, Speaker, catalogue
from mithaq.treaty.render.page import page
from mithaq.treaty.render.sentence import sentence
from tests.test_docs import ROOT

FOLDER = resources.files("mithaq.laws")
SHIPPED = load_vocabulary((FOLDER / "vocabulary.json").read_bytes())
LAWS = [
    load_law(each.read_bytes(), SHIPPED)
    for each in sorted(FOLDER.iterdir(), key=lambda each: each.name)
    if each.name.endswith(".json") and each.name != "vocabulary.json"
]


def needed() -> set[str]:
    """The key of every word that a law in the shipped vocabulary can use."""
    keys = {f"act.{act}" for act in (*SHIPPED.acts, "any")} | {f"kind.{kind}" for kind in (*SHIPPED.kinds, "any")}
    for name, attribute in SHIPPED.attributes.items():
        keys |= (
            {f"attribute.{name}.{each}" for each in ("true", "false")}
            if attribute.type == "bool"
            else {f"attribute.{name}"}
        )
        keys |= {f"value.{name}.{value}" for value in SHIPPED.values(name)}
    keys |= {f"field.{field}" for words in SHIPPED.kinds.values() for field in words.fields}
    keys |= {f"precision.{each}" for precisions in SHIPPED.levels.values() for each in precisions}
    keys |= {f"event.{each}" for each in SHIPPED.events} | {f"authority.{each}" for each in SHIPPED.authorities}
    keys |= {f"obligation.{what}.{each}" for what in CHAINS for each in CHAIN}
    keys |= {f"obligation.{what}" for what in set(WORDS) - CHAINS} | {f"reviewer.{each}" for each in REVIEWERS}
    return keys | {f"page.overlap.{each}" for each in ("named", "later", "lex_specialis", "most_cooperative")}


def test_every_word_of_the_vocabulary_is_in_the_catalogue() -> None:
    assert needed() <= catalogue().strings.keys()


@pytest.mark.parametrize("key", sorted(catalogue().strings))
def test_a_phrase_has_the_same_places_in_every_language(key: str) -> None:
    phrase = catalogue().strings[key]
    texts = [getattr(phrase, language) for language in LANGUAGES]
    assert all(text.strip() for text in texts)
    places = [{name.removeprefix("for_") for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
    assert places[0] == places[1] == places[2]
    assert re.search("[\u0600-\u06ff]", phrase.ar) or not re.search("[a-z]", re.sub(r"\{\w+\}", "", phrase.ar))


def test_a_phrase_that_claims_the_glossary_stands_in_it() -> None:
    rows = [line.split("|") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line[:2] == "| "]
    known = [[set(map(str.strip, re.split("[,،]", cell))) for cell in row[1:4]] for row in rows]
    for key, phrase in catalogue().strings.items():
        if phrase.origin == "glossary":
            told = [re.sub(r"\{\w+\}|[()]", "", text).strip() for text in (phrase.en, phrase.ar, phrase.fr)]
            assert any(all(word in cell for word, cell in zip(told, row, strict=True)) for row in known), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_every_shipped_clause_is_one_sentence_without_a_bare_code(law: Law, language: Language) -> None:
    made = page(law, SHIPPED, language)
    assert [each.id for each in made.clauses] == [each.id for each in law.clauses]
    for each in made.clauses:
        assert each.text.endswith(".")
        assert len(re.findall(r"\.(\s|$)", each.text)) == 1
        bare = re.sub("[«“].*?[»”]", "", each.text)
        assert not re.search(r"[a-z]+_[a-z]+|\{|\}|\b[A-Z]{2}\b(?<!UTC)", bare), bare
        if language == "ar":
            assert not re.search("[A-Za-z]", bare.replace("UTC", "")), bare


@pytest.mark.parametrize("language", LANGUAGES)
def test_any_law_in_any_vocabulary_can_be_rendered(language: Language) -> None:
    random = Random(20)
    book = random_law.book(random, 200)
    for law in book.all:
        made = page(law, book.vocabulary, language)
        assert len(made.clauses) == len(law.clauses)
        assert made == page(law, book.vocabulary, language)


def _changed(clause: Clause) -> list[Clause]:
    """The clause with one thing changed, each time another."""
    found = [replace(clause, reciprocal=not clause.reciprocal), replace(clause, sender="SA", receiver="JO")]
    found.append(replace(clause, life_saving=not clause.life_saving))
    for i in range(len(clause.when)):
        found.append(replace(clause, when=clause.when[:i] + clause.when[i + 1 :]))
    found.append(replace(clause, when=(*clause.when, Constraint("exercise", "eq", True))))
    if clause.release is not None:
        for name, level in clause.levels.items():
            other = "pseudonym" if level != "pseudonym" else "clear"
            found.append(replace(clause, release=Terms({**clause.levels, name: other})))
    for what in clause.obligations:
        found.append(replace(clause, obligations={k: v for k, v in clause.obligations.items() if k != what}))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_changes_in_a_clause_changes_its_sentence(language: Language) -> None:
    agreement = next(law for law in LAWS if law.type == "agreement")
    for clause in agreement.clauses:
        if clause.effect != "permit":
            continue
        told = sentence(clause, SHIPPED, Speaker(language))
        for other in _changed(clause):
            assert sentence(other, SHIPPED, Speaker(language)) != told, other


def test_unknown_is_said_where_it_counts() -> None:
    floor = next(law for law in LAWS if law.type == "floor")
    first = floor.find("F1")
    assert first is not None
    assert "if this is not known" in sentence(first, SHIPPED, Speaker("en"))
    assert "غير معلوم" in sentence(first, SHIPPED, Speaker("ar"))
    agreement = next(law for law in LAWS if law.type == "agreement")
    assert "not known" not in sentence(agreement.clauses[0], SHIPPED, Speaker("en"))


@pytest.mark.parametrize(
    ("period", "en", "ar", "fr"),
    [
        ("P1Y", "1 year", "سنة", "1 an"),
        ("P2D", "2 days", "يومان", "2 jours"),
        ("P90D", "90 days", "90 يومًا", "90 jours"),
        ("PT48H", "48 hours", "48 ساعة", "48 heures"),
        ("P3M", "3 months", "3 أشهر", "3 mois"),
        ("PT30M", "30 minutes", "30 دقيقة", "30 minutes"),
    ],
)
def test_periods_are_told_in_the_unit_they_were_written_in(period: str, en: str, ar: str, fr: str) -> None:
    told: dict[Any, str] = {language: Speaker(language).period(period).replace("\xa0", " ") for language in LANGUAGES}
    assert told == {"en": en, "ar": ar, "fr": fr}


def test_a_state_without_a_phrase_has_its_name_and_a_word_without_one_stands_as_code() -> None:
    assert Speaker("fr").state("CH") == "Suisse"
    assert Speaker("en").state("ZX") == "“ZX”"
    assert Speaker("en").word("purpose", "unheard_of") == "“unheard_of”"
