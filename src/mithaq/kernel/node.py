"""A node: one nation's whole program as an object. Everything it uses is given to it; many live in one process.

Commands and deliveries become jobs of the store's one writer. At the end of each commit the head of every link that
got something new is signed, once. ``step`` moves what waits: deliveries whose time has come, and views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from mithaq.errors import MithaqError, NotAllowed, NotFound, Unavailable
from mithaq.kernel import alarm, asking, canonical, following, reaction, server
from mithaq.kernel.attachment.hold import sweep
from mithaq.kernel.clock import Clock
from mithaq.kernel.clockwork import tick
from mithaq.kernel.contact import Book
from mithaq.kernel.desk import Desk, Surroundings
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.link import pause, recover, recovery, send
from mithaq.kernel.link.ends import Ends, Keystore
from mithaq.kernel.link.evidence import Keep
from mithaq.kernel.link.inbound import Answer, Inbound
from mithaq.kernel.link.line import Line
from mithaq.kernel.link.outbound import Outbound
from mithaq.kernel.link.pause import KeepRemoved
from mithaq.kernel.link.rings import Rings
from mithaq.kernel.link.rotation import Rotation
from mithaq.kernel.party import Card, Identity, Partner
from mithaq.kernel.people import permit as permits
from mithaq.kernel.people.act import Ask, run, subject_of
from mithaq.kernel.people.actor import NODE, Actor
from mithaq.kernel.people.door import Door
from mithaq.kernel.plug import Capability
from mithaq.kernel.ports import Gated, Metrics, NoMetrics, NoPictures, Pictures, Store, Transaction, Transport
from mithaq.kernel.standing import Standing
from mithaq.kernel.together import Together, unsure_of
from mithaq.kernel.values import ends
from mithaq.kernel.view import View, advance, behind
from mithaq.kernel.witness.attend import Attendance
from mithaq.kernel.witness.cosignature import Cosigner
from mithaq.kernel.witness.port import NoWitnesses, Witnesses

STANDING_DOWN = ("node.restored", "node.stand-down")  # what a server that has stood down still does
HEALTHY = 5.0  # seconds within which a store that works commits


class Node:
    """One nation's node. Thread-safe: the store serialises what changes it."""

    def __init__(
        self,
        *,
        identity: Identity,
        clock: Clock,
        store: Store,
        keys: Keystore,
        partners: Iterable[Partner],
        book: Rulebook,
        capabilities: Iterable[Capability],
        transport: Transport,
        randomness: Callable[[int], bytes],
        evidence: Keep,
        metrics: Metrics | None = None,
        watermark: Callable[[int], None] | None = None,
        learn: Callable[[Identity], None] | None = None,
        pictures: Pictures | None = None,
        contacts: Book | None = None,
        cosigner: Cosigner | None = None,
        keep_removed: KeepRemoved | None = None,
        witnesses: Witnesses | None = None,
    ) -> None:
        self.clock = clock
        self.store = store
        self.door = Door(store, clock, randomness)
        self.standing = Standing(book, identity.party)
        self.capabilities = tuple(capabilities)
        self.partners: Mapping[str, Partner] = {partner.party: partner for partner in partners}
        self.metrics = metrics or NoMetrics()
        self.kinds = {kind.name: kind for capability in self.capabilities for kind in capability.kinds}
        self.commands = {each.name: each for capability in self.capabilities for each in capability.commands}
        self.questions = {each.name: each for capability in self.capabilities for each in capability.questions}
        self.views: tuple[View, ...] = tuple(view for each in self.capabilities for view in each.views)
        self._rules = reaction.Rules.of(self.capabilities)
        self._alarms = alarm.of(self.capabilities)
        self.transport = transport
        self.rings = Rings(store, identity, [each.known for each in self.partners.values()], clock.now(), learn)
        self._touched: set[str] = set()
        self._fresh: set[str] = set()  # links that this commit numbered something on
        self._refused: list[tuple[str, str, str]] = []  # acts of this commit that were undone, to be audited in it
        self._listeners: list[Callable[[], None]] = []
        self._lines = {party: Line(lambda: randomness(1)[0] / 256) for party in self.partners}
        with store.read() as tx:
            self.down = server.stood_down(tx)  # why this server has stood down; nothing while it stands
            # A node may have ended after a partner told its head and before what was deferred for it was released.
            self._unsure = unsure_of(tx, self.partners)
        both = Ends(
            rings=self.rings,
            clock=clock,
            store=store,
            keys=keys,
            transport=transport,
            lines=self._lines,
            standing=self.standing,
            kinds=self.kinds,
            keep=evidence,
            metrics=self.metrics,
            tell=self._tell,
            cosigner=cosigner,
            take=lambda party: self.together.take(party),
        )
        self._inbound, self._outbound = Inbound(both), Outbound(both)
        self._witnesses = witnesses or NoWitnesses()
        self.attendance = Attendance(both, self._witnesses)
        self._watermark, self._keep_removed = watermark, keep_removed
        self._removed: dict[str, str] | None = None  # whom the file beside the store names, once it was written
        self._rotation = Rotation(both, randomness=randomness, touched=self._touched, unsure=self._unsure)
        self.together = Together(
            store=store,
            clock=clock,
            rings=self.rings,
            lines=self._lines,
            unsure=self._unsure,
            rotation=self._rotation,
            tell=self._tell,
            me=randomness(8).hex(),
        )
        self.surroundings = Surroundings(
            party=identity.party,
            standing=self.standing,
            kinds=self.kinds,
            rings=self.rings,
            lines=self._lines,
            unsure=self._unsure,
            keyed=keys,
            signer=keys,
            randomness=randomness,
            touched=self._touched,
            commands=self.commands,
            questions=self.questions,
            pictures=pictures or NoPictures(),
            contacts=contacts or {},
            gate=transport.gate if isinstance(transport, Gated) else str,
        )
        self._position = 0
        store.finish_with(self._finish, self._beside)
        self._rotation.turn()

    @property
    def party(self) -> str:
        return self.rings.own.party

    @property
    def card(self) -> Card:
        """What we are known by, with the keys that are the current ones."""
        return self.rings.own.card

    def close(self) -> None:
        """Finish what is being written, then let go of store and transport."""
        self.store.close()
        self.transport.close()
        self._witnesses.close()

    # -- inside the nation -------------------------------------------------------------------------------------------

    def do(self, name: str, given: object, *, who: Actor, key: str = "", glass: str = "") -> Future[Any]:
        """Run a command. The future resolves once everything it did is durable, or with the error that undid it all.

        ``key``: the same key from the same actor again is the same act, and gets the same answer. ``glass``: the reason
        for which it is done without the second person it needs; else such an act resolves to ``Waits``.
        NotAllowed, which is audited, if the actor may not.
        """
        command = self._named(name, self.commands)
        if name not in STANDING_DOWN:
            self._ensure_standing()
        asked = Ask(command, canonical.fit(given, command.takes), key=key, glass=glass)
        subject = subject_of(asked.given)
        self.permit(who, command, subject)

        def job(tx: Transaction) -> Any:
            try:
                return run(asked, lambda actor: self._desk(tx, actor), who)
            except NotAllowed:
                self._refused.append((who.id, f"refused {name}", subject))
                raise

        future = self.store.write(job)
        future.add_done_callback(lambda _: self._tell())
        return future

    def ask(self, name: str, given: object, *, who: Actor) -> Any:
        """Answer a question. If the answer may hold personal data, that it was asked is durable before it is told; and
        so is a line for each record that it shows, with the clause that let it be read.

        NotAllowed, which is audited, if the actor may not.
        """
        question = self._named(name, self.questions)
        taken = canonical.fit(given, question.takes)
        actor = self.permit(who, question, subject_of(taken))
        if question.of_views:
            self.catch_up()
        return asking.answer(self.store, lambda tx: self._desk(tx, actor), question, taken, actor, self.clock.now())

    def catch_up(self) -> None:
        """Fold what the views have not seen yet, and let what follows from it follow."""
        with self.store.read() as tx:
            waiting = [view for view in self.views if behind(view, tx)]
            owing = reaction.behind(tx)
        for view in waiting:
            while self.store.write(lambda tx, view=view: advance(view, tx)).result():  # type: ignore[misc]
                pass
        if owing:
            before = self._position
            while self.store.write(lambda tx: reaction.advance(self._desk(tx, NODE), self._rules)).result():
                pass
            if self._position > before:
                self._tell()

    # -- across the border -------------------------------------------------------------------------------------------

    def receive(self, sealed: bytes) -> Answer:
        """Take a partner's sealed delivery and give the sealed, signed receipt. Durable before it returns.

        Untrusted if it is not from a partner we know, for us, or signed as it must be: nothing of it was used.
        """
        self._ensure_standing()
        return self._inbound.receive(sealed)

    def turn_away(self, beginning: bytes, problem: MithaqError, size: int) -> None:
        """Keep what an edge did not even read to its end, as evidence."""
        self._inbound.turn_away(beginning, problem, size)

    def deliver(self, party: str) -> send.Settled | None:
        """Send a partner the next messages that wait and settle them by its receipt; None if it lacks nothing."""
        settled = self._outbound.deliver(party)
        self._release_deferred()
        return settled

    def attempt(self, party: str) -> int:
        """Deliver all that waits for a partner; if it is not reached, note when to try again. Messages settled."""
        if self.down:
            return 0
        self._rotation.turn()
        self.follow()
        moved = self._outbound.attempt(party)
        if self._release_deferred():
            moved += self._outbound.attempt(party)
        self.together.publish(party)
        return moved

    def pack(self, party: str, *, after: int, size: int) -> Iterator[tuple[int, bytes]]:
        """(last number, sealed delivery) of what waits beyond a number, to be carried by hand."""
        return self._outbound.pack(party, after, size)

    def unpack(self, sealed: bytes) -> send.Settled:
        """Settle by a sealed receipt that was carried by hand."""
        return self._outbound.unpack(sealed)

    def step(self) -> int:
        """Move what waits: deliver to every partner whose time has come, then fold views. Messages settled."""
        moved = 0
        for party, line in self._lines.items():
            if line.due(self.clock.monotonic()):
                moved += self.attempt(party)
        self.attendance.attend()
        self.catch_up()
        self.tick()
        return moved

    def follow(self) -> None:
        """Do what follows by itself: tell of recalls, and erase what was recalled or whose time is over."""
        following.run(self.store, self.clock, lambda tx: self._desk(tx, NODE))

    def tick(self) -> None:
        """Let the clock have its say: what follows from what came follows, alarms ring, duties escalate, and
        attachments are erased whose time is over.
        """
        before = self._position
        self.catch_up()
        self._ring()
        self._rotation.turn()
        tick(self.store, self.rings.own.ring, self.clock.now())
        sweep(self.store, self.clock.now())
        self.follow()
        if self._position > before:
            self._tell()

    def _ring(self) -> None:
        with self.store.read() as tx:
            due = alarm.due(tx, self.clock.now())
        for id in due:
            self.store.write(lambda tx, id=id: alarm.ring(self._desk(tx, NODE), id, self._alarms)).result()  # type: ignore[misc]

    def install(self, manifest: bytes, revocations: Iterable[bytes] = ()) -> Identity:
        """Take up a new key manifest of our root, and what it says of lost keys; every partner is told.

        Durable when it returns. Untrusted, Clash or NotFound, and nothing changes, if it cannot be taken up.
        """
        return self._rotation.install(manifest.decode(), [each.decode() for each in revocations])

    def check(self) -> None:
        """Unavailable unless the store can be read and written."""
        try:
            self.store.write(lambda tx: tx.journal.last()).result(HEALTHY)
        except TimeoutError:
            raise Unavailable("store", f"the store did not commit within {HEALTHY} seconds") from None

    def line(self, party: str) -> Line:
        """How the line to a partner is: up, retrying and since when, or paused."""
        return self._lines[party]

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call this when something may move: after every command, and when a partner shows up again.

        It is called from the writer's thread and others, and may only wake someone up.
        """
        self._listeners.append(listener)

    # -- shared ------------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _release_deferred(self) -> int:
        """Decide on what was deferred for partners that have now told how far we had come. How many versions."""
        count = 0
        for party in sorted(self._unsure):
            with self.store.read() as tx:
                if recover.is_unsure(tx, party):
                    continue
            self._unsure.discard(party)
            count += self.store.write(lambda tx, party=party: self._released(tx, party)).result()  # type: ignore[misc]
        return count

    def _released(self, tx: Transaction, party: str) -> int:
        self._rotation.number_owed(tx, party, self.clock.now())
        desk = self._desk(tx, NODE)
        return recovery.tell(desk, party) + desk.state_deferred(party)

    def _desk(self, tx: Transaction, who: Actor) -> Desk:
        return Desk(who, self.clock.now(), tx, self.surroundings)

    def permit(self, who: Actor, declared: Any, subject: str = "") -> Actor:
        """The actor as it is now. That it was refused is audited before it is told."""
        return permits.require_audited(self.store, self.clock, who, declared, subject)

    def _ensure_standing(self) -> None:
        if self.down:
            raise Unavailable(
                "stood-down", f"this server has stood down: {self.down}",
                hint="use the other server; if this is the right one after all: mithaq node restored",
            )  # fmt: skip

    def _named(self, name: str, known: Mapping[str, Any]) -> Any:
        try:
            return known[name]
        except KeyError:
            raise NotFound("unknown", f"no {name!r} here", hint="see mithaq --help") from None

    def _finish(self, tx: Transaction) -> None:
        """At the end of each commit: sign what was touched, and note which acts were refused."""
        for who, act, subject in self._refused:
            tx.audit.add(at=self.clock.now(), who=who, act=act, subject=subject)
        self._refused.clear()
        for link in sorted(self._touched):
            if tx.links.checkpoint(link, tx.links.edge(link).size) is None:  # else the job that touched it was undone
                self._rotation.sign_head(tx, link)
        self._fresh |= self._touched
        self._touched.clear()
        self._position = tx.journal.last()
        self._now_removed = pause.removed(tx)
        self.down = server.stood_down(tx)

    def _beside(self) -> None:
        """After each commit: what was numbered is durable, and whoever looks now finds it. What a store that is set
        back would not know is kept beside it."""
        for link in self._fresh:
            self._lines[ends(link)[1]].news += 1
        self._fresh.clear()
        if self._watermark is not None:
            self._watermark(self._position)
        if self._keep_removed is not None and self._removed != self._now_removed:
            self._keep_removed(self._now_removed)
            self._removed = self._now_removed
