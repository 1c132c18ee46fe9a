"""Languages of the console: which one a visitor is spoken to in, our own phrases, and words that come from elsewhere.

``locale/phrases.json`` holds every phrase of the console under a key. ``locale/words.json`` holds what declarations say
in English (titles, labels, meanings of fields) and the codes of closed lists, under exactly that text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import get_args

from babel import Locale
from babel.dates import format_datetime
from msgspec import Struct

from mithaq.kernel import canonical
from mithaq.kernel.law.text import Language as Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "ar"
NAMES: Mapping[str, str] = {"ar": "العربية", "en": "English", "fr": "Français"}
_PATTERN = "d MMMM y HH:mm:ss 'UTC'"


class Phrase(Struct, frozen=True, forbid_unknown_fields=True):
    """One phrase of the console; words in braces are put in."""

    ar: str
    en: str
    fr: str


class Word(Struct, frozen=True, forbid_unknown_fields=True):
    """A word of a declaration or a closed list. ``en`` only where the word itself is a code."""

    ar: str
    fr: str
    en: str = ""


@cache
def phrases() -> dict[str, Phrase]:
    """Every phrase of the console, by key."""
    return canonical.read(_file("phrases.json"), dict[str, Phrase])


@cache
def words() -> dict[str, Word]:
    """Every word that is translated, by its English text or code."""
    return canonical.read(_file("words.json"), dict[str, Word])


def chosen(cookie: str, accepts: str) -> Language:
    """What the visitor chose; else the language that the browser would rather have (RFC 9110, 12.5.4); else Arabic.

    >>> chosen("", "de, fr-CH;q=0.8, en;q=0.9"), chosen("ar", "en"), chosen("xx", "")
    ('en', 'ar', 'ar')
    """
    wanted = [cookie, *_by_preference(accepts[:1000])]
    return next((known for each in wanted for known in LANGUAGES if each == known), DEFAULT)


class Tongue:
    """One language: how it says what the console has to say."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.direction = "rtl" if language == "ar" else "ltr"
        self._locale = Locale(language)

    def say(self, key: str, **put_in: object) -> str:
        """A phrase of the console."""
        return str(getattr(phrases()[key], self.language)).format(**put_in)

    def knows(self, text: str) -> bool:
        return text in words()

    def word(self, text: str) -> str:
        """A label or a code in this language; as it was declared where nobody has translated it."""
        known = words().get(text)
        found = getattr(known, self.language) if known is not None else ""
        return found or (text.replace("_", " ") if re.fullmatch("[a-z0-9_]+", text) else text)

    def nation(self, code: str) -> str:
        """The name of a nation by its code; empty if it is none."""
        return str(self._locale.territories.get(code, "")) if re.fullmatch("[A-Z]{2}", code) else ""

    def label(self, text: str) -> str:
        """A code that may be that of a nation, in this language."""
        return self.nation(text) or self.word(text)

    def instant(self, instant: datetime) -> str:
        """An instant in UTC."""
        return format_datetime(instant, _PATTERN, locale=self._locale)


def _by_preference(accepts: str) -> list[str]:
    weighed = []
    for place, each in enumerate(accepts.split(",")):
        name, _, weight = each.partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.[0-9]{1,3})?)\s*", weight)
        if quality is not None or not weight:
            weighed.append((-float(quality[1]) if quality else -1.0, place, name.strip()[:2].lower()))
    return [name for weight, _, name in sorted(weighed) if weight < 0]


def _file(name: str) -> bytes:
    return resources.files(__package__).joinpath("locale", name).read_bytes()
