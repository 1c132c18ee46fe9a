"""Attending to witnesses outside: our heads are submitted to them, and what they saw of our partners' logs is compared.

A sender that shows one log to its partner and another to a witness is found by whichever of the two asks the other
first: the witness refuses the second log, and the partner finds the first one there. Both keep both signed notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from mithaq.errors import MithaqError, Unavailable, Untrusted
from mithaq.kernel.clock import after
from mithaq.kernel.duty import Duty, discharge, open_duty, renew
from mithaq.kernel.link import epochs, evidence
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.log.checkpoint import Checkpoint, origin, read_checkpoint, verify_checkpoint_any
from mithaq.kernel.link.log.note import read_lines
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import ends as ends_of
from mithaq.kernel.witness import kept, quorum
from mithaq.kernel.witness.answer import write_request
from mithaq.kernel.witness.cosignature import VerifierKey, cosignatures, cosigned_by
from mithaq.kernel.witness.policy import Witnessed
from mithaq.kernel.witness.port import Witnesses

OFTEN = 60.0  # seconds between two looks at what a witness saw of a partner's log
TURNS = 3  # submissions of one head in a row, while the witness says where it stands
LATE, SPLIT = "witness", "split_view"


class _Asked(Struct, frozen=True):
    link: str
    name: str
    keys: tuple[VerifierKey, ...]


class Attendance:
    """Of one node. One thread at a time."""

    def __init__(self, ends: Ends, witnesses: Witnesses) -> None:
        self._ends, self._witnesses = ends, witnesses
        self._looked: dict[tuple[str, str], float] = {}
        self.problems: dict[str, str] = {}  # by "link witness": why it was not reached, or does not do its part

    def attend(self) -> int:
        """Submit heads that lack a cosignature, look at what witnesses saw, see to duties. New cosignatures."""
        count, me = 0, self._ends.party
        for asked in self._asked():
            about = f"{asked.link} {asked.name}"
            try:
                count += self._submit(asked) if ends_of(asked.link)[0] == me else self._look(asked)
            except Unavailable as problem:
                self.problems[about] = problem.message
            except MithaqError as problem:
                self.problems[about] = problem.message
                self._ends.metrics.count("witness_problems", witness=asked.name, code=problem.code)
            else:
                self.problems.pop(about, None)
        self._see_to_duties()
        return count

    def _asked(self) -> Iterator[_Asked]:
        """Every link with every outside witness that an agreement names for it and that can be reached from here."""
        at, me = self._ends.clock.now(), self._ends.party
        if not self._witnesses.names:
            return
        with self._ends.store.read() as tx:
            book = self._ends.standing.book(tx)
            partners = sorted(self._ends.rings.partners)
            links = {each: (epochs.current(tx, me, each), epochs.current(tx, each, me)) for each in partners}
        for partner in partners:
            for link in links[partner]:
                named = {name: policy.keys(name) for _, policy in quorum.policies(book, link, at)
                         for name in policy.asked() if name in policy.witnesses}  # fmt: skip
                yield from (_Asked(link, name, named[name]) for name in sorted(named) if name in self._witnesses.names)

    def _submit(self, asked: _Asked) -> int:
        """Have the head of one of our links cosigned. Unavailable or Untrusted where it is not."""
        for _ in range(TURNS):
            with self._ends.store.read() as tx:
                size = tx.links.edge(asked.link).size
                note = tx.links.checkpoint(asked.link, size)
                held = next((each for each in kept.notes(tx, asked.link) if each.checkpoint.size == size), None)
                if note is None or not size or (held is not None and held.times({asked.name: asked.keys})):
                    return 0
                old = min(int(tx.memos.get(_memo(asked)) or 0), size)
                proof = _tree(tx, asked.link).consistency(old, size) if 0 < old < size else []
            told = self._witnesses.add_checkpoint(asked.name, write_request(old, proof, note))
            if told.status == 200:
                return self._kept(asked, note, told.body)
            if told.status != 409:
                self._refused(asked, note, told.status)
            there = _size(told.body)
            if there > size:
                raise Untrusted("ahead", f"{asked.name} has cosigned {there} entries of {asked.link}; we hold {size}")
            self._ends.store.write(lambda tx, there=there: tx.memos.put(_memo(asked), str(there))).result()  # type: ignore[misc]
        raise Unavailable("witness", f"{asked.name} does not say twice where it stands")

    def _kept(self, asked: _Asked, note: str, body: str) -> int:
        found, signed = read_checkpoint(note)
        lines = read_lines(body)
        whole = type(signed)(signed.text, lines)
        if not cosigned_by(cosignatures(found, whole, asked.keys), {asked.name: asked.keys}):
            raise Untrusted("cosignature", f"{asked.name} cosigns with other keys than the agreement names")
        ours = tuple(line for line in lines if (line.name, line.key) in {(key.name, key.id) for key in asked.keys})

        def job(tx: Transaction) -> None:
            kept.keep(tx, asked.link, note, ours)
            tx.memos.put(_memo(asked), str(found.size))

        self._ends.store.write(job).result()
        self._ends.lines[ends_of(asked.link)[1]].news += 1  # what waited for a witness may go
        self._ends.metrics.count("cosigned", witness=asked.name)
        return 1

    def _refused(self, asked: _Asked, note: str, status: int) -> None:
        """The witness does not cosign our head. If it holds another one that our own keys signed, that is evidence."""
        if status == 422:
            theirs = self._witnesses.newest(asked.name, origin(asked.link))
            own = self._ends.rings.own
            found = read_checkpoint(theirs)[0] if theirs else None
            if found is not None:
                verify_checkpoint_any(theirs, origin(asked.link), own.ring.checkpoint(asked.link, found.size))
                self._compare(asked, theirs, found)
        raise Untrusted("witness", f"{asked.name} does not cosign {asked.link} (HTTP {status})")

    def _look(self, asked: _Asked) -> int:
        """Compare what a witness saw of a partner's log with the one that we hold."""
        now, key = self._ends.clock.monotonic(), (asked.link, asked.name)
        if key in self._looked and now - self._looked[key] < OFTEN:
            return 0
        self._looked[key] = now
        note = self._witnesses.newest(asked.name, origin(asked.link))
        with self._ends.store.read() as tx:
            size, before = tx.links.edge(asked.link).size, tx.memos.get(_ahead(asked))
        count = 0
        for each in filter(None, (before, note)):
            found = self._signed(asked, each)
            if found.size > size:
                if not before:  # the first that is ahead is compared once our log has come that far
                    self._remember(asked, each)
                continue
            self._compare(asked, each, found)
            if each == before:
                self._remember(asked, None)
            count += self._taken(asked, each)
        return count

    def _signed(self, asked: _Asked, note: str) -> Checkpoint:
        """The checkpoint, by the sender and by this witness; else Untrusted: it proves nothing against the sender."""
        sender = self._ends.partner(ends_of(asked.link)[0])
        found, signed = read_checkpoint(note)
        if not cosigned_by(cosignatures(found, signed, asked.keys), {asked.name: asked.keys}):
            raise Untrusted("cosignature", f"{asked.name} shows what it has not cosigned")
        verify_checkpoint_any(note, origin(asked.link), sender.ring.checkpoint(asked.link, found.size))
        return found

    def _taken(self, asked: _Asked, note: str) -> int:
        """Keep the cosignature of a witness on a log that is the one we hold."""
        found, signed = read_checkpoint(note)
        ids = {(key.name, key.id) for key in asked.keys}
        lines = [line for line in signed.signatures if (line.name, line.key) in ids]

        def job(tx: Transaction) -> int:
            if any(each.checkpoint.size >= found.size and each.times({asked.name: asked.keys})
                   for each in kept.notes(tx, asked.link)):  # fmt: skip
                return 0
            kept.keep(tx, asked.link, note, lines)
            return 1

        return self._ends.store.write(job).result()

    def _compare(self, asked: _Asked, note: str, found: Checkpoint) -> None:
        """Untrusted (``split-view``), with evidence, if this signed log is not the beginning of the one held here."""
        with self._ends.store.read() as tx:
            if found.size > tx.links.edge(asked.link).size or _tree(tx, asked.link).root(found.size) == found.root:
                return
            proved = split(tx, asked.link, note, found)
        at, sender = self._ends.clock.now(), ends_of(asked.link)[0]
        what = f"{sender} signed two logs of {asked.link}: one is here, another was cosigned by {asked.name}"
        root, path, held = proved
        kept_as = evidence.signed(at, sender, "split-view", what, note.encode(), (held,), root=root, consistency=path)
        self._ends.keep(kept_as)
        duty = Duty(
            id=f"{SPLIT}/{asked.link}", what=SPLIT, about=asked.link, since=at, due=at + timedelta(hours=24),
            owed_by="legal_officer", escalates_to="supervisor", discharged_by=("link_pause", "link_remove"),
        )  # fmt: skip
        self._ends.store.write(lambda tx: open_duty(tx, duty)).result()
        raise Untrusted("split-view", what)

    def _remember(self, asked: _Asked, note: str | None) -> None:
        self._ends.store.write(lambda tx: tx.memos.put(_ahead(asked), note)).result()

    def _see_to_duties(self) -> None:
        """That the heads of our links are witnessed in the agreed time is owed; it is done once they are."""
        at, me = self._ends.clock.now(), self._ends.party
        with self._ends.store.read() as tx:
            book = self._ends.standing.book(tx)
            found = [
                (quorum.stands(tx, link, ref, policy, at), policy)
                for link in (epochs.current(tx, me, partner) for partner in sorted(self._ends.rings.partners))
                for ref, policy in quorum.policies(book, link, at)
            ]
            known = {stands.link + stands.agreement: tx.duties.get(_duty_id(stands)) for stands, _ in found}
        for stands, policy in found:
            row = known[stands.link + stands.agreement]
            is_open = row is not None and row.state in ("open", "escalated")
            if stands.late is not is_open:
                self._ends.store.write(lambda tx, s=stands, p=policy: _see_to(tx, s, p, at)).result()  # type: ignore[misc]


