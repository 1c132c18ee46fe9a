"""Rings: what this node and its partners are known by at this moment. The one thing of a node that changes as keys do.

Each Identity is a value and is replaced whole, so whoever asked once works with keys that fit each other. What replaces
it is always read from the store, after the commit that kept it: so what is known never goes back, and never is what
was not durable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from threading import Lock

from mithaq.errors import Untrusted
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.link import manifests
from mithaq.kernel.party import Identity
from mithaq.kernel.ports import Store


class Rings:
    """By party. Thread-safe. ``learn`` is told of every new manifest: it keeps the card of that nation up to date."""

    def __init__(
        self,
        store: Store,
        own: Identity,
        partners: Iterable[Identity],
        at: datetime,
        learn: Callable[[Identity], None] | None = None,
    ) -> None:
        self._store = store
        self._learn = learn
        self._lock = Lock()
        self.changing = Lock()  # held while our own keys change; never taken by the store's writer
        self._own = own.party
        self._known: dict[str, Identity] = {each.party: each for each in (own, *partners)}
        for each in tuple(self._known.values()):
            if each.root is not None:
                self.renew(each.party, at)

    @property
    def own(self) -> Identity:
        return self._known[self._own]

    def settled_own(self) -> Identity:
        """Our own, once it lists the keys of everything that the store shows as signed by us."""
        with self.changing:
            return self.own

    @property
    def partners(self) -> Mapping[str, Identity]:
        """By party, without ourselves."""
        return {party: each for party, each in self._known.items() if party != self._own}

    def is_partner(self, party: str) -> bool:
        return party in self._known and party != self._own

    def keyrings(self) -> Mapping[str, Keyring]:
        """The keys of all whom this node knows, itself among them."""
        return {party: each.ring for party, each in self._known.items()}

    def of(self, party: str) -> Identity:
        """Of ourselves or a partner. Untrusted if it is neither."""
        try:
            return self._known[party]
        except KeyError:
            raise Untrusted("partner", f"{party} is not a partner of this node") from None

    def partner(self, party: str) -> Identity:
        """Of a partner. Untrusted if we do not deal with them."""
        if party == self._own:
            raise Untrusted("partner", f"{party} is this node")
        return self.of(party)

    def renew(self, party: str, at: datetime) -> None:
        """Take up what the store keeps of this nation's keys by now."""
        with self._lock, self._store.read() as tx:
            before, self._known[party] = self._known[party], manifests.newest(tx, self._known[party], at)
            if self._learn is not None and self._known[party].manifest != before.manifest:
                self._learn(self._known[party])
