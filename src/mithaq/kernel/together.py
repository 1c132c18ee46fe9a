"""Several processes on one home: what this one remembers beside the store stays right while others write.

Everything durable is in the store, and its writers take turns. What a process keeps in memory besides is little: what
nations are known by and which pair signs (``rings``, ``rotation``), for whom nothing may be numbered yet (``unsure``),
and how the lines are (``lines``). It is looked at anew in the first commit after one of another process, before its
jobs; so no job rests on what was overtaken. Questions may be answered a moment late: they are told of by ``heard``.

One process at a time delivers on a link: the one that has *taken* it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from mithaq.kernel.clock import Clock
from mithaq.kernel.link import manifests, recover
from mithaq.kernel.link.line import Line
from mithaq.kernel.link.rings import Rings
from mithaq.kernel.link.rotation import Rotation
from mithaq.kernel.link.told import Told, tell, told
from mithaq.kernel.ports import Store, Transaction
from mithaq.kernel.values import link_id


class Together:
    """Of one process, which ``me`` names. Thread-safe."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        rings: Rings,
        lines: Mapping[str, Line],
        unsure: set[str],
        rotation: Rotation,
        tell: Callable[[], None],
        me: str,
    ) -> None:
        self._store, self._clock, self._me = store, clock, me
        self._rings, self._rotation = rings, rotation
        self._lines, self._unsure, self._tell = lines, unsure, tell
        for line in lines.values():
            line.ours = not store.shared  # until it is taken
        store.begin_with(self._begin)
        store.follow(self._heard)

    def take(self, party: str) -> bool:
        """Whether this process may deliver to a partner now, and until ``rest``; asked again before each delivery."""
        line = self._lines[party]
        if not self._store.take(self._link(party)):
            line.ours = False
            return False
        if not line.ours:
            with self._store.read() as tx:
                before = told(tx, party)
            if before is None or before.who != self._me:
                line.head = None  # another has delivered since: ask how far it has come
            line.ours = True
        return True

    def rest(self, party: str) -> None:
        """Let another process deliver to a partner: nothing waits for it now."""
        if self._store.shared and self._lines[party].ours:
            self._lines[party].ours = False
            self._store.give(self._link(party))

    def publish(self, party: str) -> None:
        """Tell the other processes how the line is, if that is news."""
        line = self._lines[party]
        if not self._store.shared or not line.ours:
            return
        now = Told(self._me, line.state, line.problem)
        with self._store.read() as tx:
            if told(tx, party) == now:
                return
        self._store.write(lambda tx: tell(tx, party, now)).result()

    def _begin(self, tx: Transaction) -> None:
        """Another process has committed since this one did: look at everything it may have changed."""
        self._rings.look(tx, self._clock.now())
        self._rotation.follow()
        unsure = unsure_of(tx, self._lines)
        for party in unsure - self._unsure:
            self._lines[party].head, self._lines[party].asked = None, False
        self._unsure |= unsure
        self._unsure &= unsure

    def _heard(self, what: Collection[str]) -> None:
        """From a thread of the store. Rings only ever move on, so they may be looked at beside the writer."""
        for each in what:
            sort, _, party = each.partition("/")
            line = self._lines.get(party)
            if line is None:
                continue
            if sort == "anew":
                line.head = None
            if sort in ("reached", "anew"):
                line.reached()
        with self._store.read() as tx:
            self._rings.look(tx, self._clock.now())
        self._tell()

    def _link(self, party: str) -> str:
        return link_id(self._rings.own.party, party)


def unsure_of(tx: Transaction, parties: Collection[str]) -> set[str]:
    """The partners that have not told yet how far we had come, or for whom something waited for that."""
    names = (*tx.memos.names("restored/"), *tx.memos.names("deferred/"), *tx.memos.names(manifests.OWED))
    owed = {name.removeprefix(recover.OWED) for name in tx.memos.names(recover.OWED)}
    return ({name.split("/")[1] for name in names} | owed) & set(parties)