def split(tx: Transaction, link: str, note: str, found: Checkpoint) -> tuple[bytes, tuple[bytes, ...], str]:
    """(the root that our log has at that size, the path that joins it to a head its sender signed, that head).

    With them anybody can tell, without the log, that what the sender signed for us begins otherwise than ``note``.
    """
    tree = _tree(tx, link)
    size = tx.links.edge(link).size
    later = [(at, held) for at, held in tx.links.checkpoints(link, after=found.size - 1, upto=size)]
    if not later:
        return tree.root(found.size), (), ""
    at, held = later[0]
    path = tuple(tree.consistency(found.size, at)) if 0 < found.size < at else ()
    return tree.root(found.size), path, held


def _see_to(tx: Transaction, stands: quorum.Stands, policy: Witnessed, at: datetime) -> None:
    if not stands.late:
        discharge(tx, _duty_id(stands), "cosignatures", at)
        return
    renew(
        tx,
        Duty(
            id=_duty_id(stands), what=LATE, about=f"{stands.link} under {stands.agreement}", since=at,
            due=after(at, policy.within), owed_by="operator", escalates_to="liaison_officer",
            discharged_by=("cosignatures",),
        ),
    )  # fmt: skip


def _duty_id(stands: quorum.Stands) -> str:
    return f"{LATE}/{stands.link}/{stands.agreement.replace('/', '.')}"


def _tree(tx: Transaction, link: str) -> Tree:
    # The tiles are read while the transaction is open, so a Tree is used up before it ends.
    return Tree(tx.links.edge(link), lambda level, index: tx.links.tile(link, level, index))


def _memo(asked: _Asked) -> str:
    return f"submitted/{asked.link}/{asked.name}"


def _ahead(asked: _Asked) -> str:
    return f"seen-ahead/{asked.link}/{asked.name}"


def _size(body: str) -> int:
    text = body.removesuffix("\n")
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise Untrusted("witness", "a witness answers 409 without a size")
    return int(text)
