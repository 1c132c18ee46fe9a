"""Kinds of Matter, as data: what may be said in one, by whom, when, what it changes, and by when an answer is owed.

A party's *standing* towards a subject (a text of the matter, or an earlier statement) moves as its own verbs say, on
one or more independent *axes*. The *stage* of a text follows from the standings of all parties and from nothing else.
So what each party said can be folded by itself, and it does not matter in which order the statements came in.

A verb that depends on others (``when``) is judged by what its speaker had **heard**: every statement names the newest
one of each other party that its speaker knew. That is the same on every node too.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.kernel.values import Code, KindName, Period

NONE = ""
"""The standing of a party that has said nothing."""


class Verb(Struct, frozen=True, kw_only=True):
    """One thing that may be said. ``after``: own standings from which it may be; ``gives``: the standing it leads to.

    ``role`` is whose act it is inside the nation; how many officials of that role must sign, the nation says.
    ``about`` a text, an earlier statement, or the matter as a whole. ``when``: stages of the text, as heard.
    """

    name: Code
    role: Code
    about: Literal["text", "statement", "matter"] = "text"
    axis: Code = "consent"
    after: tuple[str, ...] = (NONE,)
    gives: str | None = None
    when: tuple[Code, ...] = ()
    brings: Literal["", "text", "patch"] = ""
    takes: type[Struct] | None = None
    opens: bool = False
    joins: bool = False  # may be said by a nation that is not a party, which it makes one


class Stage(Struct, frozen=True):
    """The first that holds is the stage of a text: every, or some, founding party has one of these standings."""

    name: Code
    who: Literal["every", "some"]
    standings: tuple[str, ...]
    axis: Code = "consent"


class Deadline(Struct, frozen=True, kw_only=True):
    """What is owed by others once ``after`` was said, and when; ``discharged_by`` any of these verbs."""

    what: Code
    after: Code
    within: Period
    discharged_by: tuple[Code, ...]
    role: Code
    escalates_to: Code


class MatterKind(Struct, frozen=True, kw_only=True):
    """A versioned kind of Matter."""

    name: KindName
    verbs: tuple[Verb, ...]
    stages: tuple[Stage, ...]
    deadlines: tuple[Deadline, ...] = ()

    def verb(self, name: str) -> Verb | None:
        return next((verb for verb in self.verbs if verb.name == name), None)
