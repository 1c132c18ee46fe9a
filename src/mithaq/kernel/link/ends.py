"""What both directions of a node's links work with: who we are, whom we deal with, and the outside they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from mithaq.errors import Untrusted
from mithaq.kernel.clock import Clock
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.link.evidence import Keep
from mithaq.kernel.link.line import Line
from mithaq.kernel.party import Card, Partner
from mithaq.kernel.ports import Keyed, Metrics, Opener, Signer, Store, Transport
from mithaq.kernel.record import Kind


class Keystore(Signer, Opener, Keyed, Protocol):
    """The node's keys, behind the three things that are done with them."""


class Ends(Struct, frozen=True):
    """Shared by ``Inbound`` and ``Outbound``."""

    card: Card
    clock: Clock
    store: Store
    keys: Keystore
    transport: Transport
    partners: Mapping[str, Partner]
    lines: Mapping[str, Line]
    book: Rulebook
    kinds: Mapping[str, Kind]
    keep: Keep
    metrics: Metrics
    tell: Callable[[], None]  # something may move now

    @property
    def party(self) -> str:
        return self.card.party

    def partner(self, party: str) -> Partner:
        """Untrusted if we do not deal with them."""
        try:
            return self.partners[party]
        except KeyError:
            raise Untrusted("partner", f"{party} is not a partner of this node") from None
