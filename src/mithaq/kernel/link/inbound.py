"""Inbound: what a partner's delivery goes through, from sealed bytes to a sealed, signed receipt."""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import MithaqError, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link import charter, epochs, evidence, manifests, pause, receive, speaks
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.judge import Judging
from mithaq.kernel.link.log.checkpoint import Checkpoint
from mithaq.kernel.link.log.note import write_lines
from mithaq.kernel.link.message import Delivery, Receipt, ReceiptFormat
from mithaq.kernel.link.receive import Taken
from mithaq.kernel.matter import recovery
from mithaq.kernel.party import Identity, renewed
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import read_header, seal, unseal
from mithaq.kernel.statement import sign
from mithaq.kernel.witness import card, partner
from mithaq.kernel.witness.cosignature import Cosigner


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
    link: str


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
        self._refuse_removed(sealed, delivery, at)
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

    def _refuse_removed(self, sealed: bytes, delivery: Delivery, at: datetime) -> None:
        """Refuse, by name, what a removed partner still delivers, and count it. The Charter's statements are taken.

        A question is answered: with ``paused``, and a head that it can know.
        """
        ends, sender = self._ends, delivery.sender
        with ends.store.read() as tx:
            refused = pause.is_removed(tx, sender) and bool(delivery.messages) and not charter.only(delivery)
        if refused:
            problem = Untrusted("removed", f"{sender} was removed, and still delivers")
            ends.store.write(lambda tx: pause.refused(tx, sender, at)).result()
            ends.metrics.count("removed_partner_refused", partner=sender)
            self.turn_away(sealed, problem)
            raise problem

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
        with ends.store.read() as tx:
            link = epochs.current(tx, delivery.sender, ends.party)
        signed, standing = receive.check(delivery, me=ends.party, ring=sender.ring, at=at, link=link)
        if standing == "grace":
            ends.metrics.count("signed_in_grace", partner=sender.party)
        return _Opened(plaintext, delivery, signed, sender, link)

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
        link = opened.link
        old = delivery.format == "mithaq-delivery/1"

        def job(tx: Transaction) -> _Done:
            if epochs.current(tx, delivery.sender, delivery.receiver) != link:
                raise Unavailable("epoch", "the link was begun anew meanwhile")
            ends.store.announce(f"{'reached' if delivery.after is None else 'anew'}/{delivery.sender}")
            mark = tx.statements.mark()
            held: tuple[str, ...] = ()
            checkpoint = None
            manifests.file(tx, sender, delivery.manifest, delivery.revocations, at)
            speaks.note(tx, delivery.sender, delivery.format)
            if pause.is_paused(tx, delivery.sender) and not charter.only(delivery):
                if old:
                    raise Unavailable("paused", "this link is paused")  # format 1 has no word for it
                taken = receive.Taken("paused")
            elif against := _other_log(tx, link, delivery, ends):
                taken, held = receive.Taken("conflict", problem=against), (delivery.cosigned or "",)
            else:
                before = tx.links.checkpoint(link)
                judge = Judging(ends.party, sender, ends.rings.keyrings(), ends.standing, ends.kinds, ends.keep)
                taken = receive.take(tx, delivery, opened.signed, judge, at, link)
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
            if delivery.cosign is not None and ends.cosigner is not None:
                receipt = self._cosigned(tx, delivery, receipt, ends.cosigner)
            told = tx.statements.mark() != mark
            said = recovery.newest_of(tx, delivery.sender) if taken.outcome == "conflict" else ""
            return _Done(receipt, self._contradiction(opened, taken, held, at, said), told)

        return ends.store.write(job).result()

    def _cosigned(self, tx: Transaction, delivery: Delivery, receipt: Receipt, cosigner: Cosigner) -> Receipt:
        """The receipt with our cosignatures of the head that it tells, and our witness card to whom lacks it."""
        ends = self._ends
        good = ends.rings.own.ring.receipt(receipt.at)
        shown = card.own(tx, ends.party, cosigner.keys, good, ends.keys, receipt.at)
        newest = card.newest(tx, ends.party)
        if newest is not None and newest.serial > (delivery.cosign or 0):
            receipt = replace(receipt, witness=shown.decode())
        if receipt.outcome != "settled":
            return receipt
        lines = partner.cosign(tx, receipt.link, delivery.checkpoint, cosigner, receipt.at)
        return replace(receipt, cosignatures=write_lines(lines)) if lines else receipt

    def _contradiction(
        self, opened: _Opened, taken: Taken, held: tuple[str, ...], at: datetime, recovered: str = ""
    ) -> evidence.Evidence | None:
        """What of a delivery is evidence against its sender."""
        problem = taken.problem if taken.outcome == "conflict" else ""
        if any(verdict.code == "equivocation" for verdict in taken.verdicts):
            held, problem = (opened.sender.manifest,), f"{opened.sender.party} signed two statements under one number"
            return evidence.signed(at, opened.sender.party, "equivocation", problem, opened.plaintext, held)
        if not problem:
            return None
        if recovered:
            # It said that another of its servers speaks since: the older one may still be at work. Nothing is taken
            # all the same, and what was receipted stands.
            problem += f"; {opened.sender.party} said in {recovered} that it was set back"
            return evidence.signed(at, opened.sender.party, "two_servers", problem, opened.plaintext, held)
        return evidence.signed(at, opened.sender.party, "conflict", problem, opened.plaintext, held)


def _other_log(tx: Transaction, link: str, delivery: Delivery, ends: Ends) -> str:
    """What is wrong with what the sender shows that we cosigned, if anything."""
    try:
        if delivery.cosigned is not None and ends.cosigner is not None:
            partner.take_up(tx, link, delivery.cosigned, ends.cosigner.keys)
    except Untrusted as problem:
        return problem.message
    return ""


def _receipt_format(delivery: Delivery) -> ReceiptFormat:
    if delivery.cosign is not None:
        return "mithaq-receipt/4"
    if delivery.format == "mithaq-delivery/1":
        return "mithaq-receipt/1"
    return "mithaq-receipt/2" if delivery.holds is None else "mithaq-receipt/3"
