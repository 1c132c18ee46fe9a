"""A rehearsal: nations set up on this machine as real processes, with a signed agreement, driven and audited.

The demo, the tests and the benchmarks all use it, so what they show is what an operator gets.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib import resources
from itertools import permutations
from pathlib import Path
from types import TracebackType
from typing import Any

from mithaq.assembly import (
    init_home,
    load_keys,
    open_home_store,
    read_law,
    read_vocabulary,
    signature,
    signature_file,
)
from mithaq.cli.reach import reach
from mithaq.config import Bind, Config, Home, PartnerSettings, read_config, write_config, write_private
from mithaq.errors import Unavailable
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.law.law import write_law
from mithaq.kernel.link import audit, manifests
from mithaq.kernel.party import Card, Identity, fingerprint, read_identity
from mithaq.kernel.ports import Store
from mithaq.kernel.values import link_id

NAMES = {
    "IQ": {"ar": "العراق", "en": "Iraq", "fr": "Irak"},
    "JO": {"ar": "الأردن", "en": "Jordan", "fr": "Jordanie"},
    "SA": {"ar": "المملكة العربية السعودية", "en": "Saudi Arabia", "fr": "Arabie saoudite"},
}
AGREEMENT = "JO-SA-border.json"
PATIENCE = 60.0  # seconds to start, and to settle without any progress


class Nation:
    """One nation of a rehearsal: its home, and its serving process while it runs."""

    def __init__(self, party: str, home: Home) -> None:
        self.party = party
        self.home = home
        self._process: subprocess.Popen[str] | None = None
        self._told: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        return int(self._told["pid"])

    @property
    def inside(self) -> str:
        return str(self._told["inside"])

    @property
    def link(self) -> str:
        return str(self._told["link"])

    def start(self) -> None:
        """Serve in a process of its own; returns once both faces answer."""
        command = [sys.executable, "-m", "mithaq", "--home", str(self.home.path), "node", "serve"]
        log = (self.home.path / "serve.log").open("ab")
        with log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            said = (self.home.path / "serve.log").read_text(errors="replace").strip().splitlines()
            raise Unavailable("serve", f"{self.party} did not start: {said[-1] if said else 'no reason given'}")
        self._told = json.loads(line)

    def ask_to_stop(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def stop(self, *, kill: bool = False) -> None:
        """Ask the process to stop, or kill it; returns once it is gone."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(PATIENCE)
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()

    def do(self, name: str, given: dict[str, Any]) -> Any:
        with reach(self.home) as reached:
            return reached.do(name, given)

    def carry(self, name: str, given: dict[str, Any]) -> Any:
        with reach(self.home) as reached:
            return reached.carry(name, given)

    def ask(self, name: str, given: dict[str, Any]) -> Any:
        with reach(self.home) as reached:
            return reached.ask(name, given)


