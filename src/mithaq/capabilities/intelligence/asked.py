"""What crosses when one nation asks another whether it looks for something: question, answer, confirmation, progress.

The model is Prüm II, Regulation (EU) 2024/982, articles 24, 28 and 47 (secondary source, and it binds neither state):
the answer is hit or no hit and nothing else; a qualified person of the nation that asked confirms the match and says
the facts; only then is anything released, as the law of whoever was asked has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.intelligence.parts import Identifier
from mithaq.capabilities.intelligence.records import OPEN, PERSONAL, RESTRICTED
from mithaq.capabilities.intelligence.words import WideReason
from mithaq.kernel.record import Field, Kind
from mithaq.kernel.values import FreeText, KindName, Line, PartyId, RecordId

ONE_CASE = 5
"""Numbers that may belong to one person or thing in one case. A question with more of them asks for a list."""

Wait = Literal["counter", "urgent", "ordinary"]
"""How soon an answer is of use: while somebody stands at the counter, within the day, within days."""
Asked = Annotated[tuple[Identifier, ...], Meta(min_length=1, max_length=32)]
AskedKinds = Annotated[tuple[KindName, ...], Meta(min_length=1, max_length=12)]
Answered = Literal["hit", "nil"]
"""``nil`` says the same whether there is nothing or nothing that may be told. Both words have three letters, so that
whoever sees sealed bytes pass learns nothing from how many there are."""
Confirmed = Literal["confirmed", "false_hit"]
Progressed = Literal["judge_decides", "resumed", "released", "declined"]


class Query(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether a partner has an alert on exactly this: never on a name, nor on part of a number."""

    addressee: Annotated[PartyId, Field("who is asked", OPEN)]
    identifiers: Annotated[Asked, Field("the exact numbers that are asked about", PERSONAL)]
    kinds: Annotated[AskedKinds, Field("the Kinds of alert that are asked for", OPEN)]
    case: Annotated[Line, Field("our reference of the case", RESTRICTED)]
    why: Annotated[Line, Field("why it is needed in this case", RESTRICTED)]
    urgency: Annotated[Wait, Field("how soon an answer is of use", OPEN)]


class HitAnswer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hit or no hit, and nothing else."""

    query: Annotated[RecordId, Field("the question", RESTRICTED)]
    answer: Annotated[Answered, Field("whether there is a hit that may be told", RESTRICTED)]


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person found who compared who or what stands there with what was asked about."""

    query: Annotated[RecordId, Field("the question that had a hit", RESTRICTED)]
    outcome: Annotated[Confirmed, Field("whether it is the same", RESTRICTED)]
    offence: Annotated[WideReason | None, Field("the offence that it is about", RESTRICTED)] = None
    facts: Annotated[FreeText | None, Field("the facts of the case", RESTRICTED, free_text=True)] = None
    compared: Annotated[bool, Field("whether a person compared", RESTRICTED)]


class Progress(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a confirmed hit goes on at whoever was asked: a judge decides, the clock runs again, released, declined."""

    query: Annotated[RecordId, Field("the question", RESTRICTED)]
    state: Annotated[Progressed, Field("how it goes on", RESTRICTED)]
    records: Annotated[
        Annotated[tuple[RecordId, ...], Meta(max_length=200)],
        Field("the alerts that were released for it", RESTRICTED, refers=True),
    ] = ()


def derived(body: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a case stands behind the question, and whether it asks for a list. What is not shown is not known."""
    found: dict[str, Any] = {}
    if "case" in body and "why" in body:
        found["case.referenced"] = bool(str(body["case"]).strip() and str(body["why"]).strip())
    if isinstance(body.get("identifiers"), list | tuple):
        found["query.bulk"] = len(body["identifiers"]) > ONE_CASE
    return found


QUERY = Kind(
    base="intelligence.query", version=1, body=Query, title="case", subject="case", place=None, time=None,
    retention="P30D", attributes={"query.urgency": "urgency"}, act="query", asks="kinds", derives=derived,
)  # fmt: skip
HIT_ANSWER = Kind(
    base="intelligence.answer", version=1, body=HitAnswer, title="answer", subject="query", place=None, time=None,
    retention="P30D",
)  # fmt: skip
CONFIRMATION = Kind(
    base="intelligence.confirmation", version=1, body=Confirmation, title="outcome", subject="query", place=None,
    time=None, retention="P1Y", attributes={"hit.confirmed_by_human": "compared"},
)  # fmt: skip
PROGRESS = Kind(
    base="intelligence.progress", version=1, body=Progress, title="state", subject="query", place=None, time=None,
    retention="P1Y",
)  # fmt: skip

QUERYING: dict[str, Kind] = {
    "query": QUERY, "answer": HIT_ANSWER, "confirmation": CONFIRMATION, "progress": PROGRESS,
}  # fmt: skip


def querying(kind: str) -> str:
    """The word for which of these a Kind is; empty if it is none."""
    base = kind.rpartition("/")[0]
    return next((sort for sort, each in QUERYING.items() if each.base == base), "")
