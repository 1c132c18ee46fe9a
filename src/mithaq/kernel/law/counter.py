"""The counter: what a nation's own law says for the minutes in which a traveller stands there and a partner is silent.

    "counter": {"on_silence": "refer_to_second_line", "holds": {"inquiry": "PT2H"}, "complaint": {"en": "…"}}

``on_silence`` is what follows from the silence alone. It is never detention, nor anything else that takes somebody's
liberty, and nothing adverse: silence is no ground for it (ICCPR, article 9(1)). ``holds`` is the longest time for which
a measure may keep somebody here; a measure that is not named keeps nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from mithaq.errors import Invalid
from mithaq.kernel.clock import period
from mithaq.kernel.law.vocabulary import Vocabulary, known_word
from mithaq.kernel.values import Code, Line, Period

if TYPE_CHECKING:
    from mithaq.kernel.law.law import Law

ON_SILENCE = ("admit", "ask_supervisor", "refer_to_second_line")
DEPRIVES = frozenset(
    {"arrest", "confine", "custody", "detain", "detention", "hold", "imprison", "jail", "keep", "lock_up", "seize"}
)  # fmt: skip
"""Words that somebody might write there. They are refused by name, so that it is understood why."""
MEASURE = "measure.requested"


class Counter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """``complaint``: where somebody can have it looked at again, in the languages that the nation gives."""

    on_silence: Code
    holds: dict[Code, Period] = {}
    complaint: dict[Annotated[str, Meta(pattern=r"^(ar|en|fr)(?!\n)$")], Line] = {}


class Own(Struct, frozen=True):
    """What all parts of a nation's own law say together, and which law says what follows from silence."""

    counter: Counter
    law: str


def own(laws: Iterable[Law], me: str, at: datetime) -> Own | None:
    """The parts in force together: the first says what follows from silence, the shortest hold counts. None if none."""
    said = [(law.counter, law.ref) for law in laws if law.parties == (me,) and law.counter and law.is_in_force(at)]
    if not said:
        return None
    holds: dict[str, str] = {}
    for counter, _ in said:
        for measure, longest in counter.holds.items():
            holds[measure] = min(holds.get(measure, longest), longest, key=period)
    complaint = next((counter.complaint for counter, _ in said if counter.complaint), {})
    return Own(Counter(on_silence=said[0][0].on_silence, holds=holds, complaint=complaint), said[0][1])


def check(counter: Counter, vocabulary: Vocabulary, where: str) -> None:
    """Refuse a default that takes somebody's liberty, or that is no word of this list; and unknown measures."""
    place = f"{where}.on_silence"
    if DEPRIVES & {counter.on_silence, *counter.on_silence.split("_")}:
        raise Invalid(
            "deprivation", "a partner's silence is no ground to take anybody's liberty", where=place,
            hint=f"one of {', '.join(ON_SILENCE)}",
        )  # fmt: skip
    known_word("default on silence", counter.on_silence, ON_SILENCE, place)
    for measure in counter.holds:
        measures = vocabulary.values(MEASURE) if MEASURE in vocabulary.attributes else ()
        known_word("measure", measure, measures, f"{where}.holds.{measure}")
