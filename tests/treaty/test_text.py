"""What a nation signs is what it reads: the sentences of a Text are made again at home, and must be the same."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.clause import Citation, Clause, Constraint, Terms
from mithaq.kernel.law.law import Law, load_law, write_law
from mithaq.kernel.law.text import Conclusion, Language, RestsOn, Text, load_text, write_text
from mithaq.kernel.law.vocabulary import load_vocabulary
from mithaq.treaty.render.catalogue import ENGINE, LANGUAGES, Speaker, catalogue
from mithaq.treaty.render.page import page, text_page
from mithaq.treaty.render.provisions import provisions
from mithaq.treaty.text import check_text, make_text
from tests.kernel.law.small_world import WORDS, digest, law

FOLDER = resources.files("mithaq.laws")
SHIPPED = load_vocabulary((FOLDER / "vocabulary.json").read_bytes())
AGREEMENT = load_law((FOLDER / "JO-SA-border.json").read_bytes(), SHIPPED)
ADOPTED = RestsOn(vocabulary=SHIPPED.digest, floor=digest("f"), kinds=digest("c"), gazetteer=digest("9"))
RIYADH = Citation("Riyadh 1983", "secondary", article="4", source="a report")
RESCUE = Clause(
    id="9", effect="permit", sender="JO", receiver="SA", act="share", kinds=("intelligence.alert.person/1",),
    when=(Constraint("purpose", "eq", "search_and_rescue"),), release=Terms({"place": "clear"}), life_saving=True,
)  # fmt: skip


def text(law: Law = AGREEMENT, **changes: Any) -> Text:
    given: dict[str, Any] = {
        "conclusion": Conclusion(), "authentic": ("ar", "en"), "rests_on": ADOPTED, "vocabulary": SHIPPED, **changes,
    }  # fmt: skip
    return make_text(law, **given)


TEXT = text()


def refusal(text: Text, adopted: RestsOn = ADOPTED) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        check_text(text, SHIPPED, adopted=adopted)
    return refused.value.code, refused.value.where


def test_a_text_that_was_made_here_is_accepted_also_as_it_comes_over_the_wire() -> None:
    check_text(TEXT, SHIPPED, adopted=ADOPTED)
    arrived = load_text(write_text(TEXT), SHIPPED)
    assert arrived == TEXT
    check_text(arrived, SHIPPED, adopted=ADOPTED)


def test_the_order_in_which_a_law_was_written_down_changes_no_rendering() -> None:
    exact = load_law(write_law(AGREEMENT), SHIPPED)
    turned = replace(
        AGREEMENT, areas=dict(reversed(AGREEMENT.areas.items())),
        clauses=tuple(
            replace(each, release=each.release and Terms(dict(reversed(each.levels.items()))))
            for each in AGREEMENT.clauses
        ),
    )  # fmt: skip
    assert list(turned.areas) != list(AGREEMENT.areas)
    assert text(turned).renderings == text(exact).renderings == TEXT.renderings


@pytest.mark.parametrize("language", TEXT.authentic)
def test_a_sentence_that_says_something_else_than_its_clause_is_refused(language: Language) -> None:
    lies = replace(TEXT, renderings={**TEXT.renderings, language: digest("0")})
    assert refusal(lies) == ("rendering", f"$.renderings.{language}")


def test_so_is_a_clause_that_was_changed_under_its_sentence() -> None:
    first = AGREEMENT.clauses[0]
    slipped = replace(AGREEMENT, clauses=(replace(first, reciprocal=not first.reciprocal), *AGREEMENT.clauses[1:]))
    assert refusal(replace(TEXT, law=slipped))[0] == "rendering"


@pytest.mark.parametrize(
    "changes",
    [
        {"conclusion": Conclusion(withdrawal_notice="P5Y")},
        {"prevails": "ar"},
        {"parents": (RIYADH,)},
        {"rests_on": replace(ADOPTED, gazetteer=None)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_so_is_anything_else_that_was_changed_under_its_sentence(changes: dict[str, Any]) -> None:
    assert refusal(replace(TEXT, **changes))[0] == "rendering"


def test_of_the_sentences_of_another_renderer_nothing_can_be_said() -> None:
    assert refusal(replace(TEXT, renderer="mithaq-render/2")) == ("renderer", "$.renderer")
    assert refusal(replace(TEXT, renderer="other-render/1")) == ("renderer", "$.renderer")
    assert TEXT.renderer == ENGINE


@pytest.mark.parametrize("what", ["vocabulary", "floor", "kinds", "gazetteer"])
def test_what_this_nation_did_not_adopt_is_named(what: str) -> None:
    assert refusal(TEXT, replace(ADOPTED, **{what: digest("0")})) == ("adopted", f"$.rests_on.{what}")


def test_a_text_may_name_no_gazetteer_but_not_one_that_nobody_adopted_here() -> None:
    without = replace(ADOPTED, gazetteer=None)
    check_text(text(rests_on=without), SHIPPED, adopted=ADOPTED)
    assert refusal(TEXT, without) == ("adopted", "$.rests_on.gazetteer")


def test_a_law_that_does_not_load_is_refused_with_its_place() -> None:
    forged = replace(AGREEMENT.clauses[0], act="sing")
    broken = replace(AGREEMENT, clauses=(*AGREEMENT.clauses[1:], forged))
    at = len(AGREEMENT.clauses) - 1
    assert refusal(replace(TEXT, law=broken)) == ("unknown-word", f"$.law.clauses[{at}].act")
    with pytest.raises(Invalid, match="sing"):
        text(broken)


def test_what_could_not_be_signed_is_not_made() -> None:
    with pytest.raises(Invalid) as refused:
        text(prevails="fr")
    assert refused.value.where == "$.prevails"
    assert refusal(replace(TEXT, prevails="fr")) == ("language", "$.prevails")


VARIED: list[dict[str, Any]] = [
    {}, {"authentic": ("fr",)}, {"authentic": ("ar", "en", "fr")}, {"prevails": "en"}, {"prevails": "ar"},
    {"parents": (RIYADH,)}, {"rests_on": replace(ADOPTED, floor=digest("0"))},
    {"rests_on": replace(ADOPTED, gazetteer=None)}, {"law": replace(AGREEMENT, clauses=(*AGREEMENT.clauses, RESCUE))},
    *({"conclusion": canonical.fit(each, Conclusion)} for each in [
        {"ratification": True}, {"enters_after": "P30D"}, {"ratification": True, "enters_after": "P30D"},
        {"ratification": True, "provisional": True}, {"signatures": {"signatory": 2}},
        {"signatures": {"signatory": 1, "jurist": 1}}, {"accession": "consent"}, {"accession": "open"},
        {"accession": "consent", "open_to": ["IQ"]}, {"accession": "open", "open_to": ["IQ"]},
        {"suspension_notice": "P6M"}, {"withdrawal_notice": "P6M"},
    ]),
]  # fmt: skip
"""Texts that differ in one thing each, so that every phrase of the final provisions is used."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_differs_beside_the_law_reads_differently(language: Language) -> None:
    told = {repr(text_page(text(**each), SHIPPED, language).provisions) for each in VARIED}
    assert len(told) == len(VARIED)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("changes", VARIED, ids=repr)
