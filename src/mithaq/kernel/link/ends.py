"""What both directions of a node's links work with: who we are, whom we deal with, and the outside they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from mithaq.kernel.clock import Clock
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.link import epochs
from mithaq.kernel.link.evidence import Keep
from mithaq.kernel.link.line import Line
from mithaq.kernel.link.rings import Rings
from mithaq.kernel.party import Identity
from mithaq.kernel.ports import Keyed, Metrics, Opener, Signer, Store, Transport
from mithaq.kernel.record import Kind
from mithaq.kernel.standing import Standing
from mithaq.kernel.witness.cosignature import Cosigner


class Keystore(Signer, Opener, Keyed, Protocol):
    """The node's keys, behind the three things that are done with them, and which of them signs."""

    def use(self, keys: VerifyKeys) -> None:
        """Sign with this pair from now on. NotFound, and nothing changes, if it is not held."""


class Ends(Struct, frozen=True):
    """Shared by ``Inbound`` and ``Outbound``."""

    rings: Rings
    clock: Clock
    store: Store
    keys: Keystore
    transport: Transport
    lines: Mapping[str, Line]
    standing: Standing
    kinds: Mapping[str, Kind]
    keep: Keep
    metrics: Metrics
    tell: Callable[[], None]  # something may move now
    take: Callable[[str], bool]  # whether this process may deliver to a partner
    cosigner: Cosigner | None = None  # a node of before there were witness keys cosigns nothing

    @property
    def party(self) -> str:
        return self.rings.own.party

    def link(self, party: str) -> str:
        """The link on which we send to a partner now."""
        with self.store.read() as tx:
            return epochs.current(tx, self.party, party)

    def partner(self, party: str) -> Identity:
        """Whom we know a partner to be now. Untrusted if we do not deal with them."""
        return self.rings.partner(party)
