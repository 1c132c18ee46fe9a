"""Laws: agreements between nations, a nation's own law, and the human-rights floor. One type, one clause language.

A Law is known by its digest, the SHA-256 of its canonical bytes; that is what parties sign and what decisions name.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law import area, clause, obligation
from mithaq.kernel.law import counter as counters
from mithaq.kernel.law.vocabulary import Vocabulary, known_word
from mithaq.kernel.values import Code, Digest, Instant, Line, PartyId
from mithaq.kernel.witness import policy
from mithaq.kernel.witness.policy import Witnessed

Overlap = Literal["named", "most_cooperative", "lex_specialis", "later"]
_PARTIES = {"agreement": (2, 99), "national": (1, 1), "floor": (0, 0)}


class InForce(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"start": "from"}):
    """From this instant, until that one (not included) or without end."""

    start: Instant
    until: Instant | None = None


class Law(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, dict=True):
    """A text that decides. ``obligations`` bind every release under it; ``published`` is false for a private part.

    ``overlap`` says which of several agreements gives the basis when more than one could (``overlap.py``).
    ``counter``: of a national law, what holds at a counter while a partner is silent, and how long a measure may last.
    ``note`` is commentary and decides nothing. ``vocabulary`` is the digest of the words it is written in.
    """

    format: Literal["mithaq-law/1"]
    type: Literal["agreement", "national", "floor"]
    id: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,47}(?!\n)$")]
    version: Annotated[int, Meta(ge=1)]
    previous: Digest | None = None
    title: Line
    note: Annotated[str, Meta(max_length=2000)] = ""
    parties: tuple[PartyId, ...]
    vocabulary: Digest
    in_force: InForce
    published: bool = True
    overlap: Overlap = "named"
    areas: dict[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,47}(?!\n)$")], area.Area] = {}
    obligations: dict[Code, obligation.Value] = {}
    counter: counters.Counter | None = None
    witnessed: Witnessed | None = None  # whose cosignatures the logs of its links need
    clauses: Annotated[tuple[clause.Clause, ...], Meta(max_length=10_000)]

    @property
    def ref(self) -> str:
        return f"{self.id}/{self.version}"

    @cached_property
    def digest(self) -> Digest:
        return canonical.digest_of(self)

    @cached_property
    def _by_id(self) -> dict[str, clause.Clause]:
        return {each.id: each for each in self.clauses}

    def find(self, id: str) -> clause.Clause | None:
        return self._by_id.get(id)

    def binds(self, sender: str, receiver: str, instant: datetime) -> bool:
        """Whether it speaks of what ``sender`` does towards ``receiver`` at this instant. The floor always does."""
        if self.type == "floor":
            return True
        if self.type == "agreement":
            concerned = sender != receiver and sender in self.parties and receiver in self.parties
        else:
            concerned = self.parties[0] in (sender, receiver)
        return concerned and self.is_in_force(instant)

    def is_in_force(self, instant: datetime) -> bool:
        until = self.in_force.until
        return self.in_force.start <= instant and (until is None or instant < until)


def load_law(data: bytes, vocabulary: Vocabulary) -> Law:
    """The Law in these bytes, every word of it known to the Vocabulary. The first fault is raised with its JSON path.

    Raises Malformed or Invalid; nothing that could not be fully understood is ever loaded.
    """
    law = canonical.read(data, Law)
    check(law, vocabulary)
    if canonical.encode(canonical.read(data, dict)) != write_law(law):
        # Two spellings of one law would have two digests, and could be signed apart.
        raise Invalid("spelling", "a default is written out, or an instant in another spelling", hint="leave it out")
    return law


def write_law(law: Law) -> bytes:
    """The canonical bytes of a Law: what its digest is of, and what is signed."""
    return canonical.encode(law)


def check(law: Law, vocabulary: Vocabulary) -> None:
    """Refuse a Law that uses an unknown word, or says what its type cannot say."""
    if law.vocabulary != vocabulary.digest:
        raise Invalid(
            "vocabulary", f"{law.ref} rests on {law.vocabulary}, not on {vocabulary.ref}", where="$.vocabulary",
            hint=f"the digest of {vocabulary.ref} is {vocabulary.digest}",
        )  # fmt: skip
    _check_parties(law)
    if law.counter is not None:
        if law.type != "national":
            raise Invalid("counter", "only a nation says what holds at its counters", where="$.counter")
        counters.check(law.counter, vocabulary, "$.counter")
    for name, each in law.areas.items():
        area.check(each, f"$.areas.{name}")
    if law.witnessed is not None:
        if law.type != "agreement":
            raise Invalid("witnessed", "only an agreement has links to be witnessed", where="$.witnessed")
        policy.check(law.witnessed, law.parties, "$.witnessed")
    for what, value in law.obligations.items():
        obligation.check(what, value, vocabulary, f"$.obligations.{what}")
    seen: set[str] = set()
    for i, each_clause in enumerate(law.clauses):
        where = f"$.clauses[{i}]"
        if each_clause.id in seen:
            raise Invalid("clause", f"the clause {each_clause.id!r} stands twice", where=f"{where}.id")
        seen.add(each_clause.id)
        _check_direction(law, each_clause, where)
        clause.check(each_clause, vocabulary, frozenset(law.areas), where)


def _check_parties(law: Law) -> None:
    least, most = _PARTIES[law.type]
    if not least <= len(set(law.parties)) == len(law.parties) <= most:
        raise Invalid("parties", f"a law of type {law.type} cannot have these parties", where="$.parties")
    if law.type != "national" and not law.published:
        raise Invalid("published", "only a national law has a private part", where="$.published")
    if law.type != "agreement" and law.overlap != "named":
        raise Invalid("overlap", "only an agreement can overlap with another", where="$.overlap")
    until = law.in_force.until
    if until is not None and (law.type == "floor" or until <= law.in_force.start):
        raise Invalid("in-force", "a floor has no end, and no law ends before it starts", where="$.in_force.until")


def _check_direction(law: Law, each: clause.Clause, where: str) -> None:
    """An agreement speaks of its parties. Only an agreement permits across a border; a law permits only at home.

    Nor is anything but an agreement ever suspended, so that nothing else survives suspension.
    """
    if each.life_saving and law.type != "agreement":
        raise Invalid("life-saving", "only an agreement can be suspended", where=f"{where}.life_saving")
    if law.type == "agreement":
        for end, country in (("from", each.sender), ("to", each.receiver)):
            if country != clause.ANY:
                known_word("party", country, law.parties, f"{where}.{end}")
    elif each.effect == "permit":
        home = law.parties[:1] * 2
        if (each.sender, each.receiver) != home:
            raise Invalid("clause", "only an agreement can permit across a border", where=where)
