"""Chaos with gates: three nations, each a core and a gate, six bad lines between the gates, all from one seed.

Cores and gates are killed (-9), a nation is cut off from both others, a line loses every answer, clocks jump, a disk
is full. Then all is made well, ``slow`` more messages go over slow lines, everything must arrive, and the auditor reads
the three stores: no counter is taken from what a node says of itself.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import tempfile
import time
from collections import Counter
from importlib import resources
from itertools import permutations
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.api.gate.home import Binds, Faced, Faces, GateHome, export, init_gate, read_faces, use_gate
from mithaq.assembly import load_keys, open_home_store, read_vocabulary, signature, signature_file
from mithaq.cli.rehearsal import AGREEMENT, Rehearsal, _free_port, audit_stores
from mithaq.config import Bind, Home, write_private
from mithaq.kernel import canonical
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.law.law import load_law, write_law
from mithaq.kernel.party import pinned, read_card
from tests.chaos.proxy import Line
from tests.chaos.run import PATIENCE, Side, heard
from tests.worlds import alert

PARTIES = ("IQ", "JO", "SA")
TROUBLES = (
    "core", "core", "gate", "gate", "core and gate", "every gate", "netsplit", "one way", "jump", "full disk", "calm",
)  # fmt: skip


class GatesResult(Struct):
    """What one seed gave. Troubles are counted where they are made, all else by the auditor."""

    seed: int
    messages: int
    troubles: dict[str, int]
    lines: dict[str, int]
    released: int
    received: int
    lost: int
    duplicates: int
    out_of_order: int
    root_mismatches: int
    logs: int
    logs_verified: int
    slow_seconds: float
    seconds: float

    @property
    def sound(self) -> bool:
        wrong = self.lost + self.duplicates + self.out_of_order + self.root_mismatches
        return wrong == 0 and self.logs == self.logs_verified and self.released == self.received == 2 * self.messages


class GateSide:
    """One gate: its home, and its process while one runs."""

    def __init__(self, home: GateHome, zygote: subprocess.Popen[str]) -> None:
        self.home, self._zygote = home, zygote
        self.pid = 0

    def start(self) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(json.dumps({"home": str(self.home.path), "gate": True}) + "\n")
        self._zygote.stdin.flush()
        self.pid = int(heard(self._zygote, self.home.path)["pid"])

    def kill(self) -> None:
        gone = os.pidfd_open(self.pid)
        try:
            os.kill(self.pid, signal.SIGKILL)
            assert select.select([gone], [], [], PATIENCE)[0]
        finally:
            os.close(gone)
        self.pid = 0


def agree_pairwise(rehearsal: Rehearsal) -> None:
    """The example agreement of JO and SA, as another text for each other pair of the three."""
    example = (resources.files("mithaq.laws") / AGREEMENT).read_text()
    vocabulary = read_vocabulary(rehearsal.nations["JO"].home)
    for old, new in (("SA", "IQ"), ("JO", "IQ")):
        words = json.loads(
            example.replace(f'"{old}"', f'"{new}"').replace(f"{old}-", f"{new}-").replace(f"-{old}", f"-{new}")
        )
        words["parties"] = sorted(words["parties"])
        text = load_law(json.dumps(words).encode(), vocabulary)
        for party in text.parties:
            home = rehearsal.nations[party].home
            write_private(home.agreements / f"{text.id}.{text.version}.json", write_law(text))
            for signer in text.parties:
                keys = load_keys(rehearsal.nations[signer].home)
                signed = signature(text, signer, keys, SystemClock().now())
                write_private(signature_file(home, text, signer), signed)


def chaos_gates(parent: subprocess.Popen[str], seed: int, messages: int, *, slow: int = 0) -> GatesResult:
    """Run one seed; ``slow`` messages more at the end over lines of 8 kB/s, 0.4 s each way, that lose 5 %."""
    started = time.monotonic()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # kill -9 loses no page: flushing would only take time
    with tempfile.TemporaryDirectory(prefix="mithaq-gates-", dir=memory) as folder:
        run = _Run(Path(folder), parent, seed, messages)
        try:
            slow_seconds = run.go(slow)
            found = run.audit()
        finally:
            run.end()
        return GatesResult(
            seed=seed,
            messages=run.stated,
            troubles=dict(run.troubles),
            lines=dict(sum((line.did for line in run.lines.values()), start=Counter[str]())),
            slow_seconds=slow_seconds,
            seconds=round(time.monotonic() - started, 1),
            **{name: found[name] for name in GatesResult.__struct_fields__ if name in found},
        )


class _Run:
    def __init__(self, folder: Path, parent: subprocess.Popen[str], seed: int, messages: int) -> None:
        self._draw, self._seed, self._messages = random.Random(seed), seed, messages
        self.troubles: Counter[str] = Counter()
        self.stated = 0
        rehearsal = Rehearsal(folder, PARTIES)
        agree_pairwise(rehearsal)
        homes = {party: nation.home for party, nation in rehearsal.nations.items()}
        self._homes = homes
        self._cards = {party: read_card(home.card.read_bytes()) for party, home in homes.items()}
        self.cores = {party: Side(party, home, parent) for party, home in homes.items()}
        self.lines: dict[tuple[str, str], Line] = {}
        self.gates: dict[str, GateSide] = {}
        links = {party: _free_port() for party in PARTIES}
        for caller, callee in permutations(PARTIES, 2):
            line = self.lines[caller, callee] = Line(homes[caller], homes[callee], seed + len(self.lines))
            line.target = f"https://127.0.0.1:{links[callee]}"
        for party, home in homes.items():
            self.gates[party] = GateSide(self._gate(folder, party, home, links[party]), parent)

    def _gate(self, folder: Path, party: str, core: Home, link: int) -> GateHome:
        home, port = GateHome(folder / f"{party}-gate"), _free_port()
        use_gate(core, f"https://127.0.0.1:{port}", SystemClock())
        init_gate(home, export(core, SystemClock()), Binds(link=Bind(port=link), core=Bind(port=port)))
        faces = read_faces(home)
        partners = {
            other: Faced(self.lines[party, other].url, each.certificate) for other, each in faces.partners.items()
        }
        write_private(home.faces, canonical.encode(replace(faces, partners=partners)))
        assert isinstance(read_faces(home), Faces)
        return home

    def go(self, slow: int) -> float:
        for gate in self.gates.values():
            gate.start()
        for core in self.cores.values():
            core.start()
        for party in PARTIES:
            self._state(party, 1)
        for line in self.lines.values():
            line.chance = 0.2
        while self.stated < self._messages:
            self._trouble()
            self._state(self._draw.choice(PARTIES), self._draw.randrange(1, max(2, self._messages // 5)))
        self._heal()
        if not slow:
            return 0.0
        for line in self.lines.values():
            line.rate, line.delay, line.chance = 8_000.0, 0.4, 0.05
        self._messages, begun = self._messages + slow, time.monotonic()
        self._state("JO", slow)
        self._settle()
        return round(time.monotonic() - begun, 1)

    def _state(self, party: str, count: int) -> None:
        core, count = self.cores[party], min(count, self._messages - self.stated, 500)
        if count <= 0:
            return
        names = [f"{party}-{self._seed}-{self.stated + n}" for n in range(count)]
        rows = [alert(plate=name[-16:], reference=name, registered_in=party) for name in names]
        attempts = 0
        while not core.state(rows):
            attempts += 1
            assert attempts < 100, f"{party} takes nothing"
            self._restart(core)  # killed, or its disk is full: some space is made, and it is said again
        self.stated += count

    def _trouble(self) -> None:
        what, party = self._draw.choice(TROUBLES), self._draw.choice(PARTIES)
        self.troubles[what] += 1
        self._mend()
        if what in ("core", "core and gate"):
            self._restart(self.cores[party])
        if what in ("gate", "core and gate"):
            self._restart(self.gates[party])
        elif what == "every gate":
            for gate in self.gates.values():
                self._restart(gate)
        elif what == "netsplit":
            for ends, line in self.lines.items():
                line.cut = party in ends
        elif what == "one way":
            other = self._draw.choice([each for each in PARTIES if each != party])
            self.lines[party, other].answers_lost = True
        elif what == "jump":
            self.cores[party].jump(self._draw.randrange(-7200, 7200))
        elif what == "full disk":
            self.cores[party].kill()
            self.cores[party].start(pages=self._draw.randrange(1, 40))

    def _mend(self) -> None:
        for line in self.lines.values():
            line.cut = line.answers_lost = False

    def _restart(self, one: Side | GateSide) -> None:
        if one.pid:
            one.kill()
        one.start()

    def _heal(self) -> None:
        self._mend()
        for line in self.lines.values():
            line.chance = 0.0
        for core in self.cores.values():
            core.jump(0)
            self._restart(core)
        self._settle()

    def _settle(self) -> None:
        """Until nothing waits anywhere and both ends of each link hold logs of one size."""
        deadline = time.monotonic() + PATIENCE + self._messages / 20
        while True:
            found = [(party, each) for party, core in self.cores.items() for each in core.ask("link/status", {}) or ()]
            sizes: dict[str, set[int]] = {}
            for _, each in found:
                sizes.setdefault(each["link"], set()).add(each["size"])
            same = len(found) == 12 and all(len(each) == 1 for each in sizes.values())
            if same and not any(each["waiting"] for _, each in found):
                return
            assert time.monotonic() < deadline, f"seed {self._seed}: nothing moves: {found}"
            time.sleep(0.05)  # the nodes are other processes: we can only look

    def end(self) -> None:
        running: list[Side | GateSide] = [*self.cores.values(), *self.gates.values()]
        for each in running:
            if each.pid:
                each.kill()
        for line in self.lines.values():
            line.close()

    def audit(self) -> dict[str, Any]:
        for core in self.cores.values():
            core.kill()
        stores = {party: open_home_store(home) for party, home in self._homes.items()}
        try:
            return audit_stores(stores, {party: pinned(card) for party, card in self._cards.items()})
        finally:
            for store in stores.values():
                store.close()
