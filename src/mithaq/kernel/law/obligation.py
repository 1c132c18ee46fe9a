"""Obligations: what whoever receives, or releases, must do. Each has one dimension and joins towards more protection.

    retain, reply_within   a period          the shorter
    purposes, recipients   a set             what both allow; nothing left = cannot comply
    onward, use            a chain           free < notify < consent < never
    review, notify         a set             what either asks
    quota                  releases a day    the smaller
    log                    [least, most]     the overlap; none = cannot comply
    owed                   true              the sender must release, not only may

``onward`` is passing on to third parties, ``use`` is use for another purpose.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from typing import Any

from msgspec import Struct

from mithaq.errors import Invalid, Malformed
from mithaq.kernel.clock import period
from mithaq.kernel.law.vocabulary import Vocabulary, known_word

Value = str | int | bool | tuple[str, ...]

CHAIN = ("free", "notify", "consent", "never")
REVIEWERS = ("releasing", "receiving")
PERIODS = frozenset({"retain", "reply_within"})
CHAINS = frozenset({"onward", "use"})
MEETS = frozenset({"purposes", "recipients"})
UNIONS = frozenset({"review", "notify"})
WORDS = tuple(sorted(PERIODS | CHAINS | MEETS | UNIONS | {"quota", "log", "owed"}))


class Obligation(Struct, frozen=True, omit_defaults=True):
    """One thing that must be done, and every layer that imposes exactly this. ``over`` are weaker ones it overrode."""

    what: str
    value: Value
    by: str
    over: tuple[tuple[str, Value], ...] = ()


def check(what: str, value: Any, vocabulary: Vocabulary, where: str) -> None:
    """Refuse an obligation that is not one of the words above with a value of its dimension."""
    known_word("obligation", what, WORDS, where)
    if what in PERIODS:
        _check_period(value, where)
    elif what in CHAINS:
        known_word("rule", str(value), CHAIN, where)
    elif what in MEETS | UNIONS:
        _check_words(what, value, vocabulary, where)
    elif what == "quota" and (type(value) is not int or value < 0):
        raise Invalid("obligation", "a quota is a whole number of releases a day", where=where)
    elif what == "owed" and value is not True:
        raise Invalid("obligation", "owed is true or not there", where=where)
    elif what == "log":
        _check_log(value, where)


def join(what: str, values: Iterable[Value]) -> Value | None:
    """The most protective value that satisfies all of these; None if nothing does. One or more values."""
    return reduce(lambda a, b: None if a is None else _join(what, a, b), values)  # type: ignore[arg-type, return-value]


def protects(what: str, value: Value, at_least: Value) -> bool:
    """Whether ``value`` asks for at least as much protection as ``at_least``."""
    joined = join(what, (value, at_least))
    return joined is not None and _measure(what, joined) == _measure(what, value)


def _join(what: str, a: Any, b: Any) -> Value | None:
    if what in PERIODS:
        return str(min(a, b, key=_by_length))
    if what in CHAINS:
        return str(max(a, b, key=CHAIN.index))
    if what in MEETS:
        return tuple(sorted(set(a) & set(b))) or None
    if what in UNIONS:
        return tuple(sorted(set(a) | set(b)))
    if what == "log":
        least, most = max(a[0], b[0], key=_by_length), min(a[1], b[1], key=_by_length)
        return (least, most) if period(least) <= period(most) else None
    return int(min(a, b)) if what == "quota" else True


def _by_length(text: str) -> tuple[timedelta, str]:
    return period(text), text  # the text decides between two spellings of one length, so that order does not


def _measure(what: str, value: Any) -> object:
    """What two values of one obligation are compared by: periods by their length, sets without order."""
    if what in PERIODS:
        return period(value)
    if what == "log":
        return period(value[0]), period(value[1])
    return frozenset(value) if what in MEETS | UNIONS else value


def _check_period(value: Any, where: str) -> None:
    try:
        period(value if isinstance(value, str) else repr(value))
    except Malformed as problem:
        raise Invalid("obligation", problem.message, where=where, hint=problem.hint) from None


def _check_log(value: Any, where: str) -> None:
    if not (isinstance(value, tuple) and len(value) == 2):
        raise Invalid("obligation", "log keeping is two periods: at least, at most", where=where)
    for each in value:
        _check_period(each, where)
    if period(value[0]) > period(value[1]):
        raise Invalid("obligation", "the log must be kept longer than it may be kept", where=where)


def _check_words(what: str, value: Any, vocabulary: Vocabulary, where: str) -> None:
    known = {
        "purposes": vocabulary.purposes,
        "recipients": vocabulary.authorities,
        "review": REVIEWERS,
        "notify": vocabulary.events,
    }[what]
    if not (isinstance(value, tuple) and value):
        raise Invalid("obligation", f"{what} is a list of one or more words", where=where)
    for i, word in enumerate(value):
        known_word("word", str(word), known, f"{where}[{i}]")
