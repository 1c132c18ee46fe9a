"""Outbound: what waits for a partner goes out, and its receipts settle it.

The first thing a node asks of a partner after a start is its *head*. So it learns what the partner has lost (and sends
it again) and what it has itself lost by a restore (and takes it back, see ``recover``) before anything new is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec.structs import replace

from mithaq.errors import MithaqError, NotAllowed, Unavailable, Untrusted
from mithaq.kernel import canonical, server
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.link import charter, pause, recover, send, speaks, stale
from mithaq.kernel.link.carry import FORMATS, Carrier, introducing
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.log.checkpoint import (
    Checkpoint,
    origin,
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint_any,
)
from mithaq.kernel.link.log.note import read_lines
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.log.tree import EMPTY_ROOT
from mithaq.kernel.link.message import Delivery, DeliveryFormat, Receipt, Tombstone
from mithaq.kernel.matter import link as matters
from mithaq.kernel.ports import Transaction
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.witness import card, partner, quorum

TWO_SERVERS = "two-servers"


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
            if self._stopped_by_them(party) and self.ask(party).outcome == "paused":
                moved += self._charter(party)
                line.refused(clock.monotonic())
                return moved
            while self._ends.take(party) and not self._paused(party) and (settled := self.deliver(party)) is not None:
                if settled.outcome == "paused":
                    moved += self._charter(party)
                    line.refused(clock.monotonic())
                    return moved
                moved += settled.settled
            if line.paused_by_us:
                moved += self._charter(party)
        except MithaqError as problem:
            line.failed(clock.monotonic(), self._explained(party, problem))
        else:
            line.reached()
            line.seen = news
        return moved

    def deliver(self, party: str) -> send.Settled | None:
        """Send a partner the next messages that wait and settle them by its receipt; None if it lacks nothing.

        Unavailable: not reached, all still waits. Untrusted: the answer does not hold (it is kept as evidence), or the
        partner says that what we sign contradicts what it holds.
        """
        link, line = self._ends.link(party), self._ends.lines[party]
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

    def _charter(self, party: str) -> int:
        """Tell a partner what crosses although nothing else does. Messages settled."""
        link, line, moved = self._ends.link(party), self._ends.lines[party], 0
        while True:
            room = send.Room(size=line.size, format=_format(line.speaks))
            with self._ends.store.read() as tx:
                delivery = None if recover.is_unsure(tx, party) else send.statements(tx, link, room, charter.crosses)
            if delivery is None or not (settled := self._exchange(party, delivery).settled):
                return moved
            moved += settled

    def _stopped_by_them(self, party: str) -> bool:
        """Whether the partner said that it takes nothing. Nothing is sent then that it would only refuse."""
        with self._ends.store.read() as tx:
            theirs = matters.theirs(tx, party)
            return theirs is not None and theirs.standing != "" and not pause.is_paused(tx, party)

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
        link, line = self._ends.link(party), self._ends.lines[party]
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
        ends, link, line = self._ends, self._ends.link(party), self._ends.lines[party]
        public = ends.partner(party).ring.sealing_now(ends.clock.now())
        with self._ends.store.read() as tx:
            if stopped := pause.standing(tx, party):
                hint = "mithaq link resume" if stopped == "paused" else "mithaq party standing"
                raise Unavailable(stopped, f"the links with {party} are {stopped} by us", hint=hint)
            first = tx.links.page(link, after=after, limit=1, outcome="waiting")
            if not first:
                return
            at, last = self._ends.clock.now(), after or first[0].seq - 1
            while (delivery := send.run_after(tx, link, last, send.Room(size=size))) is not None:
                delivery = stale.bury(delivery, stale.stale(delivery, self._ends.standing.book(tx), at))
                last = delivery.messages[-1].seq
                shown = introducing(delivery, ends.rings.own, link, knows=line.knows, speaks=line.speaks)
                shown = self._carrier.asking_in(tx, party, shown)
                yield last, seal(canonical.encode(shown), sender=ends.party, receiver=party, public=public)

    def unpack(self, sealed: bytes) -> send.Settled:
        """Settle by a receipt that was carried by hand."""
        sender, envelope = unseal(sealed, self._ends.keys, me=self._ends.party)
        receipt = self._carrier.take_up(sender, envelope)
        settled = self._settled(sender, receipt, envelope)
        self._ends.lines[sender].head = settled.head
        return settled

    def _paused(self, party: str) -> bool:
        """Whether we have paused it: asked before each delivery, so that a pause stops a backlog too.

        To one that is removed goes on what shows nothing: entries of what was stopped, and the statement that says so.
        """
        with self._ends.store.read() as tx:
            paused = pause.standing(tx, party) == "paused"
        self._ends.lines[party].paused_by_us = paused
        return paused

    def _next(self, party: str, link: str) -> Delivery | None:
        """The next delivery, with what may no longer be sent withdrawn first."""
        ends, line = self._ends, self._ends.lines[party]
        latest = self._turn.get(party, True)
        room = send.Room(size=line.size, format=_format(line.speaks), latest=latest)
        at = ends.clock.now()
        with ends.store.read() as tx:
            removed = pause.is_removed(tx, party)
        if removed:  # also what was numbered since
            ends.store.write(lambda tx: pause.stop_waiting(tx, ends.party, party, at)).result()
        with ends.store.read() as tx:
            if quorum.holds(tx, link, ends.standing.book(tx), at):
                return send.statements(tx, link, room, charter.crosses)
            delivery = send.next_delivery(tx, link, head=line.head, room=room)
            reasons = stale.stale(delivery, ends.standing.book(tx), at) if delivery is not None else {}
        if reasons:
            ends.store.write(lambda tx: _withdraw(tx, link, reasons)).result()
            with ends.store.read() as tx:
                delivery = send.next_delivery(tx, link, head=line.head, room=room)
                again = stale.stale(delivery, ends.standing.book(tx), at) if delivery is not None else {}
            delivery = delivery and stale.bury(delivery, again)
        delivery = delivery and self._sealed_off(party, delivery)
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
        delivery = self._sealed_off(party, stale.bury(delivery, stale.stale(delivery, book, at)))
        settled = self._exchange(party, delivery)
        if settled.outcome == "gap":
            raise Unavailable("gap", f"{party} still lacks number {settled.head + 1} of {link}")
        return settled

    def _sealed_off(self, party: str, delivery: Delivery) -> Delivery:
        """The delivery as a removed partner may see it, if it is one."""
        with self._ends.store.read() as tx:
            removed = pause.is_removed(tx, party)
        return stale.bury(delivery, pause.sealed_off(delivery)) if removed else delivery

    def _exchange(self, party: str, delivery: Delivery) -> send.Settled:
        line, clock = self._ends.lines[party], self._ends.clock
        started = clock.monotonic()
        receipt, envelope = self._carrier.answer(party, delivery)
        if delivery.messages:
            line.took(clock.monotonic() - started)
            self._ends.metrics.observe("delivery", clock.monotonic() - started, partner=party)
        link = self._ends.link(party)
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
        link = self._ends.link(party)
        try:
            settled = self._ends.store.write(lambda tx: _settle(tx, link, party, receipt, envelope)).result()
        except Untrusted as problem:
            self._carrier.contradiction(party, problem, envelope)
            raise
        self._keep_cosignatures(party, link, receipt, envelope)
        self._ends.metrics.count("messages_settled", settled.settled, partner=party)
        return settled

    def _keep_cosignatures(self, party: str, link: str, receipt: Receipt, envelope: bytes) -> None:
        """Keep what the partner cosigned. What does not hold is evidence, and settles nothing less."""
        if receipt.format == "mithaq-receipt/4" and receipt.outcome == "settled":
            self._ends.lines[party].uncosigned = receipt.cosignatures is None
        if receipt.cosignatures is None and receipt.witness is None:
            return
        at, ring = self._ends.clock.now(), self._ends.partner(party).ring
        try:
            self._ends.store.write(lambda tx: _keep(tx, link, party, receipt, ring.receipt(at), at)).result()
        except MithaqError as problem:
            self._carrier.contradiction(party, Untrusted(problem.code, problem.message), envelope)

    def _recover(self, party: str, link: str) -> None:
        """Take back what we signed and have lost, from the partner's verdicts, page by page."""
        ends = self._ends
        with ends.store.read() as tx:
            lost = recover.Lost(link, tx.links.edge(link))
            expected = recover.is_unsure(tx, party) or server.took_over_lately(tx, ends.clock.now())
        envelope = b""
        try:
            while not lost.complete:
                receipt, envelope = self._carrier.answer(party, self._question(party, link, lost.size))
                lost.add(receipt, envelope, ends.rings.own.ring)
                if lost.is_signed and ends.lines[party].asked and not expected:
                    raise self._another(party)
        except Untrusted as problem:
            if problem.code not in ("lost", TWO_SERVERS):
                self._carrier.contradiction(party, problem, envelope)
            raise
        ends.store.write(lambda tx: lost.restore(tx, party, ends.clock.now())).result()

    def _explained(self, party: str, problem: MithaqError) -> MithaqError:
        """The problem; or that another server signs for us, where the partner can show that by our own signature."""
        if problem.code not in ("conflict", "head"):
            return problem
        link = self._ends.link(party)
        try:
            receipt, _ = self._carrier.answer(party, self._question(party, link, 0, bare=True))
            if receipt.checkpoint is None:
                return problem
            size = read_checkpoint(receipt.checkpoint)[0].size
            keys = self._ends.rings.own.ring.checkpoint(link, size)
            signed, _ = verify_checkpoint_any(receipt.checkpoint, origin(link), keys)
        except MithaqError:
            return problem
        with self._ends.store.read() as tx:
            edge = tx.links.edge(link)
            tree = Tree(edge, lambda level, index: tx.links.tile(link, level, index))
            same = size <= edge.size and tree.root(size) == signed.root
        return problem if same else self._another(party)

    def _another(self, party: str) -> Untrusted:
        """Another server signs for our nation. The one that did not take over lately takes itself for the older."""
        why = f"another server signs for {self._ends.party}: {party} shows what this one never signed"

        def job(tx: Transaction) -> bool:
            if server.took_over_lately(tx, self._ends.clock.now()):
                return False
            server.stand_down(tx, why)
            return True

        if self._ends.store.write(job).result():
            self._ends.tell()
            return Untrusted(TWO_SERVERS, why, hint="this one has stood down; see docs/runbooks/fail-over.md")
        return Untrusted(TWO_SERVERS, why, hint="stop the old server; then begin the link anew: mithaq link renew")

    def _question(self, party: str, link: str, after: int | None, *, bare: bool = False) -> Delivery:
        """An empty delivery under our newest checkpoint, or under one of nothing if we hold none.

        ``bare``: under one of nothing, which contradicts no log.
        """
        with self._ends.store.read() as tx:
            note, size = tx.links.checkpoint(link), tx.links.edge(link).size
        if note is None or bare:
            sets = self._ends.rings.own.ring.receipt()
            note = sign_checkpoint(Checkpoint(origin(link), 0, EMPTY_ROOT), self._ends.keys, *sets)
        line = self._ends.lines[party]
        return send.ask_head(link, note, _format(line.speaks), size if after is None else after)


def _settle(tx: Transaction, link: str, party: str, receipt: Receipt, envelope: bytes) -> send.Settled:
    speaks.note(tx, party, receipt.format)
    settled = send.settle(tx, link, receipt, envelope)
    if card.newest_envelope(tx, party) is None:
        quorum.note_receipt(tx, link, receipt.head.size, receipt.at)
    return settled


def _keep(tx: Transaction, link: str, party: str, receipt: Receipt, sets: Iterable[VerifyKeys], at: datetime) -> None:
    if receipt.witness is not None:
        card.file(tx, receipt.witness.encode(), party, sets, at)
    note = tx.links.checkpoint(link, receipt.head.size)
    if receipt.cosignatures is not None and note is not None:
        partner.accept(tx, link, note, read_lines(receipt.cosignatures), card.keys_of(tx, party))


def _withdraw(tx: Transaction, link: str, reasons: dict[int, Tombstone]) -> None:
    for why in sorted(set(reasons.values())):
        tx.links.withdraw(link, [seq for seq, each in reasons.items() if each == why], why)


def _format(speaks: int) -> DeliveryFormat:
    return FORMATS[min(speaks, 2)]
