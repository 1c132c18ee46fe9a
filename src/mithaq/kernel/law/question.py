"""Questions and answers of the law as lines of a file: what ``mithaq law decide`` reads and writes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decision import Forbid, Miss
from mithaq.kernel.law.level import Level
from mithaq.kernel.law.obligation import Value
from mithaq.kernel.law.request import Cited, Given, Request, check_request
from mithaq.kernel.law.vocabulary import AttributeName, Vocabulary
from mithaq.kernel.values import Code, Count, Instant, KindName, PartyId


class Asked(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True,
            rename={"sender": "from", "receiver": "to"}):  # fmt: skip
    """One line: a request, with the record's fields and their values (of which only the names decide).

    An attribute that is left out is unknown; a place may be given as the area it lies in: ``{"cell": "belt"}``.
    """

    line: Count | None = None
    kind: KindName | None = None
    sender: PartyId
    receiver: PartyId
    act: Code = "share"
    purpose: Code
    instant: Instant
    origin: PartyId | None = None
    exercise: bool = False
    caveats: tuple[Code, ...] = ()
    attributes: dict[AttributeName, Given] = {}
    fields: Annotated[dict[Code, Any], Meta(max_length=1000)] = {}
    cited: Cited | None = None
    clock_sure: bool = True

    def request(self, vocabulary: Vocabulary) -> Request:
        """The Request; Invalid where a word is not one of the vocabulary's."""
        made = Request(
            act=self.act, sender=self.sender, receiver=self.receiver, kind=self.kind, purpose=self.purpose,
            instant=self.instant, origin=self.origin, exercise=self.exercise, caveats=self.caveats,
            attributes=self.attributes, fields=tuple(self.fields), cited=self.cited, clock_sure=self.clock_sure,
        )  # fmt: skip
        check_request(made, vocabulary)
        return made


class Asks(Struct, frozen=True):
    """An obligation and the layers that impose exactly it."""

    what: Code
    value: Value
    by: str


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: the decision, with the level of every field of the request, in its order.

    ``conflict`` is there only for a denial because of obligations that cannot be met together.
    """

    line: Count
    decision: Literal["permit", "deny"]
    basis: Cited | None
    fields: dict[Code, Level]
    obligations: tuple[Asks, ...]
    forbids: tuple[Forbid, ...]
    near_misses: tuple[Miss, ...]
    conflict: tuple[str, ...] = ()


def answer(line: int, request: Request, compiled: Compiled) -> Answer:
    """What the laws say of one line."""
    ruling = compiled.rule(request)
    basis = ruling.basis
    return Answer(
        line=line, decision=ruling.decision, basis=Cited(basis.law, basis.clause) if basis is not None else None,
        fields=ruling.fields, obligations=tuple(Asks(each.what, each.value, each.by) for each in ruling.obligations),
        forbids=ruling.forbids, near_misses=ruling.near_misses, conflict=ruling.conflict,
    )  # fmt: skip
