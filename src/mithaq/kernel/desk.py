"""The desk: where a command or question works. It knows who acts, when, under which law, in which transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel import canonical, hits, quota, reviews, superseded
from mithaq.kernel.attachment import cross, own
from mithaq.kernel.considering import Recipient, considered, may_have
from mithaq.kernel.keeping import holder, legal_hold, onward, retention
from mithaq.kernel.keeping.erase import erased
from mithaq.kernel.law.clause import LIFE_SAVING
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.law.vocabulary import known_word
from mithaq.kernel.link import epochs, pause, recover
from mithaq.kernel.link.sequence import number
from mithaq.kernel.normal import normal
from mithaq.kernel.people import saw
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.glass import break_glass
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reading import Reading, Seen, read, seen_in, seen_of
from mithaq.kernel.record import Kind, Marking, Record, check, follows, new_id
from mithaq.kernel.release import Release
from mithaq.kernel.shelves import Filed, Holding
from mithaq.kernel.surroundings import LARGEST, Fate, Stated, Surroundings
from mithaq.kernel.values import Lane, ends, link_id

__all__ = ["LARGEST", "Desk", "Stated", "Surroundings", "subject"]


class Desk(Struct, frozen=True):
    """One act of one person: everything it may use, and nothing else. ``second``: who agreed, where one had to."""

    actor: Actor
    at: datetime
    tx: Transaction
    node: Surroundings
    second: Actor | None = None
    glass: str = ""  # the reason for which this act does without a second person
    seen: saw.Seen = {}  # what the law let be read at this desk

    @property
    def who(self) -> str:
        return self.actor.id

    @property
    def law(self) -> Compiled:
        """The law that holds in this transaction."""
        return self.node.standing.law(self.tx)

    def draft(
        self,
        kind: Kind,
        body: Mapping[str, Any],
        *,
        purpose: str,
        marking: Marking,
        release_texts: Mapping[str, str],
        follows: Record | None = None,
    ) -> Record:
        """A checked Record, not kept yet: the first version of a new one, or the version after ``follows``."""
        vocabulary = self.node.standing.base.vocabulary
        known_word("purpose", purpose, vocabulary.purposes, "$.purpose")
        for caveat in marking.caveats:
            known_word("caveat", caveat, vocabulary.values("caveats"), "$.caveats")
        known = follows.marking.sources if follows else ()
        marking = replace(marking, sources=self._sources(set(marking.sources) - set(known), known))
        record = Record(
            id=follows.id if follows else new_id(self.node.party, self.node.randomness),
            version=follows.version + 1 if follows else 1,
            previous=canonical.digest_of(follows) if follows else None,
            kind=kind.name,
            origin=self.node.party,
            made=self.at,
            purpose=purpose,
            marking=marking,
            body=normal(canonical.plain(body)),
            release_texts=normal(dict(release_texts)),
        )
        check(record, kind)
        return record

    def _sources(self, new: set[str], known: Collection[str]) -> tuple[str, ...]:
        """Those of the version before, and new ones with what they rest on themselves. NotFound for what is not here.

        None is ever taken back: what a record once rested on it does not forget by being corrected.
        """
        found = set(known)
        for source in new:
            holding = self.held(source)
            if self.reading(holding) is None:
                raise NotFound("record", f"no record {source}", where="$.sources")
            found |= {source} if holding.link else {source, *self.own(source).marking.sources}
        return tuple(sorted(found))

    def state(
        self, record: Record, *, reference: str = "", flash: bool = False, only: Collection[str] | None = None
    ) -> Stated:
        """Keep a record version and release it to every partner the law permits, in this one transaction.

        With ``flash`` it goes before everything that waits. With ``only`` it is addressed to these partners, and to
        no other is it considered at all.
        """
        self._keep(record, reference)
        released, deferred, reviewing, withheld = [], [], [], {}
        for partner in self.node.partners:
            if only is not None and partner not in only:
                continue
            if partner in self.node.unsure:
                self._note("deferred", record, partner)
                recover.defer(self.tx, partner, subject(record), flash=flash, who=self.who)
                deferred.append(partner)
                continue
            fate = self._release(record, partner, flash)
            if fate == "released":
                released.append(partner)
            elif fate == "reviewing":
                reviewing.append(partner)
            else:
                withheld[partner] = fate
        bare = tuple(partner for partner in released if cross.stay_here(self, record, partner))
        return Stated(
            record.id, record.version, tuple(released), withheld, tuple(deferred), tuple(reviewing),
            without_attachments=bare,
        )  # fmt: skip

    def release_reviewed(self, id: str, version: int, partner: str, *, flash: bool) -> Fate:
        """Release a version whose release was reviewed, if the law still permits it and it is the newest."""
        if self.own(id).version != version:
            raise Clash("version", f"{id} was corrected since", hint="see release.waiting")
        return self._release(self.own(id, version), partner, flash, reviewed=True)

    def release_to(self, id: str, partner: str, *, flash: bool = False) -> Fate:
        """Release the newest version of a record of ours to one partner, as far as the law permits it to that one."""
        return self._release(self.own(id), partner, flash)

    def withhold(self, id: str, version: int, partner: str) -> None:
        """Note that a reviewer keeps this version from a partner."""
        self._note("withheld", self.own(id, version), partner)

    def state_deferred(self, partner: str) -> int:
        """Decide on every version that was deferred for this partner, and release what the law permits. How many."""
        found = recover.deferred(self.tx, partner)
        for each, flash, who in found:
            id, _, version = each.rpartition("/")
            if (spoken := self.tx.statements.get(id, self.node.party, int(version))) is not None:
                self.address(spoken, partner)
            elif erased(self.tx, id) is None and self._still_goes(id, int(version), partner):
                self._release(self.own(id, int(version)), partner, flash, who=who or self.who)
        return len(found)

    def _still_goes(self, id: str, version: int, partner: str) -> bool:
        """Whether an earlier version may go: only where the newest one may, and the record was not recalled."""
        newest = self.own(id)
        if self.tx.memos.get(f"recalled/{id}") is not None:
            return False
        return newest.version == version or self.consider(newest, partner)[1] is not None

    def address(self, spoken: Filed, partner: str) -> None:
        """Number a signed statement for a partner, before everything that is not urgent."""
        message = number(
            self.tx,
            sender=self.node.party,
            receiver=partner,
            what="statement",
            body={"statement": spoken.envelope.decode()},
            subject=f"{spoken.matter}/{spoken.number}",
            exercise=False,
            at=self.at,
            randomness=self.node.randomness,
            lane="flash",
        )
        self.node.touched.add(message.link)

    def _release(
        self, record: Record, partner: str, flash: bool, *, reviewed: bool = False, who: str | None = None
    ) -> Fate:
        """Release it to a partner, let it wait for a review that is asked, or note that it is withheld and by what."""
        if pause.is_removed(self.tx, partner):
            self._note("withheld", record, partner)
            return ("removed",)
        decision, copy = self.consider(record, partner)
        self.tx.decisions.put(subject(record), partner, canonical.encode(decision))
        if record.version > 1:
            superseded.forget_review(self.tx, record.id, partner, self.at)
        if copy is not None:
            if reviews.is_asked(decision) and not (reviewed or self._is_agreed(partner, record.id)):
                gone = record.purpose in LIFE_SAVING
                waiting = reviews.Waiting(record.id, record.version, partner, who or self.who, self.at, flash, gone)
                reviews.hold(self.tx, waiting)
                if not gone:
                    return "reviewing"
            asks = self.kind(record.kind).asks
            if asks and not quota.take(self.tx, link_id(self.node.party, partner), decision, self.at):
                self._note("withheld", record, partner)
                return (quota.SORT,)
            self._number(copy, partner, "flash" if flash else self.kind(record.kind).lane)
            retention.expect_deletion(self.tx, copy, partner, self.at)
            holder.given_again(self.tx, record.id, partner)
            onward.passed_on(self.tx, record, partner)
            cross.number_parts(self, record, copy, partner)
            return "released"
        self._note("withheld", record, partner)
        if record.version > 1:
            superseded.stop_earlier(self.tx, self.node.party, record.id, record.version, partner, self.at)
        return tuple(f"{each.law} {each.clause}" for each in decision.forbids)

    def _is_agreed(self, partner: str, id: str) -> bool:
        """Whether a second person stands beside this act, or the glass was broken, which is noted."""
        if self.second is None and self.glass:
            break_glass(
                self.tx, self.actor, "release", f"{id} to {partner}", self.glass, self.at,
                f"g{self.node.randomness(8).hex()}",
            )  # fmt: skip
        return self.second is not None or bool(self.glass)

    def consider(self, record: Record, partner: str, *, confirmed: bool = False) -> tuple[Decision, Release | None]:
        """What the law says of releasing it to a partner, and what they would see. Changes nothing.

        It is released as the newest version of its Kind that the partner reads and the law permits. ``confirmed``: as
        if a person there had confirmed a hit on it, which otherwise is known of those that somebody did confirm.
        """
        if not self.node.rings.is_partner(partner):
            raise NotFound("partner", f"{partner} is not a partner of this node", hint="see mithaq party list")
        found = considered(
            record, self.kind(record.kind), self._recipient(record, partner, confirmed), law=self.law, at=self.at,
            keyed=self.node.keyed, carried=partial(self._carried, partner),
        )  # fmt: skip
        onwards = onward.stops(self.tx, record, partner, self.at)
        if onwards:
            return replace(found[0], decision="deny", basis=None, fields={}, forbids=onwards), None
        return found

    def _recipient(self, record: Record, partner: str, confirmed: bool = False) -> Recipient:
        hit = confirmed or hits.is_confirmed(self.tx, record.id, partner)
        return Recipient(partner, self.node.rings.partner(partner).card.reads, hit)

    def _may_have(self, record: Record, partner: str) -> bool:
        """Whether the law would let a partner have this version now, whatever it refers to."""
        to = self._recipient(record, partner)
        return may_have(record, self.kind(record.kind), to, law=self.law, at=self.at, keyed=self.node.keyed)

    def _carried(self, partner: str, id: str) -> bool:
        """Whether a partner has a record, or gets it before what is numbered next: its own, or one we released."""
        newest, between = self.tx.records.get(id), (self.node.party, partner)
        if newest is None or self.tx.memos.get(f"recalled/{id}") is not None:
            return False
        if newest.origin != self.node.party:
            return newest.origin == partner
        if not newest.content:
            return False
        if not self._may_have(self.own(id), partner):
            return False
        versions = range(newest.version, 0, -1)
        messages = (each for version in versions for each in self.tx.links.carrying(f"{id}/{version}"))
        return any(ends(each.link) == between and cross.is_on_its_way(each) for each in messages)

    def read(self, seen: Seen) -> Reading | None:
        """What whoever acts may see of a record held here, by our own law; None if not even that it is here."""
        kind, node = self.node.kinds.get(seen.kind), self.node
        if kind is None or legal_hold.hides(self.tx, seen.id, self.actor.roles):
            return None
        found = read(seen, kind, self.actor, me=node.party, at=self.at, law=self.law, pseudonym=self._pseudonym)
        if found is not None:
            saw.note(self.seen, seen.id, seen.version, found)
        return found

    def reading(self, holding: Holding) -> Reading | None:
        """What whoever acts may see of a record version held here; None where it was erased."""
        if not holding.content:
            return None
        if holding.link:
            return self.read(seen_in(canonical.fit(canonical.decode(holding.content, dict), Release)))
        return self.read(seen_of(canonical.decode(holding.content, Record)))

    def _pseudonym(self, name: str, value: object) -> str:
        return "p:" + self.node.keyed.mac(f"{self.node.party}|read|{name}|{value}".encode()).hex()[:32]

    def kind(self, name: str) -> Kind:
        try:
            return self.node.kinds[name]
        except KeyError:
            raise NotFound("kind", f"this node does not know the Kind {name}") from None

    def own(self, id: str, version: int | None = None) -> Record:
        """A version of one of our own records; the newest by default."""
        holding = self.held(id, version)
        if holding.origin != self.node.party:
            raise NotAllowed("origin", f"{id} is a record of {holding.origin}", hint="a nation writes only its own")
        return canonical.decode(holding.content, Record)

    def held(self, id: str, version: int | None = None) -> Holding:
        """A version of a record held here, our own or a partner's; the newest by default."""
        holding = self.tx.records.get(id, version)
        if holding is None:
            raise NotFound("record", f"no record {id}" + (f" version {version}" if version else ""))
        if not holding.content:
            raise NotFound("erased", f"{id} was erased here: {erased(self.tx, id) or 'its key is gone'}")
        return holding

    def _keep(self, record: Record, reference: str) -> None:
        if record.version > 1:
            follows(record, self.own(record.id))
            if self.tx.memos.get(f"recalled/{record.id}") is not None:
                raise Clash("recalled", f"{record.id} was recalled", hint="state what holds now as a new record")
        own.stay(self.tx, record, self.kind(record.kind))
        retention.keep_own(self.tx, record, self.kind(record.kind))
        content = canonical.encode(record)
        if len(content) > LARGEST:
            raise Invalid(
                "too-large", f"a record has at most {LARGEST} bytes", where="$", hint="say less, or attach it"
            )
        position = self._note("record", record, "")
        self.tx.audit.add(at=self.at, who=self.who, act="stated", subject=record.id)
        self.tx.records.add(
            Holding(
                id=record.id,
                version=record.version,
                kind=record.kind,
                origin=record.origin,
                exercise=record.marking.exercise,
                reference=reference,
                content=content,
                position=position,
            )
        )

    def _number(self, copy: Release, partner: str, lane: Lane) -> None:
        if lane == "latest":
            link = epochs.current(self.tx, self.node.party, partner)
            self.tx.links.withdraw(link, self.tx.links.waiting_about(link, copy.record), "superseded")
        message = number(
            self.tx,
            sender=self.node.party,
            receiver=partner,
            what="release",
            body=msgspec.to_builtins(copy),
            subject=f"{copy.record}/{copy.version}",
            exercise=copy.marking.exercise,
            at=self.at,
            randomness=self.node.randomness,
            lane=lane,
        )
        self.node.touched.add(message.link)

    def _note(self, what: str, record: Record, party: str) -> int:
        return self.tx.journal.add(what, subject(record), at=self.at, party=party, exercise=record.marking.exercise)


def subject(record: Record) -> str:
    """How the journal, decisions and messages name a record version."""
    return f"{record.id}/{record.version}"
