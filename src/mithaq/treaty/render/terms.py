"""Terms in words: what is shown, and what whoever receives it must do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mithaq.kernel.law import level
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.obligation import CHAINS, PERIODS, WORDS
from mithaq.treaty.render.catalogue import Speaker

_LISTED = {"purposes": "value.purpose", "recipients": "authority", "review": "reviewer", "notify": "event"}


def shown(clause: Clause, speaker: Speaker) -> list[str]:
    """What is shown of which field: of a permit all there is, of a duty the most."""
    by_level: dict[str, list[str]] = {}
    for name, each in clause.levels.items():
        by_level.setdefault(each, []).append(speaker.word("field", name))
    withheld = by_level.pop(level.ABSENT, [])
    groups = speaker.all_of(_level(each, speaker.all_of(names), speaker) for each, names in by_level.items())
    if clause.effect == "permit":
        named = clause.release is not None
        return [speaker.say("terms.shown", groups=groups) if groups else speaker.say("terms.nothing")] if named else []
    limit = [speaker.say("terms.limit", groups=groups)] if groups else []
    return limit + ([speaker.say("terms.withheld", fields=speaker.all_of(withheld))] if withheld else [])


def exempt(clause: Clause, speaker: Speaker) -> list[str]:
    """That no suspension stops the clause, where that is so."""
    return [speaker.say("terms.life_saving")] if clause.life_saving else []


def obligations(asked: Mapping[str, Any], speaker: Speaker) -> list[str]:
    """Every obligation, in the order in which a decision lists them."""
    return [_obligation(what, asked[what], speaker) for what in WORDS if what in asked]


def _level(each: str, fields: str, speaker: Speaker) -> str:
    precision = level.precision(each)
    if precision is None:
        return speaker.say(f"level.{each}", fields=fields)
    return speaker.say("level.generalised", fields=fields, precision=speaker.word("precision", precision))


def _obligation(what: str, value: Any, speaker: Speaker) -> str:
    if what in PERIODS:
        return speaker.say(f"obligation.{what}", value=speaker.period(value))
    if what in CHAINS:
        return speaker.say(f"obligation.{what}.{value}")
    if what in _LISTED:
        words = speaker.all_of(speaker.word(_LISTED[what], each) for each in value)
        return speaker.say(f"obligation.{what}", values=words)
    if what == "log":
        least, most = (speaker.period(each) for each in value)
        return speaker.say("obligation.log.exactly" if least == most else "obligation.log", least=least, most=most)
    return speaker.say(f"obligation.{what}", value=speaker.count(int(value)))
