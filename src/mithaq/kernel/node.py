"""A node: one nation's whole program as an object. Everything it uses is given to it; many live in one process.

Commands and deliveries become jobs of the store's one writer. At the end of each commit the head of every link that
got something new is signed, once. ``step`` moves what waits: deliveries whose time has come, and views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from msgspec import Struct

from mithaq.errors import MithaqError, NotFound, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.clock import Clock
from mithaq.kernel.desk import Desk, Surroundings
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.link import receive, send
from mithaq.kernel.link.judge import Judging
from mithaq.kernel.link.message import Delivery, Receipt
from mithaq.kernel.link.retry import Line
from mithaq.kernel.link.sequence import sign_head
from mithaq.kernel.party import Card, Partner
from mithaq.kernel.plug import Capability
from mithaq.kernel.ports import Keyed, Opener, Signer, Store, Transaction, Transport
from mithaq.kernel.seal import read_header, seal, unseal
from mithaq.kernel.statement import sign, verified
from mithaq.kernel.values import link_id
from mithaq.kernel.view import View, advance, behind


class Keystore(Signer, Opener, Keyed, Protocol):
    """The node's keys, behind the three things that are done with them."""


class Answer(Struct, frozen=True):
    """The sealed receipt, and its outcome (settled, gap, conflict) for a transport that shows it on the outside."""

    outcome: str
    sealed: bytes


