"""The catalogue: every phrase in three languages, each with its origin, and how a language writes lists and periods.

``glossary`` phrases stand in docs/glossary.md; ``own`` ones are our wording, not reviewed by native legal officers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal
from msgspec import Meta, Struct

from mithaq.kernel import canonical
from mithaq.kernel.clock import period
from mithaq.kernel.law.text import Language as Language

ENGINE: Literal["mithaq-render/1"] = "mithaq-render/1"
"""Who makes the sentences. Signed texts name it: a new number whenever a phrase, a word or their order is changed."""
LANGUAGES: tuple[Language, ...] = ("ar", "en", "fr")
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day", "H": "hour", "TM": "minute", "S": "second"}


class Phrase(Struct, frozen=True, forbid_unknown_fields=True):
    """One phrase; words in braces are put in."""

    origin: Literal["glossary", "own"]
    ar: str
    en: str
    fr: str


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """All phrases, by key."""

    format: Literal["mithaq-catalogue/1"]
    note: Annotated[str, Meta(max_length=500)]
    strings: dict[str, Phrase]


@cache
def catalogue() -> Catalogue:
    """The catalogue that Mithaq ships."""
    return canonical.read(resources.files(__package__).joinpath("catalogue.json").read_bytes(), Catalogue)


class Speaker:
    """One language. Remembers which phrases it used, so that a page can say how many nobody has reviewed."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.used: set[str] = set()

    def say(self, key: str, **words: str) -> str:
        """The phrase with these words put in."""
        self.used.add(key)
        return str(getattr(catalogue().strings[key], self.language)).format(**words)

    def knows(self, key: str) -> bool:
        return key in catalogue().strings

    def word(self, sort: str, word: str) -> str:
        """A word of the vocabulary in this language; the word itself, marked as code, where nobody translated it."""
        key = f"{sort}.{word}"
        return self.say(key) if self.knows(key) else self.code(word)

    def code(self, word: str) -> str:
        """A word that is the same in every language."""
        return self.say("code", word=word)

    def state(self, code: str) -> str:
        """The name of a state, with its article where the language wants one."""
        if self.knows(f"state.{code}"):
            return self.say(f"state.{code}")
        return str(Locale(self.language).territories.get(code) or self.code(code))

    def all_of(self, words: Iterable[str]) -> str:
        return str(format_list(list(words), style="standard", locale=self.language))

    def one_of(self, words: Iterable[str]) -> str:
        return str(format_list(list(words), style="or", locale=self.language))

    def period(self, text: str) -> str:
        """An ISO 8601 period of one unit in words."""
        unit = re.sub("[0-9]+", "", text.removeprefix("P"))
        name = _UNITS[unit if unit == "TM" else unit[-1]]
        return str(format_timedelta(period(text), granularity=name, threshold=1e12, locale=self.language))  # type: ignore[arg-type]

    def count(self, number: int) -> str:
        return str(format_decimal(number, locale=self.language, numbering_system="latn"))

    def instant(self, instant: datetime) -> str:
        """An instant in UTC; midnight is told as the day alone."""
        pattern = (
            "d MMMM y" if (instant.hour, instant.minute, instant.second) == (0, 0, 0) else "d MMMM y HH:mm:ss 'UTC'"
        )
        return str(format_datetime(instant, pattern, locale=self.language))
