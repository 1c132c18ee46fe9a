"""Judging one message on arrival. The sender attests its own law; the receiver verifies everything else.

A release is accepted when the agreement it names is in force here, under exactly the text that both signed; its clause
permits this act, Kind and direction; no field shows more than the clause lets it; and our own law lets us hold it.
A record of a Kind we do not know is kept and answered *not understood*: its sender may be newer than we are.
A part of an attachment is accepted where a release that was accepted named it, and on the same terms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from mithaq.errors import Invalid, NotAllowed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.attachment import arrive
from mithaq.kernel.attachment.part import Part
from mithaq.kernel.clock import is_instant
from mithaq.kernel.instants import misspelt
from mithaq.kernel.keeping import onward, retention
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.law import level as levels
from mithaq.kernel.law import obligation
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.decide import matching
from mithaq.kernel.law.generalise import is_generalised
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.request import Request
from mithaq.kernel.link import epochs, evidence, inquiry, manifests
from mithaq.kernel.link.evidence import Keep
from mithaq.kernel.link.message import Carried, Content
from mithaq.kernel.link.receive import Judgement
from mithaq.kernel.matter.kinds import KINDS
from mithaq.kernel.matter.record import RECALLED_HERE, recalled
from mithaq.kernel.matter.said import read_said
from mithaq.kernel.matter.take import take
from mithaq.kernel.party import Identity, renewed
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Kind
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Holding
from mithaq.kernel.standing import Standing
from mithaq.kernel.values import Lane

MOST_VERSIONS = 100_000  # of one record
_PSEUDONYM = re.compile(r"p:[0-9a-f]{32}")


class Judging(Struct, frozen=True):
    """What a judgement rests on: who we are and they, our law, and the Kinds we read."""

    me: str
    sender: Identity
    rings: Mapping[str, Keyring]
    standing: Standing
    kinds: Mapping[str, Kind]
    keep: Keep

    @property
    def partner(self) -> str:
        return self.sender.party

    def __call__(self, tx: Transaction, content: bytes, carried: Carried, at: datetime) -> Judgement:
        """The Judgement on one message; raises MithaqError to refuse it, with the code that the sender is told."""
        message = canonical.decode(content, Content)
        if (message.sender, message.receiver, message.seq) != (self.partner, self.me, carried.seq):
            raise Untrusted("misaddressed", "the message names another link or number")
        if carried.path is not None and message.lane == "record":
            raise NotAllowed("lane", "a message of the record lane may not overtake")
        if message.what == "part":
            return self._part(tx, message, at)
        if message.what != "release":
            return self._statement(tx, message, at)
        release = canonical.fit(message.body, Release)
        if not is_instant(message.body.get("made")):
            raise Invalid("shape", "made is not written as it must be", where="$.made")
        self._check(tx, release, at)
        kind = self.kinds.get(release.kind)
        if kind is not None:
            _check_values(release, kind)
            if kind.asks:
                inquiry.check(tx, release, kind, self.standing.law(tx), self.me, at)
            arrive.announce(tx, release, kind, at)
        retention.keep_received(tx, release, kind, at)
        onward.remember(tx, release)
        if (why := recalled(tx, release.record)) is not None:
            tx.memos.put(RECALLED_HERE + release.record, why)  # it came after its recall, and goes as it came
        holding = Holding(
            id=release.record,
            version=release.version,
            kind=release.kind,
            origin=release.origin,
            exercise=release.marking.exercise,
            reference="",
            content=canonical.rewrite(message.body),
            link=epochs.current(tx, self.partner, self.me),
            seq=carried.seq,
        )
        subject = f"{release.record}/{release.version}"
        return Judgement(
            "accepted", "" if kind else "not_understood", holding, subject, release.marking.exercise, message.lane
        )

    def _part(self, tx: Transaction, message: Content, at: datetime) -> Judgement:
        """A part is kept apart from its message: it goes when the attachment's own time is over."""
        part = canonical.fit(message.body, Part)
        release, held = arrive.announced(tx, part, epochs.current(tx, self.partner, self.me), self.kinds, at)
        self._basis(tx, release, at)
        self._check_own_law(tx, release, at)
        exercise = release.marking.exercise
        arrive.take(tx, held, part, at, exercise=exercise)
        return Judgement("accepted", subject=part.subject, exercise=exercise, lane=message.lane, keeps=False)

    def _statement(self, tx: Transaction, message: Content, at: datetime) -> Judgement:
        """A manifest or revocation of the sender's root is filed; what else is said is kept and not understood."""
        known, body = self.sender, message.body
        if isinstance(said := body.get("statement"), str):
            return self._said(tx, said, message.lane, at)
        text = next(iter(body.values())) if set(body) in ({"manifest"}, {"revocation"}) else None
        if known.root is None or not isinstance(text, str):
            return Judgement("accepted", "not_understood", lane=message.lane)
        manifest, revocations = (text, ()) if "manifest" in body else (None, (text,))
        renewed(known, manifest, revocations, at=at)
        filed = manifests.unfiled(tx, known, manifest, revocations, at)
        subject = f"keys/{self.partner}/{message.seq}"
        return Judgement("accepted", subject=subject, lane=message.lane, filed=tuple(filed))

    def _said(self, tx: Transaction, envelope: str, lane: Lane, at: datetime) -> Judgement:
        """What a nation says in a matter. Its own statements, or another's that it hands on, as they were signed."""
        claimed = read_said(envelope.encode())
        if claimed.kind not in KINDS:
            return Judgement("accepted", "not_understood", lane=lane)
        try:
            said = take(tx, envelope.encode(), self.rings, at, me=self.me)
        except Untrusted as problem:
            held = tx.statements.get(claimed.matter, claimed.party, claimed.number)
            if problem.code == "contradiction" and held is not None:
                given = envelope.encode(), (held.envelope.decode(),)
                self.keep(evidence.signed(at, claimed.party, problem.code, problem.message, *given))
            raise
        return Judgement("accepted", subject=f"{said.matter}/{said.number}", lane=lane)

    def _check(self, tx: Transaction, release: Release, at: datetime) -> None:
        if release.origin != self.partner or not release.record.startswith(f"{self.partner}-"):
            raise NotAllowed("origin", "a nation writes only its own records")
        self._check_form(release)
        clause, law = self._basis(tx, release, at)
        _check_levels(release, clause)
        _check_handling(release, clause, law)
        self._check_own_law(tx, release, at)
        known = tx.records.get(release.record)
        if known is not None and known.kind.rpartition("/")[0] != release.kind.rpartition("/")[0]:
            raise NotAllowed("kind", "a record does not become one of another Kind")
        if known is not None and known.exercise != release.marking.exercise:
            raise NotAllowed("exercise", "an exercise record and a real one cannot share an id")
        if known is not None and tx.records.get(release.record, release.version) is not None:
            raise NotAllowed("version", "this version is already held")

    def _check_form(self, release: Release) -> None:
        """What readers here rely on, whatever was agreed: a version that counts, known levels, sound handling."""
        if not 1 <= release.version <= MOST_VERSIONS or not all(
            levels.is_level(each) for each in release.levels.values()
        ):
            raise Invalid("shape", "no such version, or no such level")
        for what, value in release.handling.items():
            obligation.check(what, value, self.standing.base.vocabulary, "$.handling")

    def _basis(self, tx: Transaction, release: Release, at: datetime) -> tuple[Clause, Law]:
        named = (each for each in self.standing.book(tx).agreements if each.digest == release.basis.digest)
        law = next((each for each in named if each.binds(self.partner, self.me, at)), None)
        if law is None or law.ref != release.basis.law:
            raise NotAllowed("no_agreement", "no agreement with this digest is in force here")
        clause = law.find(release.basis.clause)
        if clause is None or clause.effect != "permit":
            raise NotAllowed("no_clause", "the agreement has no such permit")
        known = self.kinds.get(release.kind)
        # What a Kind that we do not know is for, only the clause says: it is kept, and answered as not understood.
        act = known.act if known is not None else clause.act
        if not clause.covers(self.partner, self.me, act, release.kind):
            raise NotAllowed("not_covered", "the clause does not cover this act, Kind and direction")
        return clause, law

    def _check_own_law(self, tx: Transaction, release: Release, at: datetime) -> None:
        book = self.standing.book(tx)
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
        for law in (*book.laws, book.floor):
            if law.binds(self.partner, self.me, at) and matching(law, "forbid", request, book):
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
        if release.levels[name] == levels.PSEUDONYM:
            if not (kind.is_text(name) and isinstance(value, str) and _PSEUDONYM.fullmatch(value)):
                raise Invalid("field_type", f"{name} is no pseudonym")
            continue
        try:
            typed = msgspec.convert(value, hints[name], strict=True)
        except msgspec.ValidationError:
            raise Invalid("field_type", f"{name} is not what {kind.name} declares") from None
        if next(misspelt(typed, value), None) is not None:
            raise Invalid("field_type", f"{name} holds an instant that is not written as it must be")
