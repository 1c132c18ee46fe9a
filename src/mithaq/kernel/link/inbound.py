"""Inbound: what a partner's delivery goes through, from sealed bytes to a sealed, signed receipt."""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec import Struct

from mithaq.errors import MithaqError, Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.link import evidence, pause, receive
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.judge import Judging
from mithaq.kernel.link.log.checkpoint import Checkpoint
from mithaq.kernel.link.message import Delivery, Receipt
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import read_header, seal, unseal
from mithaq.kernel.statement import sign
from mithaq.kernel.values import link_id


class Answer(Struct, frozen=True):
    """The sealed receipt, and its outcome (settled, gap, conflict, paused) for a transport that shows it outside."""

    outcome: str
    sealed: bytes


class Inbound:
    """Takes deliveries. Thread-safe: the store serialises what changes it."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends

    def receive(self, sealed: bytes) -> Answer:
        """Take a sealed delivery and give the sealed, signed receipt. Durable before it returns.

        Untrusted if it is not from a partner we know, for us, or signed as it must be: nothing of it was used.
        """
        try:
            plaintext, delivery, signed = self._opened(sealed)
        except MithaqError as problem:
            self.turn_away(sealed, problem)
            raise
        ends, at = self._ends, self._ends.clock.now()
        card = ends.partner(delivery.sender).card
        receipt, contradiction = self._taken(delivery, signed, plaintext, at)
        line = ends.lines[delivery.sender]
        line.bytes_in += len(sealed)
        ends.metrics.count("deliveries_received", partner=delivery.sender, outcome=receipt.outcome)
        for verdict in receipt.verdicts:
            ends.metrics.count("messages_received", partner=delivery.sender, verdict=verdict.verdict)
        if contradiction is not None:
            ends.keep(contradiction)
        if delivery.after is not None:
            line.head = None  # it was started anew: ask it how far it has come
            ends.tell()
        if line.reached():
            ends.tell()
        answer = sign("receipt", receipt, ends.keys)
        return Answer(receipt.outcome, seal(answer, sender=ends.party, receiver=card.party, public=card.sealing))

    def turn_away(self, sealed: bytes, problem: MithaqError, size: int | None = None) -> None:
        """Keep what was not taken; ``size`` if the rest was not even read."""
        try:
            partner = read_header(sealed).sender
        except MithaqError:
            partner = ""
        at = self._ends.clock.now()
        self._ends.metrics.count("deliveries_turned_away", code=problem.code)
        self._ends.keep(evidence.turned_away(at, partner, problem.code, problem.message, sealed, size))

    def _opened(self, sealed: bytes) -> tuple[bytes, Delivery, Checkpoint]:
        ends = self._ends
        partner = ends.partner(read_header(sealed).sender)
        _, plaintext = unseal(sealed, ends.keys, me=ends.party)
        delivery = canonical.decode(plaintext, Delivery)
        signed = receive.check(delivery, me=ends.party, partner=partner.party, keys=partner.card.keys)
        return plaintext, delivery, signed

    def _taken(
        self, delivery: Delivery, signed: Checkpoint, plaintext: bytes, at: datetime
    ) -> tuple[Receipt, evidence.Evidence | None]:
        ends, link = self._ends, link_id(delivery.sender, delivery.receiver)
        judge = Judging(ends.party, delivery.sender, ends.book, ends.kinds)
        new = delivery.format == "mithaq-delivery/2"

        def job(tx: Transaction) -> tuple[Receipt, evidence.Evidence | None]:
            held: tuple[str, ...] = ()
            checkpoint = None
            if pause.is_paused(tx, delivery.sender):
                if not new:
                    raise Unavailable("paused", "this link is paused")  # format 1 has no word for it
                taken = receive.Taken("paused")
            else:
                before = tx.links.checkpoint(link)
                taken = receive.take(tx, delivery, signed, judge, at)
                held = (before or "",) if taken.outcome == "conflict" else ()
            verdicts = taken.verdicts
            if taken.outcome == "settled" and delivery.after is not None and not delivery.messages:
                verdicts, checkpoint = receive.again(tx, link, delivery.after)
            receipt = Receipt(
                format="mithaq-receipt/2" if new else "mithaq-receipt/1",
                sender=ends.party,
                receiver=delivery.sender,
                link=link,
                outcome=taken.outcome,  # type: ignore[arg-type]
                verdicts=verdicts,
                head=receive.head(tx, link),
                at=at,
                answers=hashlib.sha256(plaintext).digest() if new else None,
                checkpoint=checkpoint,
            )
            if taken.outcome != "conflict":
                return receipt, None
            return receipt, evidence.signed(at, delivery.sender, "conflict", taken.problem, plaintext, held)

        return ends.store.write(job).result()