def test_every_provision_is_one_numbered_sentence_in_its_language(changes: dict[str, Any], language: Language) -> None:
    made = text_page(text(**changes), SHIPPED, language).provisions
    assert [each.number for each in made] == [str(n) for n in range(1, len(made) + 1)]
    for each in made:
        assert each.text.endswith(".")
        assert len(re.findall(r"\.(\s|$)", each.text)) == 1
        bare = re.sub("[«“].*?[»”]", "", each.text)
        assert not re.search(r"[a-z]+_[a-z]+|\{|\}", bare), bare
        assert language != "ar" or not re.search("[A-Za-z]", bare), bare


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_of_the_catalogue_for_final_provisions_is_used(language: Language) -> None:
    speaker = Speaker(language)
    for each in VARIED:
        provisions(text(**each), speaker)
    assert speaker.used >= {
        key for key in catalogue().strings if key.startswith(("final.", "language.", "pin.", "role."))
    }  # fmt: skip


def test_every_text_says_what_holds_of_every_text() -> None:
    for each in VARIED:
        about = [provision.about for provision in text_page(text(**each), SHIPPED, "en").provisions]
        assert len(set(about)) == len(about)
        assert set(about) - {"parents"} == {
            "authentic", "rests_on", "boundary", "signature", "ratification", "entry", "provisional", "accession",
            "suspension", "life_saving", "withdrawal", "survival",
        }  # fmt: skip
        assert ("parents" in about) == ("parents" in each)


@pytest.mark.parametrize(("language", "word"), [("ar", "للأرواح"), ("en", "saves lives"), ("fr", "sauve des vies")])
def test_a_clause_that_survives_suspension_says_so_and_is_listed(language: Language, word: str) -> None:
    made = text_page(text(replace(AGREEMENT, clauses=(*AGREEMENT.clauses, RESCUE))), SHIPPED, language)
    assert word in made.clauses[-1].text
    assert not any(word in each.text for each in made.clauses[:-1])
    (listed,) = (each.text for each in made.provisions if each.about == "life_saving")
    assert "9" in listed
    (none,) = (each.text for each in text_page(TEXT, SHIPPED, language).provisions if each.about == "life_saving")
    assert "9" not in none


def test_a_law_that_nobody_agrees_has_no_final_provisions() -> None:
    assert page(AGREEMENT, SHIPPED, "en").provisions == ()
    assert page(AGREEMENT, SHIPPED, "en").clauses == text_page(TEXT, SHIPPED, "en").clauses


def test_the_words_of_a_renderer_do_not_change_under_those_who_signed_them() -> None:
    """If this fails, phrases, sentences or Babel changed: give ENGINE a new number, then put the new digests here."""
    permit = {"id": "1", "effect": "permit", "release": {"fields": {"name": "clear", "place": "generalised:10km"}}}
    duty = {"id": "2", "effect": "duty", "when": [["score", "ge", 3]], "obligations": {"retain": "P30D", "quota": 5}}
    forbid = {"id": "3", "effect": "forbid", "when": [["tags", "anyof", ["asylum", "child"]]]}
    made = make_text(
        law("agreement", [permit, duty, forbid]), conclusion=Conclusion(enters_after="P30D"), authentic=LANGUAGES,
        rests_on=RestsOn(vocabulary=WORDS.digest, floor=digest("f"), kinds=digest("c")), vocabulary=WORDS,
    )  # fmt: skip
    assert made.renderer == "mithaq-render/1"
    assert made.renderings == {
        "ar": "sha256:2e9773c6f654a720b07f4590277a47a90b6c92a14ff2e91e9c57576ae3f958b5",
        "en": "sha256:0cfc105f006ceb58c3620a76cae41a6ed8a257ebc65d76883f95211201b289da",
        "fr": "sha256:2932ab4939f7facacca73b28ddae704783420e5781739049993aa0ad4443231b",
    }
