"""The fold: what a Matter has come to, from the statements that a node holds, whatever order they came in.

The statements form a graph: each follows the one before it in its party's chain, and those that its speaker had heard.
A statement counts once all of that is here; until then it *waits*. One that its kind does not allow has *no effect*, on
every node alike, and the chain goes on after it. Nothing is judged by the order of arrival or by a clock.

    same statements  =>  same State, byte for byte
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from mithaq.errors import BadInput
from mithaq.kernel import canonical
from mithaq.kernel.matter.kind import NONE, MatterKind, Verb
from mithaq.kernel.matter.said import Said
from mithaq.kernel.values import Digest, Instant

Subject = tuple[str, str, str]
"""(party, digest of what it is about, axis)."""


class Standing(Struct, frozen=True):
    """Where a party stands towards one subject, since which of its statements, and when it says it made it."""

    party: str
    subject: str
    axis: str
    value: str
    number: int
    at: Instant


class Idle(Struct, frozen=True):
    """A statement that has no effect, and why; or that waits, and for what."""

    party: str
    number: int
    why: str


class State(Struct, frozen=True):
    """What the matter has come to. ``texts`` are the offers in the order of what was heard, with who made each.

    ``effective`` are the statements that count, by party and number. Equal statements give equal States.
    """

    matter: str
    kind: str
    parties: tuple[str, ...]
    joined: tuple[str, ...]
    texts: tuple[tuple[Digest, str, int], ...]
    standings: tuple[Standing, ...]
    void: tuple[Idle, ...]
    waiting: tuple[Idle, ...]
    effective: tuple[Said, ...]
    heads: tuple[tuple[str, Digest], ...]

    @property
    def digest(self) -> Digest:
        return canonical.digest_of(self)

    def standing(self, party: str, subject: str, axis: str = "consent") -> str:
        return next(
            (s.value for s in self.standings if (s.party, s.subject, s.axis) == (party, subject, axis)), NONE
        )  # fmt: skip

    def head(self, party: str) -> Digest | None:
        return next((digest for name, digest in self.heads if name == party), None)


def fold(kind: MatterKind, statements: Iterable[Said]) -> State:
    """The State that these statements of one matter give. They are verified and form chains; any order will do."""
    return _Fold(kind, statements).state()


def stage(kind: MatterKind, standing: Mapping[Subject, str], parties: Sequence[str], text: str) -> str:
    """The stage of a text, from where its founding parties stand; empty if none holds yet."""
    for each in kind.stages:
        stands = [standing.get((party, text, each.axis), NONE) in each.standings for party in parties]
        if parties and (all(stands) if each.who == "every" else any(stands)):
            return each.name
    return ""


def stage_of(kind: MatterKind, state: State, text: str) -> str:
    """The stage of a text in a State."""
    return stage(kind, {(s.party, s.subject, s.axis): s.value for s in state.standings}, state.parties, text)


class _Fold:
    def __init__(self, kind: MatterKind, statements: Iterable[Said]) -> None:
        self._kind = kind
        self._all = {each.digest: each for each in statements}
        self._verbs = {verb.name: verb for verb in kind.verbs}
        self._sound: set[str] = set()  # digests of statements that stand where they say in their party's chain
        self._history: dict[Subject, tuple[list[int], list[Standing]]] = {}
        self._parties: tuple[str, ...] = ()
        self._joined: dict[str, None] = {}
        self._texts: dict[str, set[tuple[str, int]]] = {}
        self._void: list[Idle] = []
        self._effective: list[Said] = []
        self._heads: dict[str, tuple[int, str]] = {}
        places = Counter((each.party, each.number) for each in self._all.values())
        self._twice = {place for place, count in places.items() if count > 1}

    def state(self) -> State:
        waiting = self._walk()
        some = next(iter(self._all.values()), None)
        return State(
            matter=some.matter if some else "",
            kind=self._kind.name,
            parties=self._parties,
            joined=tuple(sorted(self._joined)),
            texts=tuple(sorted((digest, *min(by)) for digest, by in self._texts.items())),
            standings=tuple(
                sorted((s[-1] for _, s in self._history.values()), key=lambda s: (s.party, s.subject, s.axis))
            ),
            void=tuple(sorted(self._void, key=_place)),
            waiting=tuple(sorted(waiting, key=_place)),
            effective=tuple(sorted(self._effective, key=_place)),
            heads=tuple(sorted((party, digest) for party, (_, digest) in self._heads.items())),
        )

    def _walk(self) -> list[Idle]:
        """Take every statement whose past is here, in an order in which its past comes first; give what waits."""
        missing: dict[str, int] = {}
        followers: dict[str, list[str]] = {}
        ready: list[str] = []
        for digest, each in self._all.items():
            past = [*each.heard.values(), *([each.previous] if each.previous is not None else [])]
            missing[digest] = len(past)
            for earlier in past:
                followers.setdefault(earlier, []).append(digest)
            if not past:
                ready.append(digest)
        while ready:
            digest = ready.pop()
            del missing[digest]
            self._take(self._all[digest])
            for later in followers.get(digest, ()):
                missing[later] -= 1
                if missing[later] == 0:
                    ready.append(later)
        return [Idle(self._all[d].party, self._all[d].number, "what it follows is not here") for d in missing]

    def _take(self, said: Said) -> None:
        why = self._refusal(said)
        if said.digest in self._sound:
            self._heads[said.party] = (said.number, said.digest)
        if why:
            self._void.append(Idle(said.party, said.number, why))
            return
        verb = self._verbs[said.says]
        self._effective.append(said)
        if verb.opens:
            self._parties = tuple(said.terms.get("parties", ()))
        if verb.joins:
            self._joined[said.party] = None
        if verb.brings and said.about is not None:
            self._texts.setdefault(said.about, set()).add((said.party, said.number))
        if verb.gives is not None:
            at = (said.party, said.about or "", verb.axis)
            numbers, standings = self._history.setdefault(at, ([], []))
            numbers.append(said.number)
            standings.append(Standing(*at, verb.gives, said.number, said.at))

    def _refusal(self, said: Said) -> str:
        """Why the kind does not let this be said; empty if it does. It looks only at what the speaker had heard."""
        if not self._is_sound(said):
            return "not the next of its chain"
        self._sound.add(said.digest)
        verb = self._verbs.get(said.says)
        if verb is None or said.kind != self._kind.name:
            return "not a verb of this kind"
        if said.role != verb.role:
            return "not in the role that this verb asks"
        wrong = _terms(said, verb)
        if wrong:
            return wrong
        heard, opener = self._heard(said), said.matter[:2]
        if self._forgets(said, heard):
            return "it forgets what it had heard"
        if verb.opens is not (said.number == 1 and said.party == opener):
            return "a matter is opened once, by whom its name says"
        if verb.opens and said.party not in said.terms.get("parties", ()):
            return "not a party to what it offers"
        if not verb.opens and not heard.get(opener):
            return "it has not heard what opened the matter"
        if not verb.opens and not verb.joins and said.party not in (*self._parties, *self._joined):
            return "not a party to this matter"
        if verb.about == "text" and not verb.brings and not self._has_heard_of(said.about, heard):
            return "no such text"
        if verb.about == "statement" and not self._has_heard(said.about, heard):
            return "no such statement"
        if self._before(said, verb) not in verb.after:
            return "not from where its party stands"
        if verb.when and self._stage(said, heard) not in verb.when:
            return "not at this stage"
        return ""

    def _is_sound(self, said: Said) -> bool:
        """Whether it stands where it says in its party's chain. One that does not counts for nothing, nor is heard."""
        if (said.party, said.number) in self._twice or (said.previous is None) is not (said.number == 1):
            return False
        if said.previous is None:
            return True
        before = self._all[said.previous]
        follows = (before.party, before.number) == (said.party, said.number - 1) and before.at <= said.at
        return follows and said.previous in self._sound

    def _forgets(self, said: Said, heard: Mapping[str, int]) -> bool:
        """Whether it had heard more before than it says now."""
        before = self._heard(self._all[said.previous]) if said.previous is not None else {}
        return any(number > heard.get(party, 0) for party, number in before.items())

    def _heard(self, said: Said) -> dict[str, int]:
        """How far it had heard each party: all of that party's chain up to there counts before it."""
        found = {said.party: said.number - 1}
        for party, digest in said.heard.items():
            if digest in self._sound and self._all[digest].party == party != said.party:
                found[party] = self._all[digest].number
        return found

    def _has_heard_of(self, text: str | None, heard: Mapping[str, int]) -> bool:
        return any(number <= heard.get(party, 0) for party, number in self._texts.get(text or "", ()))

    def _has_heard(self, statement: str | None, heard: Mapping[str, int]) -> bool:
        known = self._all.get(statement or "")
        return known is not None and statement in self._sound and known.number <= heard.get(known.party, 0)

    def _before(self, said: Said, verb: Verb) -> str:
        """Where its party stood until now."""
        known = self._history.get((said.party, said.about or "", verb.axis))
        return known[1][-1].value if known else NONE

    def _stage(self, said: Said, heard: Mapping[str, int]) -> str:
        """The stage of the text by what the speaker had heard."""
        seen: dict[Subject, str] = {}
        for party in self._parties:
            for axis in {each.axis for each in self._kind.stages}:
                known = self._history.get((party, said.about or "", axis))
                count = bisect_right(known[0], heard.get(party, 0)) if known else 0
                if known and count:
                    seen[party, said.about or "", axis] = known[1][count - 1].value
        return stage(self._kind, seen, self._parties, said.about or "")


def _terms(said: Said, verb: Verb) -> str:
    """What is wrong with the terms, if anything."""
    if verb.takes is None:
        return "" if not said.terms else "it takes no terms"
    try:
        msgspec.convert(said.terms, verb.takes, strict=True)
    except (msgspec.ValidationError, BadInput) as problem:
        return f"its terms: {problem}"
    return ""


def _place(each: Idle | Said) -> tuple[str, int]:
    return each.party, each.number
