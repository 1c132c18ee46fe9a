"""A clause as one sentence: who may, may not, or must on what terms do what, when, and what then binds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mithaq.kernel.law.clause import ANY, Clause
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.treaty.render.catalogue import Speaker
from mithaq.treaty.render.conditions import conditions
from mithaq.treaty.render.terms import exempt, obligations, shown

_BY_RECEIVER = {"hold"}
"""Acts that the receiving side does; all others are the sender's."""


def sentence(clause: Clause, vocabulary: Vocabulary, speaker: Speaker) -> str:
    """The whole clause, and nothing that it does not say."""
    ends = (clause.sender, clause.receiver)
    actor, other = reversed(ends) if clause.act in _BY_RECEIVER else ends
    kinds = speaker.all_of(speaker.word("kind", each) for each in clause.kinds)
    name, partner = speaker.state(actor), speaker.state("another" if other == ANY else other)
    terms = [*shown(clause, speaker), *obligations(clause.obligations, speaker), *exempt(clause, speaker)]
    joined = speaker.say("sentence.separator").join(terms)
    bound = "sentence.duty.terms" if clause.effect == "duty" else "sentence.terms"
    unnamed = clause.effect == "forbid" and actor == ANY
    return _capital(speaker.say(
        "sentence.forbid.any" if unnamed else f"sentence.{clause.effect}",
        actor=name, for_actor=_for(name), act=_act(clause.act, kinds, partner, speaker),
        reciprocal=speaker.say("sentence.reciprocal") if clause.reciprocal else "",
        conditions=conditions(clause, vocabulary, speaker),
        terms=speaker.say(bound, terms=joined) if terms else "",
    ))  # fmt: skip


def _act(act: str, kinds: str, other: str, speaker: Speaker) -> str:
    if speaker.knows(f"act.{act}"):
        return speaker.say(f"act.{act}", kinds=kinds, other=other)
    return f"{speaker.code(act)} {kinds}"


def binding(asked: Mapping[str, Any], speaker: Speaker) -> str:
    """What binds everything under a law; empty where nothing does."""
    terms = speaker.say("sentence.separator").join(obligations(asked, speaker))
    return _capital(speaker.say("sentence.all", terms=terms)) if terms else ""


def _for(name: str) -> str:
    """An Arabic name after the preposition li-, which swallows the alif of the article."""
    return f"لل{name[2:]}" if name.startswith("ال") else f"ل{name}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
