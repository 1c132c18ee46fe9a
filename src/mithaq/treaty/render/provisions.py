"""Final provisions in words: what a text says beside its law, one numbered sentence each.

What holds for every text is said in every text, and what a text leaves out is said to be left out: no signatory must
know a default.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mithaq.kernel.law.clause import Citation
from mithaq.kernel.law.text import Conclusion, RestsOn, Text
from mithaq.treaty.render.catalogue import Speaker


class Provision(Struct, frozen=True):
    """One provision: its number, what it is about (a code), its sentence, and what it cites as lines of text."""

    number: str
    about: str
    text: str
    cite: tuple[str, ...] = ()


def provisions(text: Text, speaker: Speaker) -> tuple[Provision, ...]:
    """All of them, in the order in which treaties have them."""
    told = (*_frame(text, speaker), *_bound(text, speaker), *_ended(text, speaker))
    return tuple(
        Provision(speaker.count(n), about, sentence, cite) for n, (about, sentence, cite) in enumerate(told, 1)
    )


def cited(found: tuple[Citation, ...], speaker: Speaker) -> tuple[str, ...]:
    """Citations as lines of text."""
    lines = []
    for each in found:
        article = [speaker.say("page.cite.article", article=each.article)] if each.article is not None else []
        lines.append(", ".join([each.instrument, *article]) + f" [{speaker.say(f'page.cite.{each.status}')}]")
    return tuple(lines)


Told = Iterator[tuple[str, str, tuple[str, ...]]]


def _frame(text: Text, speaker: Speaker) -> Told:
    """Where the text stands: its languages, what is above it, what it leaves untouched."""
    yield "authentic", _authentic(text, speaker), ()
    if text.parents:
        yield "parents", speaker.say("final.parents"), cited(text.parents, speaker)
    yield "rests_on", speaker.say("final.rests_on"), _pins(text.rests_on, speaker)
    yield "boundary", speaker.say("final.boundary"), ()


def _bound(text: Text, speaker: Speaker) -> Told:
    """How parties become bound, and others after them (VCLT 12, 14, 15, 24, 25)."""
    conclusion = text.conclusion
    officials = speaker.all_of(
        speaker.say("final.official", role=speaker.word("role", role), count=speaker.count(count))
        for role, count in conclusion.signatures.items()
    )
    yield "signature", speaker.say("final.signature", officials=officials), ()
    yield "ratification", speaker.say(f"final.ratification.{_yes(conclusion.ratification)}"), ()
    yield "entry", _entry(text, speaker), ()
    yield "provisional", speaker.say(f"final.provisional.{_yes(conclusion.provisional)}"), ()
    yield "accession", _accession(conclusion, speaker), ()


def _ended(text: Text, speaker: Speaker) -> Told:
    """How it is suspended and ended, and what outlasts that (VCLT 44, 56, 65, 70)."""
    conclusion = text.conclusion
    saving = [speaker.code(each.id) for each in text.law.clauses if each.life_saving]
    exempt = speaker.say("final.life_saving.some", clauses=speaker.all_of(saving)) if saving else None
    yield "suspension", speaker.say("final.suspension", period=speaker.period(conclusion.suspension_notice)), ()
    yield "life_saving", exempt or speaker.say("final.life_saving.none"), ()
    yield "withdrawal", speaker.say("final.withdrawal", period=speaker.period(conclusion.withdrawal_notice)), ()
    yield "survival", speaker.say("final.survival"), ()


def _authentic(text: Text, speaker: Speaker) -> str:
    languages = speaker.all_of(speaker.say(f"language.{each}") for each in text.authentic)
    if text.prevails is not None:
        prevails = speaker.say(f"language.{text.prevails}")
        return speaker.say("final.authentic.prevails", languages=languages, prevails=prevails)
    return speaker.say(f"final.authentic.{'equal' if len(text.authentic) > 1 else 'one'}", languages=languages)


def _pins(rests_on: RestsOn, speaker: Speaker) -> tuple[str, ...]:
    pinned = {name: getattr(rests_on, name) for name in rests_on.__struct_fields__}
    return tuple(
        speaker.say("final.pin", what=speaker.say(f"pin.{name}"), digest=digest)
        for name, digest in pinned.items() if digest is not None
    )  # fmt: skip


def _entry(text: Text, speaker: Speaker) -> str:
    start = speaker.instant(text.law.in_force.start)
    key = f"final.entry.{'ratified' if text.conclusion.ratification else 'signed'}"
    after = text.conclusion.enters_after
    if after is None:
        return speaker.say(key, start=start)
    return speaker.say(f"{key}.after", period=speaker.period(after), start=start)


def _accession(conclusion: Conclusion, speaker: Speaker) -> str:
    key = f"final.accession.{conclusion.accession}"
    if not conclusion.open_to:
        return speaker.say(key)
    return speaker.say(f"{key}.named", states=speaker.all_of(map(speaker.state, conclusion.open_to)))


def _yes(whether: bool) -> str:
    return "yes" if whether else "no"
