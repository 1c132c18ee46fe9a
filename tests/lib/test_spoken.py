"""A digest read over the phone: it comes back the same, or the slip is noticed and placed."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.errors import Invalid
from mithaq.lib.spoken import COUNT, LANGUAGES, fold, known, read, words

DIGEST = f"sha256:{sha256(b'a pact').hexdigest()}"
LANGUAGE = st.sampled_from(LANGUAGES)
# A word's line is its byte: a list that changed would read out other words than a partner's older node does.
LISTS = {
    "ar": "5cc173fe4d7c8c3ced557dd60ef9334ccbef325ad9553c5ef8571079a2972139",
    "en": "1e4d8ceac643fad3ccf0f99b0df74475e212b1caaa28d0cd028b8bbf07f295de",
    "fr": "913299a1d56a1992f587974333cb34ec3852b2bc5753130c69634d17a6b69422",
}
each_language = pytest.mark.parametrize("language", LANGUAGES)


@given(st.binary(min_size=32, max_size=32), LANGUAGE)
def test_what_is_read_out_is_what_is_heard(data: bytes, language: str) -> None:
    digest = f"sha256:{data.hex()}"
    spoken = words(digest, language)
    assert len(spoken) == COUNT
    assert read(" ".join(spoken), language) == digest


@each_language
def test_the_check_word_is_the_first_byte_of_the_hash_of_the_bytes(language: str) -> None:
    data = bytes(range(32))
    spoken = words(f"sha256:{data.hex()}", language)
    assert spoken[:-1] == known(language)[:32]
    assert spoken[-1] == known(language)[sha256(data).digest()[0]]


@each_language
def test_a_list_has_256_words_that_no_single_slip_confuses(language: str) -> None:
    folded = [fold(word) for word in known(language)]
    assert len(set(folded)) == len(folded) == 256
    assert all(word.isalpha() and 2 <= len(word) <= 11 for word in folded)
    seen: dict[str, str] = {}
    for word in folded:
        for blurred in one_letter_blurred(word):
            assert seen.setdefault(blurred, word) == word, "one letter replaced"
        for shorter in one_letter_less(word):
            assert shorter not in folded, f"{word}: one letter dropped"


@each_language
def test_a_list_never_changes(language: str) -> None:
    assert sha256("\n".join(known(language)).encode()).hexdigest() == LISTS[language]


@each_language
def test_two_swapped_words_are_noticed(language: str) -> None:
    for place in range(COUNT - 1):
        spoken = list(words(DIGEST, language))
        spoken[place : place + 2] = spoken[place + 1], spoken[place]
        with pytest.raises(Invalid, match="check word does not fit") as caught:
            read(" ".join(spoken), language)
        assert caught.value.code == "words"
        assert caught.value.where == "word 33"


@each_language
def test_a_word_taken_for_another_known_word_is_noticed(language: str) -> None:
    for place in (0, 15, 31, 32):
        spoken = list(words(DIGEST, language))
        spoken[place] = next(word for word in known(language) if word != spoken[place])
        with pytest.raises(Invalid, match="check word does not fit"):
            read(" ".join(spoken), language)


@each_language
def test_a_dropped_a_repeated_and_no_word_are_counted(language: str) -> None:
    spoken = words(DIGEST, language)
    for place in range(COUNT):
        before, word, after = spoken[:place], spoken[place], spoken[place + 1 :]
        with pytest.raises(Invalid, match="32 words, not 33"):
            read(" ".join((*before, *after)), language)
        with pytest.raises(Invalid, match="34 words, not 33"):
            read(" ".join((*before, word, word, *after)), language)
    with pytest.raises(Invalid, match="0 words, not 33"):
        read(" ,\n", language)


@each_language
def test_a_word_repeated_in_place_of_the_next_is_noticed(language: str) -> None:
    spoken = words(DIGEST, language)
    for place in range(COUNT - 1):
        with pytest.raises(Invalid, match="check word does not fit"):
            read(" ".join((*spoken[: place + 1], spoken[place], *spoken[place + 2 :])), language)


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [("en", "elefant", "elephant"), ("fr", "EPONJE", "éponge"), ("ar", "سلحفاط", "سلحفاة")],
)
def test_a_mistyped_word_is_placed_and_the_nearest_known_word_is_named(language: str, typed: str, meant: str) -> None:
    spoken = list(words(DIGEST, language))
    spoken[6] = typed
    with pytest.raises(Invalid) as caught:
        read(" ".join(spoken), language)
    assert (caught.value.code, caught.value.where) == ("words", "word 7")
    assert typed in caught.value.message
    assert caught.value.hint == f"did you mean {meant!r}?"


def test_a_word_like_none_is_answered_with_some_known_words() -> None:
    with pytest.raises(Invalid) as caught:
        read("qqqqqqq", "en")
    assert caught.value.hint.startswith("known words: acorn, ")


@given(st.binary(min_size=32, max_size=32), LANGUAGE, st.sampled_from([", ", "،", "\n", " \r\n\t", ";", ". "]))
def test_case_accents_and_separators_do_not_matter(data: bytes, language: str, between: str) -> None:
    digest = f"sha256:{data.hex()}"
    spoken = words(digest, language)
    for form in ("NFC", "NFD"):
        assert read(unicodedata.normalize(form, between.join(spoken).upper()), language) == digest
    assert read(between.join(fold(word) for word in spoken), language) == digest
    assert read(f"\u200f{between}{between.join(spoken)}{between}\u200e", language) == digest


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("إِبْرِيق", "إبريق"),
        ("ابريق", "إبريق"),
        ("أبريق", "إبريق"),
        ("ٱبريق", "إبريق"),
        ("ابـــريق", "إبريق"),
        ("زَرَافَه", "زرافة"),
        ("لولوه", "لؤلؤة"),
        ("شاطي", "شاطئ"),
        ("شاطى", "شاطئ"),
        ("مينا", "ميناء"),
        ("کرسی", "كرسي"),
    ],
)
def test_arabic_is_read_with_or_without_its_marks(typed: str, listed: str) -> None:
    place = known("ar").index(listed)
    digest = f"sha256:{bytes([place] * 32).hex()}"
    check = words(digest, "ar")[-1]
    assert read(" ".join((*[typed] * 32, check)), "ar") == digest


def test_french_is_read_with_or_without_its_accents() -> None:
    place = known("fr").index("théière")
    digest = f"sha256:{bytes([place] * 32).hex()}"
    check = words(digest, "fr")[-1]
    for typed in ("theiere", "THÉIÈRE", "Theière"):
        assert read(" ".join((*[typed] * 32, check)), "fr") == digest


@pytest.mark.parametrize("digest", ["", "00" * 32, "sha256:" + "00" * 31, "sha256:" + "AA" * 32, DIGEST + "\n"])
def test_only_a_digest_is_read_out(digest: str) -> None:
    with pytest.raises(Invalid, match="not a digest") as caught:
        words(digest, "en")
    assert caught.value.code == "words"


def test_a_language_without_a_list_is_refused() -> None:
    for attempt in (lambda: words(DIGEST, "de"), lambda: read("Apfel", "../fr")):
        with pytest.raises(Invalid, match="no words in language") as caught:
            attempt()
        assert caught.value.code == "words"


def test_a_word_of_another_language_is_unknown() -> None:
    with pytest.raises(Invalid, match="unknown word"):
        read(" ".join(words(DIGEST, "ar")), "en")


def test_no_two_neighbours_of_the_fixed_example_are_the_same() -> None:
    """Or swapping them would be no slip, and the tests above would prove nothing."""
    assert all(left != right for left, right in pairwise(words(DIGEST, "en")))


def one_letter_blurred(word: str) -> set[str]:
    return {f"{word[:place]}?{word[place + 1 :]}" for place in range(len(word))}


def one_letter_less(word: str) -> set[str]:
    return {word[:place] + word[place + 1 :] for place in range(len(word))}
