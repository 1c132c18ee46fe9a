"""A digest as words, so that two officials can compare it over the phone.

Each of the 32 bytes is one word of the language's 256-word list; a 33rd word checks the whole sequence, so that
a swapped, repeated or misheard word is noticed (but for one chance in 256). It guards against slips of the ear, not
against a liar: who reads back compares the whole digest. The line number of a word is its byte, so the lists in
``words/`` never change once words have been spoken from them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

from mithaq.errors import Invalid
from mithaq.lib.nearest import did_you_mean, nearest

LANGUAGES = ("ar", "en", "fr")
COUNT = 33
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_BETWEEN = re.compile(r"[\s,،;؛.:]+")
# What a keyboard or a habit of spelling makes different, and the ear does not. Hamza on a letter is a mark to NFKD.
_SAME = str.maketrans(
    {"ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ە": "ه", "ء": "", "ـ": "", "œ": "oe", "æ": "ae"}
)
_SILENT = {"Mn", "Cf"}  # accents and diacritics; marks of writing direction


def words(digest: str, language: str) -> tuple[str, ...]:
    """The 33 words to read out for ``digest``.

    >>> words("sha256:" + "00" * 32, "en")[0] == known("en")[0]
    True
    """
    listed = known(language)
    found = _DIGEST.fullmatch(digest)
    if found is None:
        raise Invalid("words", "not a digest", hint="give 'sha256:' and 64 lower-case hexadecimal digits")
    data = bytes.fromhex(found[1])
    return tuple(listed[byte] for byte in (*data, _check(data)))


def read(text: str, language: str) -> str:
    """The digest that was read out as ``text``; Invalid if a word is unknown, missing, or out of its place."""
    spoken = [word for word in _BETWEEN.split(text) if fold(word)]
    numbers = bytes(_number(word, place, language) for place, word in enumerate(spoken, start=1))
    if len(numbers) != COUNT:
        raise Invalid("words", f"{len(numbers)} words, not {COUNT}", hint="ask for all the words again")
    data = numbers[:-1]
    if numbers[-1] != _check(data):
        raise Invalid(
            "words",
            "the check word does not fit the words before it",
            where=f"word {COUNT}",
            hint="a word was swapped or misheard: ask for all the words again",
        )
    return f"sha256:{data.hex()}"


def fold(word: str) -> str:
    """What is left of a word without case, accents, diacritics and variants of spelling.

    >>> fold("Évier"), fold("إِبْرَة") == fold("ابره")
    ('evier', True)
    """
    bare = unicodedata.normalize("NFKD", word).casefold()
    return "".join(sign for sign in bare if unicodedata.category(sign) not in _SILENT).translate(_SAME)


@cache
def known(language: str) -> tuple[str, ...]:
    """The 256 words of a language: the word for a byte stands at its index."""
    if language not in LANGUAGES:
        raise Invalid("words", f"no words in language {language!r}", hint=did_you_mean(language, LANGUAGES))
    return tuple((files("mithaq.lib") / "words" / f"{language}.txt").read_text("utf-8").split())


@cache
def _numbers(language: str) -> Mapping[str, int]:
    return MappingProxyType({fold(word): number for number, word in enumerate(known(language))})


def _number(word: str, place: int, language: str) -> int:
    numbers, folded = _numbers(language), fold(word)
    if folded in numbers:
        return numbers[folded]
    near = nearest(folded, numbers)
    listed = known(language)
    # Likeness is judged after folding; the hint shows the word as the list spells it.
    hint = did_you_mean(folded if near is None else listed[numbers[near]], listed)
    raise Invalid("words", f"unknown word {word!r}", where=f"word {place}", hint=hint)


def _check(data: bytes) -> int:
    return sha256(data).digest()[0]
