"""One request over a line: a delivery goes out sealed, and its receipt comes back verified.

Keys change on both sides while deliveries are under way. So a delivery brings our manifest as long as the partner is
not known to hold it; and a receipt under keys that we do not know yet is asked for once more, with the manifest that
shows them. Both are verified against the root, which does not change.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from msgspec.structs import replace

from mithaq.errors import MithaqError, NotAllowed, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link import charter, epochs, evidence, manifests, pause, send, speaks
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.log.checkpoint import is_signed_with
from mithaq.kernel.link.message import Delivery, DeliveryFormat, Receipt
from mithaq.kernel.party import Identity, renewed
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.statement import payload, verified_any
from mithaq.kernel.witness import card, kept

FORMATS: dict[int, DeliveryFormat] = {
    1: "mithaq-delivery/1", 2: "mithaq-delivery/2", 3: "mithaq-delivery/3", 4: "mithaq-delivery/4"
}  # fmt: skip


class Carrier:
    """Carries deliveries to partners. One thread at a time for each."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends

    def answer(self, party: str, delivery: Delivery) -> tuple[Receipt, bytes]:
        """The partner's verified receipt for a delivery. One that turns a question away is asked in older formats."""
        line, link, own = self._ends.lines[party], self._ends.link(party), self._ends.rings.settled_own()
        pairs = own.ring.receipt(self._ends.clock.now())
        if own.root is not None and not any(is_signed_with(delivery.checkpoint, keys) for keys in pairs):
            raise Unavailable("keys", own.ring.warning(self._ends.clock.now()) or "our keys have changed just now")
        first = introducing(delivery, own, link, knows=line.knows, speaks=line.speaks)
        asking = self.asking(party, first)
        if asking.cosign is not None:
            try:
                return self._believed(party, asking)
            except NotAllowed:
                found = self._believed_older(party, delivery, first)
                self._ends.store.write(lambda tx: speaks.note_cosigns(tx, party, False)).result()
                return found
        return self._believed_older(party, delivery, first)

    def asking(self, party: str, delivery: Delivery) -> Delivery:
        """The delivery, asking for a cosignature where the partner may know how."""
        with self._ends.store.read() as tx:
            return self.asking_in(tx, party, delivery)

    def asking_in(self, tx: Transaction, party: str, delivery: Delivery) -> Delivery:
        """As ``asking``. One that never said that it knows how is asked with a question only.

        What it has cosigned is shown to it with a question, and where it has not cosigned lately: after a restore it
        may not know.
        """
        if self._ends.lines[party].speaks < 3 or delivery.format == "mithaq-delivery/1":
            return delivery
        known = speaks.cosigns(tx, party)
        if known is False or (known is None and delivery.messages):
            return delivery
        held, shown = card.newest(tx, party), None
        if held is not None and (not delivery.messages or self._ends.lines[party].uncosigned):
            witness, link = {"it": card.keys_of(tx, party)}, epochs.current(tx, self._ends.party, party)
            shown = next((each.text for each in reversed(kept.notes(tx, link)) if each.times(witness)), None)
        return replace(delivery, format=FORMATS[4], cosign=held.serial if held else 0, cosigned=shown)

    def _believed_older(self, party: str, delivery: Delivery, first: Delivery) -> tuple[Receipt, bytes]:
        link, line = self._ends.link(party), self._ends.lines[party]
        try:
            return self._believed(party, first)
        except NotAllowed:
            if delivery.messages:
                raise
            for older in range(int(first.format[-1]) - 1, 0, -1):
                asked = send.ask_head(link, delivery.checkpoint, FORMATS[older], delivery.after or 0)
                try:
                    answer = self._believed(party, asked)
                except NotAllowed:
                    continue
                line.speaks = older
                return answer
            raise

    def contradiction(self, party: str, problem: Untrusted, envelope: bytes) -> None:
        """Keep what the partner signed although it is not true."""
        link = self._ends.link(party)
        with self._ends.store.read() as tx:
            held = (tx.links.checkpoint(link) or "",)
        self._keep(evidence.signed(self._ends.clock.now(), party, problem.code, problem.message, envelope, held))

    def _believed(self, party: str, delivery: Delivery) -> tuple[Receipt, bytes]:
        """The verified receipt for exactly this delivery; what does not hold is kept as evidence."""
        ends = self._ends
        answer = self._carried(party, delivery)
        try:
            receipt, envelope = self._opened(party, answer)
        except MithaqError as problem:
            again = self._asked_again(party, delivery, problem)
            if again is None:
                self._keep(evidence.turned_away(ends.clock.now(), party, problem.code, problem.message, answer))
                raise Untrusted(problem.code, f"the answer of {party} does not hold: {problem.message}") from None
            delivery, receipt, envelope = again
        if delivery.format != "mithaq-delivery/1" and receipt.answers != _name(delivery):
            false = Untrusted("receipt", f"the receipt of {party} answers another delivery")
            self.contradiction(party, false, envelope)
            raise false
        own = ends.rings.own
        if delivery.manifest is not None and delivery.manifest == own.manifest:
            ends.lines[party].knows = own.serial
        return receipt, envelope

    def _asked_again(
        self, party: str, delivery: Delivery, problem: MithaqError
    ) -> tuple[Delivery, Receipt, bytes] | None:
        """The receipt with the manifest that verifies it, where the partner may have a new one; None if no better."""
        known, line = self._ends.partner(party), self._ends.lines[party]
        old = delivery.format == "mithaq-delivery/1" or line.speaks < 3
        if problem.code != "signature" or old or known.root is None:
            return None
        newer = FORMATS[3] if delivery.cosign is None else FORMATS[4]
        asking = replace(delivery, format=newer, holds=known.serial)
        try:
            return asking, *self._opened(party, self._carried(party, asking))
        except MithaqError:
            return None  # what is told is the first problem

    def _carried(self, party: str, delivery: Delivery) -> bytes:
        """The sealed answer."""
        ends = self._ends
        public = ends.partner(party).ring.sealing_now(ends.clock.now())
        sealed = seal(canonical.encode(delivery), sender=ends.party, receiver=party, public=public)
        self._look_once_more(party, delivery)
        answer = ends.transport.deliver(party, sealed)
        ends.lines[party].bytes_out += len(sealed)
        ends.metrics.count("bytes_sent", len(sealed), partner=party)
        return answer

    def _look_once_more(self, party: str, delivery: Delivery) -> None:
        """Unavailable if the partner was stopped since this delivery was made: at once means before the next byte."""
        if not delivery.messages or charter.only(delivery):
            return
        with self._ends.store.read() as tx:
            if stopped := pause.standing(tx, party):
                raise Unavailable(stopped, f"{party} has just been {stopped}")

    def _opened(self, party: str, answer: bytes) -> tuple[Receipt, bytes]:
        """(receipt, its envelope), signed by the partner that was asked."""
        sender, envelope = unseal(answer, self._ends.keys, me=self._ends.party)
        if sender != party:
            raise Untrusted("receipt", f"{party} was asked and {sender} answered")
        return self.take_up(party, envelope), envelope

    def take_up(self, party: str, envelope: bytes) -> Receipt:
        """The receipt in this envelope, signed by a partner with keys that are good now; else Untrusted.

        If it shows a new manifest, that is kept before anything rests on it.
        """
        at, known = self._ends.clock.now(), self._ends.partner(party)
        receipt, found = believed(envelope, known, at)
        if found is not known:
            self._ends.store.write(lambda tx: manifests.file(tx, known, receipt.manifest, (), at)).result()
            self._ends.rings.renew(party, at)
        return receipt

    def _keep(self, found: evidence.Evidence) -> None:
        self._ends.metrics.count("receipts_not_believed", partner=found.partner)
        self._ends.keep(found)


def introducing(delivery: Delivery, own: Identity, link: str, *, knows: int, speaks: int) -> Delivery:
    """The delivery, with our manifest if the partner may not hold it and may be able to read it.

    The first manifest needs no introduction: it, or a newer one, was on the card that the partner trusts.
    """
    if own.serial <= max(knows, 1) or speaks < 3 or delivery.format == "mithaq-delivery/1":
        return delivery
    return replace(delivery, format=FORMATS[3], manifest=own.manifest, revocations=own.revoked_on(link))


def believed(envelope: bytes, known: Identity, at: datetime) -> tuple[Receipt, Identity]:
    """(receipt, its signer as it shows itself): signed with keys that are good at this moment; else Untrusted."""
    claimed = payload("receipt", envelope, Receipt)
    found = renewed(known, claimed.manifest, at=at) if claimed.manifest is not None else known
    try:
        return verified_any("receipt", envelope, Receipt, found.ring.receipt(at)), found
    except Untrusted:
        verified_any("receipt", envelope, Receipt, found.ring.receipt())
        raise Untrusted("expired", f"{found.party} signed a receipt with a key that is expired or revoked") from None


def _name(delivery: Delivery) -> bytes:
    return hashlib.sha256(canonical.encode(delivery)).digest()
