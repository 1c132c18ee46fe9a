"""Worlds that tests live in: two nations in one process, with real keys, real stores and a signed agreement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import open_home
from mithaq.cli.rehearsal import Rehearsal, audit_stores
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.node import Node

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ALERT: dict[str, Any] = {
    "plate": "12-34567",
    "registered_in": "JO",
    "make": "Hino 500",
    "colour": "أبيض",
    "reason": "drug_trafficking",
    "place": "31.4912,36.9987",
    "time": "2026-11-20T04:10:33Z",
    "purpose": "drug_trafficking",
    "source": "informant S-17",
    "remarks": "not to be warned",
}


def alert(**changes: Any) -> dict[str, Any]:
    """An alert that the example agreement lets through, with these fields changed."""
    return {**ALERT, **changes}


@dataclass
class World:
    """Two nations and the wire between them."""

    jo: Node
    sa: Node
    wire: LocalTransport
    clock: ManualClock
    rehearsal: Rehearsal
    evidence: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Everything that waits moves."""
        self.jo.step()
        self.sa.step()

    def audit(self) -> dict[str, Any]:
        """The auditor's counters over both stores."""
        stores = {"JO": self.jo.store, "SA": self.sa.store}
        return audit_stores(stores, {"JO": self.jo.card, "SA": self.sa.card})

    def assert_sound(self) -> None:
        """Nothing lost, doubled or out of order, and every log verifies."""
        found = self.audit()
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"]


@contextmanager
def two_nations(folder: Path) -> Iterator[World]:
    """Jordan and Saudi Arabia in memory, on a clock that stands still until told."""
    rehearsal = Rehearsal(folder)
    clock, wire = ManualClock(START), LocalTransport()
    nodes = {
        party: open_home(nation.home, clock=clock, store=open_store(":memory:"), transport=wire)
        for party, nation in rehearsal.nations.items()
    }
    for party, node in nodes.items():
        wire.join(party, node.receive)
    try:
        yield World(nodes["JO"], nodes["SA"], wire, clock, rehearsal)
    finally:
        for node in nodes.values():
            node.close()
