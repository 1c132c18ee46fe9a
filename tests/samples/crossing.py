"""Two nations that brought a capability from outside the tree, and agreed on what of it crosses between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import (
    adopt_files,
    init_home,
    load_keys,
    open_home,
    read_law,
    read_vocabulary,
    signature,
    signature_file,
)
from mithaq.cli.rehearsal import NAMES, audit_stores
from mithaq.config import Config, Home, PartnerSettings, read_config, write_config, write_private
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.law.law import write_law
from mithaq.kernel.node import Node
from mithaq.kernel.party import fingerprint, read_identity
from tests.samples.install import ANIMAL_HEALTH
from tests.worlds import START

LAW = ANIMAL_HEALTH / "law"
NOTICE: dict[str, Any] = {
    "species": "sheep",
    "count": 240,
    "holding": "Wadi Araba farm 7",
    "certificate": "JO-VET-2026-0417",
    "plate": "12-34567",
    "place": "29.3711,34.9712",
    "time": "2026-11-21T06:15:00Z",
    "measure": "inspection",
    "findings": "two lame animals, seen by Dr. Salma",
    "release_findings": "two lame animals",
}
CHECKED = {"result": "cleared", "place": "29.3711,34.9712", "time": "2026-11-20T13:00:00Z"}


def option_words() -> list[str]:
    """The notice as an officer types it."""
    return [word for name, value in NOTICE.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@dataclass
class Crossing:
    """The nodes, what is between them, and their homes."""

    jo: Node
    sa: Node
    clock: ManualClock
    homes: dict[str, Home]

    def step(self) -> None:
        for node in (self.jo, self.sa, self.jo, self.sa):
            node.step()

    def assert_sound(self) -> None:
        """Nothing lost, doubled or out of order, and every log verifies."""
        stores = {"JO": self.jo.store, "SA": self.sa.store}
        found = audit_stores(stores, {"JO": self.jo.rings.own, "SA": self.sa.rings.own})
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"] > 0


@contextmanager
def crossing(folder: Path) -> Iterator[Crossing]:
    """Jordan and Saudi Arabia, both with animal health beside intelligence."""
    homes = {party: made_home(folder / party, party) for party in ("JO", "SA")}
    for one, other in permutations(homes, 2):
        _introduce(homes[one], homes[other])
    _agree(homes)
    clock, wire = ManualClock(START), LocalTransport()
    nodes = {
        party: open_home(home, clock=clock, store=open_store(":memory:"), transport=wire)
        for party, home in homes.items()
    }
    for party, node in nodes.items():
        wire.join(party, node.receive)
    try:
        yield Crossing(nodes["JO"], nodes["SA"], clock, homes)
    finally:
        for node in nodes.values():
            node.close()


def made_home(path: Path, party: str) -> Home:
    """A home that uses the capability and has adopted the words that laws need to speak of it."""
    home = Home(path)
    config = Config(party=party, names=NAMES[party], capabilities=("intelligence", "animal-health"))
    init_home(home, config, at=START)
    words = json.loads((home.law / "vocabulary.json").read_bytes())
    words["kinds"] |= json.loads((LAW / "words.json").read_bytes())
    write_private(home.law / "vocabulary.json", json.dumps(words).encode())
    for file in (home.law / "floor.json", *home.law.glob("law-*.json")):
        law = json.loads(file.read_bytes()) | {"vocabulary": read_vocabulary(home).digest}
        if file.name == f"law-{party}.json":
            clauses = json.loads((LAW / "reading.json").read_bytes())
            law["clauses"] += [each | {"from": party, "to": party} for each in clauses]
        write_private(file, json.dumps(law).encode())
    adopt_files(home, load_keys(home), START)
    return home


def _introduce(home: Home, other: Home) -> None:
    known = read_identity(other.card.read_bytes())
    write_private(home.partner(known.party), other.card.read_bytes())
    config = read_config(home)
    settings = PartnerSettings("https://127.0.0.1:1", fingerprint(known))
    write_config(home, replace(config, partners={**config.partners, known.party: settings}))


def _agree(homes: dict[str, Home]) -> None:
    for home in homes.values():
        words = read_vocabulary(home)
        draft = home.path / "draft.json"
        draft.write_text(json.dumps(json.loads((LAW / "agreement.json").read_bytes()) | {"vocabulary": words.digest}))
        text = read_law(draft, words)
        write_private(home.agreements / f"{text.id}.{text.version}.json", write_law(text))
        for party in text.parties:
            signed = signature(text, party, load_keys(homes[party]), START)
            write_private(signature_file(home, text, party), signed)
