"""Outbound: what waits for a partner goes out, and its receipts settle it.

The first thing a node asks of a partner after a start is its *head*. So it learns what the partner has lost (and sends
it again) and what it has itself lost by a restore (and takes it back, see ``recover``) before anything new is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from mithaq.errors import MithaqError, NotAllowed, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link import pause, recover, send, speaks, stale
from mithaq.kernel.link.carry import FORMATS, Carrier, introducing
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.log.checkpoint import Checkpoint, origin, read_checkpoint, sign_checkpoint
from mithaq.kernel.link.log.tree import EMPTY_ROOT
from mithaq.kernel.link.message import Delivery, DeliveryFormat, Receipt, Tombstone
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.values import link_id


class Outbound:
    """Delivers. One thread at a time for each partner."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._carrier = Carrier(ends)
        self._turn: dict[str, bool] = {}  # whether the latest lane overtakes next

    def attempt(self, party: str) -> int:
        """Deliver all that waits for a partner; if it is not reached, note when to try again. Messages settled."""
        line, moved, clock = self._ends.lines[party], 0, self._ends.clock
        news = line.news  # before we look: what comes meanwhile is news still
        try:
            while not self._paused(party) and (settled := self.deliver(party)) is not None:
                if settled.outcome == "paused":
                    line.refused(clock.monotonic())
                    return moved
                moved += settled.settled
        except MithaqError as problem:
            line.failed(clock.monotonic(), problem)
        else:
            line.reached()
            line.seen = news
        return moved

    def deliver(self, party: str) -> send.Settled | None:
        """Send a partner the next messages that wait and settle them by its receipt; None if it lacks nothing.

        Unavailable: not reached, all still waits. Untrusted: the answer does not hold (it is kept as evidence), or the
        partner says that what we sign contradicts what it holds.
        """
        link, line = link_id(self._ends.party, party), self._ends.lines[party]
        if line.head is None:
            with self._ends.store.read() as tx:
                started = tx.links.edge(link).size > 0 or recover.is_unsure(tx, party)
            if not started:
                return None
            asked = self.ask(party)
            if asked.outcome == "paused":
                return asked
        delivery = self._next(party, link)
        if delivery is None:
            return None
        before = line.head or 0
        try:
            settled = self._exchange(party, delivery)
        except NotAllowed:
            if self._ends.rings.own.root is None:
                raise
            return self._introduced(party, link)
        if settled.outcome == "gap":
            settled = self._again(party, link, settled.head)
        elif settled.outcome == "settled" and settled.settled == 0 and settled.head <= before:
            raise Unavailable("no-progress", f"{party} answers and takes nothing")
        if settled.outcome == "conflict":
            raise Untrusted(
                "conflict", f"{party} holds another log of {link}", hint="compare both logs with the partner"
            )
        return settled

    def _introduced(self, party: str, link: str) -> send.Settled:
        """A partner that turns away what it took before may have lost our manifest: show it, and send again."""
        self._ends.lines[party].forget()
        asked = self.ask(party)
        delivery = self._next(party, link) if asked.outcome == "settled" else None
        return asked if delivery is None else self._exchange(party, delivery)

    def ask(self, party: str) -> send.Settled:
        """Ask a partner for its head. If it shows that we signed more than we hold, take that back first.

        Only a question after a start asks for verdicts too, and only such a one is asked back: else two nodes would
        ask each other without end.
        """
        link, line = link_id(self._ends.party, party), self._ends.lines[party]
        question = self._question(party, link, None)
        settled = self._exchange(party, replace(question, after=None) if line.asked else question)
        if settled.outcome == "settled":
            line.head, line.asked = settled.head, True
            self._ends.store.write(lambda tx: recover.sure(tx, party)).result()
        return settled

    def pack(self, party: str, after: int, size: int) -> Iterator[tuple[int, bytes]]:
        """(last number, sealed delivery) of all that waits, to be carried by hand. Sends nothing.

        ``after`` goes on after a number that was packed before, or that the partner is known to hold.
        """
        ends, link, line = self._ends, link_id(self._ends.party, party), self._ends.lines[party]
        public = ends.partner(party).ring.sealing_now(ends.clock.now())
        with self._ends.store.read() as tx:
            if pause.is_paused(tx, party):
                raise Unavailable("paused", f"the links with {party} are paused by us", hint="mithaq link resume")
            first = tx.links.page(link, after=after, limit=1, outcome="waiting")
            if not first:
                return
            at, last = self._ends.clock.now(), after or first[0].seq - 1
            while (delivery := send.run_after(tx, link, last, send.Room(size=size))) is not None:
                delivery = stale.bury(delivery, stale.stale(delivery, self._ends.standing.book(tx), at))
                last = delivery.messages[-1].seq
                shown = introducing(delivery, ends.rings.own, link, knows=line.knows, speaks=line.speaks)
                yield last, seal(canonical.encode(shown), sender=ends.party, receiver=party, public=public)

    def unpack(self, sealed: bytes) -> send.Settled:
        """Settle by a receipt that was carried by hand."""
        sender, envelope = unseal(sealed, self._ends.keys, me=self._ends.party)
        receipt = self._carrier.take_up(sender, envelope)
        settled = self._settled(sender, receipt, envelope)
        self._ends.lines[sender].head = settled.head
        return settled

    def _paused(self, party: str) -> bool:
        """Whether we have paused it: asked before each delivery, so that a pause stops a backlog too."""
        with self._ends.store.read() as tx:
            paused = pause.is_paused(tx, party)
        self._ends.lines[party].paused_by_us = paused
        return paused

    def _next(self, party: str, link: str) -> Delivery | None:
        """The next delivery, with what may no longer be sent withdrawn first."""
        ends, line = self._ends, self._ends.lines[party]
        latest = self._turn.get(party, True)
        room = send.Room(size=line.size, format=_format(line.speaks), latest=latest)
        at = ends.clock.now()
        with ends.store.read() as tx:
            delivery = send.next_delivery(tx, link, head=line.head, room=room)
            reasons = stale.stale(delivery, ends.standing.book(tx), at) if delivery is not None else {}
        if reasons:
            ends.store.write(lambda tx: _withdraw(tx, link, reasons)).result()
            with ends.store.read() as tx:
                delivery = send.next_delivery(tx, link, head=line.head, room=room)
                again = stale.stale(delivery, ends.standing.book(tx), at) if delivery is not None else {}
            delivery = delivery and stale.bury(delivery, again)
        self._turn[party] = not latest if delivery is not None and delivery.overtakes else True
        return delivery

    def _again(self, party: str, link: str, head: int) -> send.Settled:
        """The partner lacks earlier numbers (it was restored): send them again, in full, from the head it signed."""
        line = self._ends.lines[party]
        with self._ends.store.read() as tx:
            delivery = send.run_after(tx, link, head, send.Room(size=line.size, format=_format(line.speaks)))
            book = self._ends.standing.book(tx)
        if delivery is None:
            raise Unavailable("gap", f"{party} lacks messages of {link} that we do not hold")
        at = self._ends.clock.now()
        settled = self._exchange(party, stale.bury(delivery, stale.stale(delivery, book, at)))
        if settled.outcome == "gap":
            raise Unavailable("gap", f"{party} still lacks number {settled.head + 1} of {link}")
        return settled

    def _exchange(self, party: str, delivery: Delivery) -> send.Settled:
        line, clock = self._ends.lines[party], self._ends.clock
        started = clock.monotonic()
        receipt, envelope = self._carrier.answer(party, delivery)
        if delivery.messages:
            line.took(clock.monotonic() - started)
            self._ends.metrics.observe("delivery", clock.monotonic() - started, partner=party)
        link = link_id(self._ends.party, party)
        with self._ends.store.read() as tx:
            known = tx.links.edge(link).size
        shown = read_checkpoint(receipt.checkpoint)[0].size if receipt.checkpoint else 0
        behind = max(receipt.head.size, shown) > known
        if behind:
            self._recover(party, link)
        settled = self._settled(party, receipt, envelope)
        if settled.outcome in ("settled", "gap"):
            line.head = settled.head
        return settled

    def _settled(self, party: str, receipt: Receipt, envelope: bytes) -> send.Settled:
        link = link_id(self._ends.party, party)
        try:
            settled = self._ends.store.write(lambda tx: _settle(tx, link, party, receipt, envelope)).result()
        except Untrusted as problem:
            self._carrier.contradiction(party, problem, envelope)
            raise
        self._ends.metrics.count("messages_settled", settled.settled, partner=party)
        return settled

    def _recover(self, party: str, link: str) -> None:
        """Take back what we signed and have lost, from the partner's verdicts, page by page."""
        ends = self._ends
        with ends.store.read() as tx:
            lost = recover.Lost(link, tx.links.edge(link))
        envelope = b""
        try:
            while not lost.complete:
                receipt, envelope = self._carrier.answer(party, self._question(party, link, lost.size))
                lost.add(receipt, envelope, ends.rings.own.ring)
        except Untrusted as problem:
            if problem.code != "lost":
                self._carrier.contradiction(party, problem, envelope)
            raise
        ends.store.write(lambda tx: lost.restore(tx, party, ends.clock.now())).result()

    def _question(self, party: str, link: str, after: int | None) -> Delivery:
        """An empty delivery under our newest checkpoint, or under one of nothing if we hold none."""
        with self._ends.store.read() as tx:
            note, size = tx.links.checkpoint(link), tx.links.edge(link).size
        if note is None:
            sets = self._ends.rings.own.ring.receipt()
            note = sign_checkpoint(Checkpoint(origin(link), 0, EMPTY_ROOT), self._ends.keys, *sets)
        line = self._ends.lines[party]
        return send.ask_head(link, note, _format(line.speaks), size if after is None else after)


def _settle(tx: Transaction, link: str, party: str, receipt: Receipt, envelope: bytes) -> send.Settled:
    speaks.note(tx, party, receipt.format)
    return send.settle(tx, link, receipt, envelope)


def _withdraw(tx: Transaction, link: str, reasons: dict[int, Tombstone]) -> None:
    for why in sorted(set(reasons.values())):
        tx.links.withdraw(link, [seq for seq, each in reasons.items() if each == why], why)


def _format(speaks: int) -> DeliveryFormat:
    return FORMATS[min(speaks, 2)]
