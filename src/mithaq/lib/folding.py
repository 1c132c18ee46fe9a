"""Folding: one spelling for the many ways in which one word is written, so that a search finds it.

This is for **search**, where somebody looks for what is there, and not for matching, where it is judged whether two
names are one person. Folding throws away distinctions that a judgement needs (alef forms, vowels, accents), and knows
nothing of transliteration: ``محمد`` and ``Mohammed`` do not meet here.

What is done, in order: Unicode NFKC (presentation forms, full width), case folding, marks taken off (Latin accents,
Arabic vowels, Quranic signs), tatweel and other joiners taken out, the letters of ``_LETTERS`` made one, every decimal
digit made ASCII. Sources: Unicode Standard Annex 15 (NFKC), chapter 9.2 (Arabic); Unicode Technical Report 36.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ٲ": "ا", "ٳ": "ا", "ٵ": "ا",  # alef with hamza, madda, wasla
        "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ئ": "ي",  # alef maqsura, Persian and Urdu yeh, yeh with hamza
        "ؤ": "و", "ۆ": "و", "ۇ": "و",  # waw with hamza, Kurdish and Uighur waw
        "ة": "ه", "ۀ": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه",  # ta marbuta and the forms of heh
        "ک": "ك", "ڪ": "ك",  # Persian and swash kaf
        "ء": None, "ـ": None,  # a hamza of its own is often left out; tatweel only stretches
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i",
    }
)  # fmt: skip
"""Letters that are written one for another. Those that NFKC takes apart already (``أ`` to ``ا`` and a mark) stand here
all the same: the table says what is meant."""

SHORTEST = 2
"""A word of one character finds too much to be worth keeping, unless it stands in a number plate (``tight``)."""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text in the one spelling, words apart by single spaces; what is neither letter nor digit is a space.

    >>> fold("الـقُـدْس"), fold("إبراهيم  آل-سعود"), fold("Müller-Łódź"), fold("۴۸۲۱ ٤٨٢١")
    ('القدس', 'ابراهيم ال سعود', 'muller lodz', '4821 4821')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    apart = unicodedata.normalize("NFD", plain.translate(_LETTERS))
    return " ".join("".join(_character(each) for each in apart).translate(_LETTERS).split())


def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, each once, in the order in which they stand.

    >>> words("Al-Noor, al-Huda")
    ('al', 'noor', 'huda')
    """
    return tuple(dict.fromkeys(fold(text).split()))


def tight(text: str) -> str:
    """The folded text without any separator: how a plate or a number is compared with what somebody typed.

    >>> tight("ب د ر 4821") == tight("بدر-٤٨٢١") == "بدر4821"
    True
    """
    return fold(text).replace(" ", "")


def terms(text: str) -> tuple[str, ...]:
    """Everything by which a text is found: its words, and the whole without separators.

    >>> terms("12-34567")
    ('12', '34567', '1234567')
    """
    found = words(text)
    kept = [each for each in found if len(each) >= SHORTEST]
    return tuple(dict.fromkeys([*kept, *([tight(text)] if found else [])]))


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category.startswith("M") or category == "Cf":  # marks, and joiners that nobody sees
        return ""
    return character if category[0] in "LN" else " "
