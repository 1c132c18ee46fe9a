"""Conditions in words: when a clause holds."""

from __future__ import annotations

from mithaq.kernel.clock import read_instant
from mithaq.kernel.law.clause import Clause, Constraint
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.law.window import read_window
from mithaq.treaty.render.catalogue import Speaker

_TIMED = {"years": "Y", "months": "M", "days": "D"}


def conditions(clause: Clause, vocabulary: Vocabulary, speaker: Speaker) -> str:
    """Everything that must hold; empty where the clause always does."""
    parts = [_condition(each, vocabulary, speaker) for each in clause.when]
    if clause.any:
        groups = [
            speaker.say(
                "conditions.group", number=speaker.count(n),
                conditions=speaker.say("conditions.and").join(_condition(each, vocabulary, speaker) for each in group),
            )
            for n, group in enumerate(clause.any, 1)
        ]  # fmt: skip
        parts.append(speaker.say("conditions.any", groups=speaker.one_of(groups)))
    if not parts:
        return ""
    key = "conditions.permit" if clause.effect == "permit" else "conditions.other"
    return speaker.say(key, conditions=speaker.say("conditions.and").join(parts))


def _condition(asked: Constraint, vocabulary: Vocabulary, speaker: Speaker) -> str:
    name, operator, value = asked.attribute, asked.operator, asked.value
    sort = vocabulary.attributes[name].type
    if sort == "bool":
        return speaker.word("attribute", f"{name}.{'true' if value else 'false'}")
    subject = speaker.word("attribute", name)
    if operator == "during":
        return _during(subject, str(value), speaker)
    if operator == "within":
        return speaker.say("operator.within", attribute=subject, value=speaker.code(str(value)))
    if isinstance(value, tuple):
        words = [_value(name, sort, each, speaker) for each in value]
        listed = speaker.all_of(words) if operator == "allof" else speaker.one_of(words)
        return speaker.say(f"operator.{operator}", attribute=subject, values=listed)
    if sort == "instant":
        written = speaker.instant(read_instant(str(value)))
        return speaker.say(f"operator.instant.{operator}", attribute=subject, value=written)
    if sort == "int":
        unit = _TIMED.get(vocabulary.attributes[name].unit or "")
        told = speaker.period(f"P{value}{unit}") if unit and int(value) >= 0 else speaker.count(int(value))
        return speaker.say(f"operator.{operator}", attribute=subject, value=told)
    return speaker.say(f"operator.{operator}", attribute=subject, value=_value(name, sort, str(value), speaker))


def _value(name: str, sort: str, value: str, speaker: Speaker) -> str:
    if sort == "party":
        return speaker.state(value)
    return speaker.code(value) if sort == "text" else speaker.word(f"value.{name}", value)


def _during(subject: str, value: str, speaker: Speaker) -> str:
    window = read_window(value)
    if window.start is not None and window.end is not None:
        start, end = speaker.instant(window.start), speaker.instant(window.end)
        return speaker.say("operator.during", attribute=subject, start=start, end=end)
    opens, closes = (f"{minute // 60:02}:{minute % 60:02}" for minute in (window.opens, window.closes))
    return speaker.say("operator.during.daily", attribute=subject, start=opens, end=closes)
