"""Folding: words that people write differently and mean alike meet; words that differ do not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.lib.folding import fold, terms, tight, words

ALIKE = [
    ("أحمد", "احمد"),
    ("إبراهيم", "ابراهيم"),
    ("آمنة", "امنه"),
    ("مصطفى", "مصطفي"),
    ("فاطمة", "فاطمه"),
    ("مُحَمَّد", "محمد"),
    ("محـــمد", "محمد"),
    ("علی", "علي"),
    ("کریم", "كريم"),
    ("هٰذا", "هذا"),
    ("مؤمن", "مومن"),
    ("ﻣﺤﻤﺪ", "محمد"),
    ("٤٨٢١", "4821"),
    ("۴۸۲۱", "4821"),
    ("٤٨٢١", "۴۸۲۱"),
    ("Müller", "muller"),
    ("STRASSE", "straße"),
    ("Łódź", "lodz"),
    ("İstanbul", "istanbul"),
    ("ＡＢＣ１２", "abc12"),
    ("می\u200cروم", "ميروم"),
    ("سوء", "سو"),
]
DIFFERENT = [("محمد", "احمد"), ("علي", "عالي"), ("4821", "4812"), ("حسن", "حسين"), ("سالم", "سليم")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_spellings_of_one_word_meet(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_words_do_not(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("plate", ["ب د ر 4821", "بدر4821", "ب-د-ر ٤٨٢١", "ب.د.ر/۴۸۲۱", " بـدر 4821 "])
def test_a_plate_is_one_however_it_is_spaced(plate: str) -> None:
    assert tight(plate) == "بدر4821"
    assert "بدر4821" in terms(plate)


def test_a_text_is_found_by_its_words_and_as_a_whole() -> None:
    assert terms("Al-Noor Trading") == ("al", "noor", "trading", "alnoortrading")
    assert terms("12-34567") == ("12", "34567", "1234567")
    assert terms("—") == ()


@given(st.text(max_size=40))
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_the_normal_form_of_what_was_typed_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text(max_size=40))
def test_a_word_holds_letters_and_digits_only(text: str) -> None:
    assert all(character.isalnum() for word in words(text) for character in word)
