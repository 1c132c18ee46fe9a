"""The Vocabulary: the closed, versioned list of words that clauses may use, and which Kind can have which attribute.

Every party of an agreement adopts the same Vocabulary, by digest. What it does not list cannot be spoken of: a clause
with an unknown word is refused when it is loaded, with the place and the nearest known word.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.level import PRECISIONS
from mithaq.kernel.values import Code, Digest, Line
from mithaq.lib.nearest import did_you_mean

Sort = Literal["enum", "set", "int", "bool", "instant", "place", "party", "text"]
FieldSort = Literal["plain", "place", "time"]
AttributeName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31})?(?!\n)$")]
Word = Annotated[str, Meta(min_length=1, max_length=64)]

ENVELOPE = {"purpose": "enum", "origin": "party", "exercise": "bool", "caveats": "set", "instant": "instant"}
"""What every request carries by itself: always applicable, whatever the Kind."""


class Attribute(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One thing that a clause may ask about. ``protected`` values may only ever forbid or redact."""

    type: Sort
    meaning: Line
    values: tuple[Word, ...] = ()
    unit: Code | None = None
    protected: tuple[Word, ...] = ()


class KindWords(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the law can say of a Kind: the attributes its records have, and the fields that can be released."""

    attributes: tuple[AttributeName, ...]
    fields: dict[Code, FieldSort]


class Vocabulary(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The words. ``acts`` and ``kinds`` give the attributes that can be known of each."""

    format: Literal["mithaq-vocabulary/1"]
    id: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,47}(?!\n)$")]
    version: Annotated[int, Meta(ge=1)]
    attributes: dict[AttributeName, Attribute]
    purposes: tuple[Code, ...]
    acts: dict[Code, tuple[AttributeName, ...]]
    kinds: dict[Word, KindWords]
    levels: dict[Literal["place", "time"], tuple[Word, ...]]
    events: tuple[Code, ...]
    authorities: tuple[Word, ...]

    @property
    def ref(self) -> str:
        return f"{self.id}/{self.version}"

    @cached_property
    def digest(self) -> Digest:
        return canonical.digest_of(self)

    def applicable(self, act: str, kind: str) -> frozenset[str]:
        """The attributes that can be known of this act on this Kind; all of them where the Kind is not listed."""
        try:
            return self._applicable[act, kind]
        except KeyError:
            return frozenset(self.attributes)

    @cached_property
    def _applicable(self) -> dict[tuple[str, str], frozenset[str]]:
        named = {kind: words.attributes for kind, words in self.kinds.items()} | {"": ()}
        return {
            (act, kind): frozenset((*ENVELOPE, *of_act, *of_kind))
            for act, of_act in self.acts.items()
            for kind, of_kind in named.items()
        }

    def values(self, attribute: str) -> tuple[str, ...]:
        """The closed list of an enum or set; empty for every other type."""
        return self.purposes if attribute == "purpose" else self.attributes[attribute].values


def load_vocabulary(data: bytes) -> Vocabulary:
    """The Vocabulary in these bytes, checked: every word it uses is declared, and the envelope is in it."""
    vocabulary = canonical.read(data, Vocabulary)
    for name, sort in ENVELOPE.items():
        if name not in vocabulary.attributes or vocabulary.attributes[name].type != sort:
            raise Invalid("vocabulary", f"the attribute {name!r} must be there, of type {sort}", where="$.attributes")
    for name, attribute in vocabulary.attributes.items():
        _check_attribute(name, attribute)
    for act, names in vocabulary.acts.items():
        for i, name in enumerate(names):
            known_word("attribute", name, vocabulary.attributes, f"$.acts.{act}[{i}]")
    for kind, words in vocabulary.kinds.items():
        for i, name in enumerate(words.attributes):
            known_word("attribute", name, vocabulary.attributes, f"$.kinds.{kind}.attributes[{i}]")
    for sort, precisions in vocabulary.levels.items():
        for i, precision in enumerate(precisions):
            known_word("precision", precision, PRECISIONS[sort], f"$.levels.{sort}[{i}]")
    return vocabulary


def known_word(what: str, word: str, known: object, where: str) -> None:
    """Refuse a word that is not in ``known``, with the place where it stands and the nearest known one."""
    words = [str(each) for each in known] if isinstance(known, (dict, tuple, list, frozenset, set)) else []
    if word not in words:
        raise Invalid("unknown-word", f"unknown {what} {word!r}", where=where, hint=did_you_mean(word, words))


def _check_attribute(name: str, attribute: Attribute) -> None:
    where = f"$.attributes.{name}"
    closed = attribute.type in ("enum", "set") and name != "purpose"
    if closed != bool(attribute.values):
        raise Invalid("vocabulary", f"a {attribute.type} has {'a' if closed else 'no'} list of values", where=where)
    if len(set(attribute.values)) != len(attribute.values):
        raise Invalid("vocabulary", "a value stands twice", where=f"{where}.values")
    for i, value in enumerate(attribute.protected):
        known_word("value", value, attribute.values, f"{where}.protected[{i}]")