class Rehearsal:
    """Nations on this machine that trust each other's cards and have signed the example agreement."""

    def __init__(
        self,
        folder: Path,
        parties: tuple[str, ...] = ("JO", "SA"),
        *,
        prepare: Callable[[Home, Card], None] | None = None,
    ) -> None:
        """``prepare`` is done to each home that was made, before the nations are introduced to each other."""
        self.nations = {party: Nation(party, Home(folder / party.lower())) for party in parties}
        for nation in self.nations.values():
            self._make(nation, prepare)
        for one, other in permutations(parties, 2):
            self._introduce(self.nations[one].home, other)
        self.agreement = self._agree()

    def __enter__(self) -> Rehearsal:
        try:
            for nation in self.nations.values():
                nation.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        for nation in self.nations.values():
            nation.ask_to_stop()
        for nation in self.nations.values():
            nation.stop()

    def wait(self) -> None:
        """Until somebody presses Ctrl-C, or a node stops."""
        try:
            next(iter(self.nations.values())).wait()
        except KeyboardInterrupt:
            return

    def settle(self) -> None:
        """Wait until no message waits on any link. Unavailable if nothing moves for too long."""
        moved, last = time.monotonic(), -1
        while (waiting := self._waiting()) > 0:
            if waiting != last:
                moved, last = time.monotonic(), waiting
            elif time.monotonic() - moved > PATIENCE:
                raise Unavailable("settle", f"{waiting} messages wait and nothing moves")
            time.sleep(0.02)  # the couriers are other processes: we can only look

    def audit(self) -> dict[str, Any]:
        """Every counter, computed from the stores of all nations: nothing a node says of itself is used."""
        stores = {party: open_home_store(nation.home) for party, nation in self.nations.items()}
        try:
            return audit_stores(stores, {party: self._identity(party) for party in stores})
        finally:
            for store in stores.values():
                store.close()

    def _waiting(self) -> int:
        states = [nation.ask("link.status", {}) for nation in self.nations.values()]
        return sum(state["waiting"] for each in states for state in each)

    def _make(self, nation: Nation, prepare: Callable[[Home, Card], None] | None) -> None:
        if nation.home.settings.exists():
            return
        link = Bind(port=_free_port())
        config = Config(party=nation.party, names=NAMES.get(nation.party, {"en": nation.party}), link=link)
        card = init_home(nation.home, config, at=SystemClock().now())
        if prepare is not None:
            prepare(nation.home, card)

    def _identity(self, party: str) -> Identity:
        return read_identity(self.nations[party].home.card.read_bytes())

    def _introduce(self, home: Home, other: str) -> None:
        config, theirs = read_config(home), read_config(self.nations[other].home)
        settings = PartnerSettings(f"https://127.0.0.1:{theirs.link.port}", fingerprint(self._identity(other)))
        write_private(home.partner(other), self.nations[other].home.card.read_bytes())
        write_config(home, _trusting(config, other, settings))

    def _agree(self) -> str:
        with resources.as_file(resources.files("mithaq.laws") / AGREEMENT) as path:
            text = read_law(path, read_vocabulary(next(iter(self.nations.values())).home))
        for home in (self.nations[party].home for party in text.parties):
            write_private(home.agreements / f"{text.id}.{text.version}.json", write_law(text))
            for party in text.parties:
                keys = load_keys(self.nations[party].home)
                signed = signature(text, party, keys, SystemClock().now())
                write_private(signature_file(home, text, party), signed)
        return text.ref


def audit_stores(stores: Mapping[str, Store], known: Mapping[str, Identity]) -> dict[str, Any]:
    """Compare and verify every link between these nations. ``logs`` are copies: two for each link that has messages.

    What a nation is known by is what its card says, and the manifests that its own store keeps since.
    """
    names = ("released", "received", "lost", "duplicates", "out_of_order", "root_mismatches", "logs", "logs_verified")
    found, rings, arrivals = dict.fromkeys(names, 0), {}, {}
    for party, store in stores.items():
        with store.read() as tx:
            rings[party], arrivals[party] = manifests.newest(tx, known[party]).ring, audit.arrivals(tx)
    for sender, receiver in permutations(stores, 2):
        link = link_id(sender, receiver)
        with stores[sender].read() as sent, stores[receiver].read() as taken:
            ours = audit.Side(tuple(audit.messages(sent, link)))
            theirs = audit.Side(tuple(audit.messages(taken, link)), arrivals[receiver].get(link, ()))
            comparison = audit.compare(ours, theirs)
            reports = [
                audit.verify(side, link, sender=rings[sender], receiver=rings[receiver])
                for side, held in ((sent, ours), (taken, theirs))
                if held.messages
            ]
        found["released"] += len(ours.messages)
        found["received"] += sum(message.outcome == "accepted" for message in theirs.messages)
        found["lost"] += comparison.lost
        found["duplicates"] += comparison.duplicates
        found["out_of_order"] += comparison.out_of_order
        found["logs"] += len(reports)
        same = len({(report.size, report.root) for report in reports}) == 1
        found["root_mismatches"] += len(reports) > 0 and not (same and len(reports) == 2)
        found["logs_verified"] += sum(report.verified for report in reports) if same else 0
    return {"nodes": len(stores), **found}


def _trusting(config: Config, party: str, settings: PartnerSettings) -> Config:
    from msgspec.structs import replace

    return replace(config, partners={**config.partners, party: settings})


def _free_port() -> int:
    """A port that is free now, below those the system gives to outgoing calls, so that none of them takes it.

    Another program may still take it before the node does: then the node says so and stops.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Unavailable("port", "none of 100 ports tried on 127.0.0.1 is free", hint="close other programs")
