"""Inbound: what a partner's delivery goes through, from sealed bytes to a sealed, signed receipt."""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import MithaqError, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link import evidence, manifests, pause, receive, speaks
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.judge import Judging
from mithaq.kernel.link.log.checkpoint import Checkpoint
from mithaq.kernel.link.message import Delivery, Receipt, ReceiptFormat
from mithaq.kernel.link.receive import Taken
from mithaq.kernel.party import Identity, renewed
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import read_header, seal, unseal
from mithaq.kernel.statement import sign
from mithaq.kernel.values import link_id


class Answer(Struct, frozen=True):
    """The sealed receipt, and its outcome (settled, gap, conflict, paused) for a transport that shows it outside."""

    outcome: str
    sealed: bytes


class _Opened(Struct, frozen=True):
    """A delivery that holds: its exact bytes, its verified checkpoint, and its sender as it has now shown itself."""

    plaintext: bytes
    delivery: Delivery
    signed: Checkpoint
    sender: Identity


class _Done(Struct, frozen=True):
    """What one delivery came to: the receipt, what is evidence of a contradiction, and whether a statement was kept."""

    receipt: Receipt
    contradiction: evidence.Evidence | None
    told: bool


class Inbound:
    """Takes deliveries. Thread-safe: the store serialises what changes it."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends

    def receive(self, sealed: bytes) -> Answer:
        """Take a sealed delivery and give the sealed, signed receipt. Durable before it returns.

        Untrusted if it is not from a partner we know, for us, or signed as it must be: nothing of it was used.
        """
        ends, at = self._ends, self._ends.clock.now()
        try:
            opened = self._opened(sealed, at)
        except MithaqError as problem:
            if problem.code != "equivocation":  # of that, better evidence is kept already
                self.turn_away(sealed, problem)
            raise
        delivery, public = opened.delivery, opened.sender.ring.sealing_now(at)
        done = self._taken(opened, at)
        receipt, line = done.receipt, ends.lines[delivery.sender]
        line.bytes_in += len(sealed)
        ends.metrics.count("deliveries_received", partner=delivery.sender, outcome=receipt.outcome)
        for verdict in receipt.verdicts:
            ends.metrics.count("messages_received", partner=delivery.sender, verdict=verdict.verdict)
        if done.contradiction is not None:
            ends.keep(done.contradiction)
        if done.told:
            ends.rings.renew(delivery.sender, at)
            ends.tell()
        if delivery.after is not None:
            line.ask_again()  # it was started anew
            ends.tell()
        if line.reached():
            ends.tell()
        answer = self._signed(receipt, delivery.holds)
        return Answer(receipt.outcome, seal(answer, sender=ends.party, receiver=delivery.sender, public=public))

    def _signed(self, receipt: Receipt, holds: int | None) -> bytes:
        """The signed receipt. To a sender that holds an older manifest of ours it shows the newest."""
        with self._ends.rings.changing:
            own = self._ends.rings.own
            if holds is not None and own.serial > holds:
                receipt = replace(receipt, manifest=own.manifest)
            return sign("receipt", receipt, self._ends.keys)

    def turn_away(self, sealed: bytes, problem: MithaqError, size: int | None = None) -> None:
        """Keep what was not taken; ``size`` if the rest was not even read."""
        try:
            partner = read_header(sealed).sender
        except MithaqError:
            partner = ""
        at = self._ends.clock.now()
        self._ends.metrics.count("deliveries_turned_away", code=problem.code)
        self._ends.keep(evidence.turned_away(at, partner, problem.code, problem.message, sealed, size))

    def _opened(self, sealed: bytes, at: datetime) -> _Opened:
        ends = self._ends
        known = ends.partner(read_header(sealed).sender)
        _, plaintext = unseal(sealed, ends.keys, me=ends.party)
        delivery = canonical.decode(plaintext, Delivery)
        sender = self._renewed(known, delivery, at)
        signed, standing = receive.check(delivery, me=ends.party, ring=sender.ring, at=at)
        if standing == "grace":
            ends.metrics.count("signed_in_grace", partner=sender.party)
        return _Opened(plaintext, delivery, signed, sender)

    def _renewed(self, known: Identity, delivery: Delivery, at: datetime) -> Identity:
        """The sender by what its root says in this delivery. What contradicts what its root said before is evidence."""
        if known.root is None or (delivery.manifest is None and not delivery.revocations):
            return known
        try:
            found = renewed(known, delivery.manifest, delivery.revocations, at=at)
            with self._ends.store.read() as tx:
                manifests.unfiled(tx, known, delivery.manifest, (), at)
        except Untrusted as problem:
            if problem.code == "equivocation" and delivery.manifest is not None:
                self._ends.keep(self._equivocation(known, problem.message, delivery.manifest, at))
            raise
        return found

    def _equivocation(self, known: Identity, what: str, manifest: str, at: datetime) -> evidence.Evidence:
        with self._ends.store.read() as tx:
            held = manifests.held_against(tx, known, manifest)
        return evidence.signed(at, known.party, "equivocation", what, manifest.encode(), held)

    def _taken(self, opened: _Opened, at: datetime) -> _Done:
        ends, delivery, sender = self._ends, opened.delivery, opened.sender
        link = link_id(delivery.sender, delivery.receiver)
        old = delivery.format == "mithaq-delivery/1"

        def job(tx: Transaction) -> _Done:
            mark = tx.statements.mark()
            held: tuple[str, ...] = ()
            checkpoint = None
            manifests.file(tx, sender, delivery.manifest, delivery.revocations, at)
            speaks.note(tx, delivery.sender, delivery.format)
            if pause.is_paused(tx, delivery.sender):
                if old:
                    raise Unavailable("paused", "this link is paused")  # format 1 has no word for it
                taken = receive.Taken("paused")
            else:
                before = tx.links.checkpoint(link)
                judge = Judging(ends.party, sender, ends.rings.keyrings(), ends.standing, ends.kinds, ends.keep)
                taken = receive.take(tx, delivery, opened.signed, judge, at)
                held = (before or "",) if taken.outcome == "conflict" else ()
            verdicts = taken.verdicts
            if taken.outcome == "settled" and delivery.after is not None and not delivery.messages:
                verdicts, checkpoint = receive.again(tx, link, delivery.after)
            receipt = Receipt(
                format=_receipt_format(delivery),
                sender=ends.party,
                receiver=delivery.sender,
                link=link,
                outcome=taken.outcome,  # type: ignore[arg-type]
                verdicts=verdicts,
                head=receive.head(tx, link),
                at=at,
                answers=None if old else hashlib.sha256(opened.plaintext).digest(),
                checkpoint=checkpoint,
            )
            told = tx.statements.mark() != mark
            return _Done(receipt, self._contradiction(opened, taken, held, at), told)

        return ends.store.write(job).result()

    def _contradiction(
        self, opened: _Opened, taken: Taken, held: tuple[str, ...], at: datetime
    ) -> evidence.Evidence | None:
        """What of a delivery is evidence against its sender."""
        problem = taken.problem if taken.outcome == "conflict" else ""
        if any(verdict.code == "equivocation" for verdict in taken.verdicts):
            held, problem = (opened.sender.manifest,), f"{opened.sender.party} signed two statements under one number"
            return evidence.signed(at, opened.sender.party, "equivocation", problem, opened.plaintext, held)
        if not problem:
            return None
        return evidence.signed(at, opened.sender.party, "conflict", problem, opened.plaintext, held)


def _receipt_format(delivery: Delivery) -> ReceiptFormat:
    if delivery.format == "mithaq-delivery/1":
        return "mithaq-receipt/1"
    return "mithaq-receipt/2" if delivery.holds is None else "mithaq-receipt/3"
