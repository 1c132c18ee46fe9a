"""What a nation's law may say of the counter: never that silence takes anybody's liberty."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pytest

from mithaq.errors import Invalid
from mithaq.kernel.law.counter import DEPRIVES, own
from mithaq.kernel.law.law import Law, load_law, write_law
from mithaq.kernel.law.vocabulary import load_vocabulary
from mithaq.treaty.render.page import page

WORDS = load_vocabulary((resources.files("mithaq.laws") / "vocabulary.json").read_bytes())
AT = datetime(2026, 11, 20, tzinfo=UTC)


def law(name: str = "law-JO", **changes: Any) -> Law:
    text = json.loads((resources.files("mithaq.laws") / f"{name}.json").read_bytes())
    return load_law(json.dumps({**text, **changes}).encode(), WORDS)


@pytest.mark.parametrize("word", [*sorted(DEPRIVES), "detain_until_answered", "hold_in_custody"])
def test_a_law_by_which_silence_takes_liberty_is_refused_at_load(word: str) -> None:
    with pytest.raises(Invalid) as refused:
        law(counter={"on_silence": word})
    assert (refused.value.code, refused.value.where) == ("deprivation", "$.counter.on_silence")


@pytest.mark.parametrize("word", ["refuse_entry", "fine", "search", ""])
def test_nor_does_anything_else_adverse_follow_from_silence(word: str) -> None:
    with pytest.raises(Invalid):
        law(counter={"on_silence": word})


def test_a_measure_that_is_no_word_holds_nobody() -> None:
    with pytest.raises(Invalid) as refused:
        law(counter={"on_silence": "admit", "holds": {"interrogate": "PT1H"}})
    assert refused.value.code == "unknown-word"


def test_only_a_nation_says_what_holds_at_its_counters() -> None:
    for name in ("JO-SA-border", "floor"):
        with pytest.raises(Invalid) as refused:
            law(name, counter={"on_silence": "admit"})
        assert refused.value.code == "counter"


def test_the_parts_of_a_law_are_read_together_and_the_shortest_hold_counts() -> None:
    private = law("law-JO-private", counter={"on_silence": "admit", "holds": {"inquiry": "PT30M"}})
    found = own([law(), private, law("law-SA")], "JO", AT)
    assert found is not None
    assert found.law == "law-JO/1"
    assert found.counter.holds["inquiry"] == "PT30M"
    assert found.counter.holds["refuse_entry"] == "PT4H"
    assert own([law("law-SA")], "JO", AT) is None


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
def test_it_is_rendered_and_read_back(language: Any) -> None:
    known = law()
    told = " ".join(page(known, WORDS, language).general)
    assert {"ar": "الثاني", "en": "second line", "fr": "deuxième ligne"}[language] in told
    assert load_law(write_law(known), WORDS) == known
