"""Judging one message on arrival. The sender attests its own law; the receiver verifies everything else.

A release is accepted when the agreement it names is in force here, under exactly the text that both signed; its clause
permits this act, Kind and direction; no field shows more than the clause lets it; and our own law lets us hold it.
A record of a Kind we do not know is kept and answered *not understood*: its sender may be newer than we are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from mithaq.errors import Invalid, NotAllowed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.law import level as levels
from mithaq.kernel.law import obligation
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.decide import matching
from mithaq.kernel.law.generalise import is_generalised
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.link.message import Carried, Content
from mithaq.kernel.link.receive import Judgement
from mithaq.kernel.ports import Holding, Transaction
from mithaq.kernel.record import Kind
from mithaq.kernel.release import Release
from mithaq.kernel.values import link_id


class Judging(Struct, frozen=True):
    """What a judgement rests on: who we are, our law, and the Kinds we read."""

    me: str
    partner: str
    book: Rulebook
    kinds: Mapping[str, Kind]

    def __call__(self, tx: Transaction, content: bytes, carried: Carried, at: datetime) -> Judgement:
        """The Judgement on one message; raises MithaqError to refuse it, with the code that the sender is told."""
        message = canonical.decode(content, Content)
        if (message.sender, message.receiver, message.seq) != (self.partner, self.me, carried.seq):
            raise Untrusted("misaddressed", "the message names another link or number")
        if carried.path is not None and message.lane == "record":
            raise NotAllowed("lane", "a message of the record lane may not overtake")
        if message.what != "release":
            return Judgement("accepted", "not_understood", lane=message.lane)
        release = canonical.fit(message.body, Release)
        self._check(tx, release, at)
        kind = self.kinds.get(release.kind)
        if kind is not None:
            _check_values(release, kind)
        holding = Holding(
            id=release.record,
            version=release.version,
            kind=release.kind,
            origin=release.origin,
            exercise=release.marking.exercise,
            reference="",
            content=canonical.rewrite(message.body),
            link=link_id(self.partner, self.me),
            seq=carried.seq,
        )
        subject = f"{release.record}/{release.version}"
        return Judgement(
            "accepted", "" if kind else "not_understood", holding, subject, release.marking.exercise, message.lane
        )

    def _check(self, tx: Transaction, release: Release, at: datetime) -> None:
        if release.origin != self.partner or not release.record.startswith(f"{self.partner}-"):
            raise NotAllowed("origin", "a nation writes only its own records")
        clause, law = self._basis(release, at)
        _check_levels(release, clause)
        _check_handling(release, clause, law)
        self._check_own_law(release, at)
        known = tx.records.get(release.record)
        if known is not None and known.exercise != release.marking.exercise:
            raise NotAllowed("exercise", "an exercise record and a real one cannot share an id")
        if known is not None and tx.records.get(release.record, release.version) is not None:
            raise NotAllowed("version", "this version is already held")

    def _basis(self, release: Release, at: datetime) -> tuple[Clause, Law]:
        law = next((each for each in self.book.agreements if each.digest == release.basis.digest), None)
        if law is None or law.ref != release.basis.law or not law.binds(self.partner, self.me, at):
            raise NotAllowed("no_agreement", "no agreement with this digest is in force here")
        clause = law.find(release.basis.clause)
        if clause is None or clause.effect != "permit":
            raise NotAllowed("no_clause", "the agreement has no such permit")
        if not clause.covers(self.partner, self.me, "share", release.kind):
            raise NotAllowed("not_covered", "the clause does not cover this act, Kind and direction")
        return clause, law

    def _check_own_law(self, release: Release, at: datetime) -> None:
        request = Request(
            act="hold",
            sender=self.partner,
            receiver=self.me,
            kind=release.kind,
            purpose=release.purpose,
            instant=at,
            origin=release.origin,
            exercise=release.marking.exercise,
            caveats=release.marking.caveats,
        )
        for law in (*self.book.laws, self.book.floor):
            if law.binds(self.partner, self.me, at) and matching(law, "forbid", request, self.book):
                raise NotAllowed("own_law", "our own law does not let us hold it")


def _check_levels(release: Release, clause: Clause) -> None:
    for name in release.fields:
        shown, allowed = release.levels.get(name, levels.ABSENT), clause.levels.get(name, levels.ABSENT)
        if shown == levels.ABSENT or not levels.protects(shown, allowed):
            raise NotAllowed("field_level", f"{name} shows more than the clause allows")
        if levels.precision(shown) and not is_generalised(release.fields[name], shown):
            raise NotAllowed("field_level", f"{name} is not generalised as it says")


def _check_handling(release: Release, clause: Clause, law: Law) -> None:
    for source in (clause.obligations, law.obligations):
        for what, value in source.items():
            given = release.handling.get(what)
            if given is None or not obligation.protects(what, given, value):
                raise NotAllowed("handling", f"the release does not carry the agreed {what}")


def _check_values(release: Release, kind: Kind) -> None:
    """Each field that came has the type its Kind declares; pseudonyms are text."""
    hints = kind.types
    for name, value in release.fields.items():
        if name not in hints:
            raise Invalid("unknown_field", f"{kind.name} has no field {name}")
        if release.levels[name] != levels.PSEUDONYM:
            try:
                msgspec.convert(value, hints[name], strict=True)
            except msgspec.ValidationError:
                raise Invalid("field_type", f"{name} is not what {kind.name} declares") from None
