"""Worlds that tests live in: two nations in one process, with real keys, real stores and a signed agreement."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import open_home
from mithaq.cli.rehearsal import Rehearsal, audit_stores
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary
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

    def clock_on(self, seconds: float = 60) -> None:
        """Time passes: what was to be tried later is due."""
        self.clock.advance(timedelta(seconds=seconds))

    def audit(self) -> dict[str, Any]:
        """The auditor's counters over both stores."""
        stores = {"JO": self.jo.store, "SA": self.sa.store}
        return audit_stores(stores, {"JO": self.jo.rings.own, "SA": self.sa.rings.own})

    def assert_sound(self) -> None:
        """Nothing lost, doubled or out of order, and every log verifies."""
        found = self.audit()
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"]

    def reopen(self, party: str) -> Node:
        """The node of a nation started anew from its home: only for a world with files."""
        getattr(self, party.lower()).close()
        return self.open(party)

    def open(self, party: str) -> Node:
        node = open_home(self.rehearsal.nations[party].home, clock=self.clock, transport=self.wire)
        setattr(self, party.lower(), node)
        self.wire.join(party, node.receive)
        return node


@lru_cache(maxsize=64)
def _law(data: bytes, vocabulary: str) -> Law:
    return load_law(data, _words[vocabulary])


_words: dict[str, Vocabulary] = {}


def law_read_once(data: bytes, vocabulary: Vocabulary) -> Law:
    """As ``load_law``, of which it remembers what it made of the same bytes: a Law never changes. Errors come anew."""
    return _law(data, _words.setdefault(vocabulary.digest, vocabulary).digest)


words_read_once = lru_cache(maxsize=16)(load_vocabulary)
"""As ``load_vocabulary``, and likewise."""


def made_once(make: Callable[[Path], None]) -> Path:
    """A folder that lasts as long as the tests do, with what was made in it: others begin with a copy."""
    folder = Path(tempfile.mkdtemp(prefix="mithaq-homes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make(folder)
    return folder


@cache
def homes() -> Path:
    """Two homes as they are after their first start, made once: every world begins with a copy of them."""

    def make(folder: Path) -> None:
        for nation in Rehearsal(folder).nations.values():
            started = open_home(
                nation.home, clock=ManualClock(START), store=open_store(":memory:"), transport=LocalTransport()
            )
            started.close()

    return made_once(make)


def rehearsed(folder: Path) -> Rehearsal:
    """Two nations as a rehearsal makes them, but that their keys and proofs are those of ``homes``.

    So are their ports: two of one process are not served at once.
    """
    shutil.copytree(homes(), folder, dirs_exist_ok=True)
    return Rehearsal(folder)


@contextmanager
def two_nations(folder: Path, *, files: bool = False) -> Iterator[World]:
    """Jordan and Saudi Arabia on a clock that stands still until told; in memory, or with stores in their homes."""
    made = rehearsed(folder)
    clock, wire = ManualClock(START), LocalTransport()
    nodes = {
        party: open_home(nation.home, clock=clock, store=None if files else open_store(":memory:"), transport=wire)
        for party, nation in made.nations.items()
    }
    for party, node in nodes.items():
        wire.join(party, node.receive)
    world = World(nodes["JO"], nodes["SA"], wire, clock, made)
    try:
        yield world
    finally:
        world.jo.close()
        world.sa.close()