class Node:
    """One nation's node. Thread-safe: the store serialises what changes it."""

    def __init__(
        self,
        *,
        card: Card,
        clock: Clock,
        store: Store,
        keys: Keystore,
        partners: Iterable[Partner],
        book: Rulebook,
        capabilities: Iterable[Capability],
        transport: Transport,
        randomness: Callable[[int], bytes],
        evidence: Callable[[str, bytes], None],
    ) -> None:
        self.card = card
        self.clock = clock
        self.store = store
        self.book = book
        self.capabilities = tuple(capabilities)
        self.partners: Mapping[str, Partner] = {partner.party: partner for partner in partners}
        self._keys = keys
        self._transport = transport
        self._evidence = evidence
        self._touched: set[str] = set()
        self._listeners: list[Callable[[], None]] = []
        self._lines = {party: Line() for party in self.partners}
        self.kinds = {kind.name: kind for capability in self.capabilities for kind in capability.kinds}
        self.commands = {each.name: each for capability in self.capabilities for each in capability.commands}
        self.questions = {each.name: each for capability in self.capabilities for each in capability.questions}
        self.views: tuple[View, ...] = tuple(view for each in self.capabilities for view in each.views)
        self.surroundings = Surroundings(
            party=card.party,
            law=Compiled(book),
            kinds=self.kinds,
            card=card,
            cards={party: partner.card for party, partner in self.partners.items()},
            lines=self._lines,
            keyed=keys,
            randomness=randomness,
            touched=self._touched,
        )
        store.finish_with(self._sign_heads)

    @property
    def party(self) -> str:
        return self.card.party

    def close(self) -> None:
        """Finish what is being written, then let go of store and transport."""
        self.store.close()
        self._transport.close()

    # -- inside the nation -------------------------------------------------------------------------------------------

    def do(self, name: str, given: object, *, who: str) -> Future[Any]:
        """Run a command. The future resolves once everything it did is durable, or with the error that undid it all."""
        command = self._named(name, self.commands)
        taken = canonical.fit(given, command.takes)

        def job(tx: Transaction) -> Any:
            desk = self._desk(tx, who)
            tx.audit.add(at=desk.at, who=who, act=name, subject=_subject(taken))
            return command.run(desk, taken)

        future = self.store.write(job)
        future.add_done_callback(lambda _: self._tell())
        return future

    def ask(self, name: str, given: object, *, who: str) -> Any:
        """Answer a question. If the answer may hold personal data, that it was asked is durable before it is told."""
        question = self._named(name, self.questions)
        taken = canonical.fit(given, question.takes)
        self.catch_up()
        if question.personal:
            at = self.clock.now()
            self.store.write(lambda tx: tx.audit.add(at=at, who=who, act=name, subject=_subject(taken))).result()
        with self.store.read() as tx:
            return question.run(self._desk(tx, who), taken)

    def catch_up(self) -> None:
        """Fold what the views have not seen yet."""
        with self.store.read() as tx:
            waiting = [view for view in self.views if behind(view, tx)]
        for view in waiting:
            while self.store.write(lambda tx, view=view: advance(view, tx)).result():  # type: ignore[misc]
                pass

    # -- across the border -------------------------------------------------------------------------------------------

    def receive(self, sealed: bytes) -> Answer:
        """Take a partner's sealed delivery and give the sealed, signed receipt. Durable before it returns.

        Untrusted if it is not from a partner we know, for us, or signed as it must be: nothing of it was used.
        """
        partner = self._partner(read_header(sealed).sender)
        _, plaintext = unseal(sealed, self._keys, me=self.party)
        delivery = canonical.decode(plaintext, Delivery)
        keys = partner.card.keys
        signed = receive.check(delivery, me=self.party, partner=partner.party, keys=keys)
        judge = Judging(self.party, partner.party, self.book, self.kinds)
        at = self.clock.now()
        conflicts: list[str] = []

        def job(tx: Transaction) -> Receipt:
            return receive.take(tx, delivery, signed, judge, at, conflicts.append)

        receipt = self.store.write(job).result()
        for reason in conflicts:
            self._evidence(reason, plaintext)
        self._lines[partner.party].reached()
        answer = sign("receipt", receipt, self._keys)
        public = partner.card.sealing
        return Answer(receipt.outcome, seal(answer, sender=self.party, receiver=partner.party, public=public))

    def deliver(self, party: str) -> send.Settled | None:
        """Send a partner the next messages that wait and settle them by its receipt; None if none wait.

        Unavailable: not reached, all still waits. Untrusted: the answer does not hold (it is kept as evidence), or the
        partner says that what we sign contradicts what it holds.
        """
        link = link_id(self.party, party)
        with self.store.read() as tx:
            delivery = send.next_delivery(tx, link)
        if delivery is None:
            return None
        settled = self._exchange(party, delivery)
        if settled.outcome == "gap":
            settled = self._from_head(party)
        if settled.outcome == "conflict":
            raise Untrusted(
                "conflict", f"{party} holds another log of {link}", hint="compare both logs with the partner"
            )
        return settled

    def step(self) -> int:
        """Move what waits: deliver to every partner whose time has come, then fold views. Messages settled."""
        moved = 0
        for party, line in self._lines.items():
            if line.due(self.clock.monotonic()):
                moved += self.attempt(party)
        self.catch_up()
        return moved

    def line(self, party: str) -> Line:
        """How the line to a partner is: up, or retrying and since when."""
        return self._lines[party]

    def attempt(self, party: str) -> int:
        """Deliver all that waits for a partner; if it is not reached, note when to try again. Messages settled."""
        line, moved = self._lines[party], 0
        try:
            while (settled := self.deliver(party)) is not None and settled.settled:
                moved += settled.settled
        except MithaqError as problem:
            line.failed(self.clock.monotonic(), problem)
        else:
            line.reached()
        return moved

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call this after every command that is durable, from the writer's thread: it may only wake someone up."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _from_head(self, party: str) -> send.Settled:
        """The partner lacks earlier numbers (it was restored): send again from the head it signed."""
        link = link_id(self.party, party)
        with self.store.read() as tx:
            request = send.head_request(tx, link)
        if request is None:
            raise Unavailable("gap", f"{party} lacks messages of {link} and nothing was numbered")
        head = self._receipt(party, request)[0].head
        with self.store.read() as tx:
            again = send.next_delivery(tx, link, after=head.size)
        if again is None:
            raise Unavailable("gap", f"{party} lacks messages of {link} that we do not hold")
        return self._exchange(party, again)

    def _exchange(self, party: str, delivery: Delivery) -> send.Settled:
        receipt, envelope = self._receipt(party, delivery)
        link = link_id(self.party, party)
        try:
            return self.store.write(lambda tx: send.settle(tx, link, receipt, envelope)).result()
        except Untrusted as problem:
            self._evidence(problem.message, envelope)
            raise

    def _receipt(self, party: str, delivery: Delivery) -> tuple[Receipt, bytes]:
        card = self._partner(party).card
        sealed = seal(canonical.encode(delivery), sender=self.party, receiver=party, public=card.sealing)
        answer = self._transport.deliver(party, sealed)
        sender, envelope = unseal(answer, self._keys, me=self.party)
        if sender != party:
            raise Untrusted("receipt", f"{party} was asked and {sender} answered")
        return verified("receipt", envelope, Receipt, card.keys), envelope

    # -- shared ------------------------------------------------------------------------------------------------------

    def _desk(self, tx: Transaction, who: str) -> Desk:
        return Desk(who, self.clock.now(), tx, self.surroundings)

    def _partner(self, party: str) -> Partner:
        try:
            return self.partners[party]
        except KeyError:
            raise Untrusted("partner", f"{party} is not a partner of this node") from None

    def _named(self, name: str, known: Mapping[str, Any]) -> Any:
        try:
            return known[name]
        except KeyError:
            raise NotFound("unknown", f"no {name!r} here", hint="see mithaq --help") from None

    def _sign_heads(self, tx: Transaction) -> None:
        for link in sorted(self._touched):
            sign_head(tx, link, self._keys, self.card.keys)
        self._touched.clear()


def _subject(taken: object) -> str:
    """What an act was about, for the audit log: the id it names, never contents."""
    return str(getattr(taken, "id", ""))
