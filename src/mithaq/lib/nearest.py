"""The known word nearest to a misspelt one: for hints, never for deciding."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, or None if none is like it.

    >>> nearest("drug_traficking", ["vehicle_theft", "drug_trafficking"])
    'drug_trafficking'
    >>> nearest("x", ["vehicle_theft"]) is None
    True
    """
    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a person who wrote an unknown word."""
    words = sorted(known)
    near = nearest(word, words)
    if near is not None:
        return f"did you mean {near!r}?"
    shown = ", ".join(words[:12])
    return f"known words: {shown}{', …' if len(words) > 12 else ''}"
