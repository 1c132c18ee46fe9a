"""One run of chaos: two real nodes, a bad line each way, and everything that can go wrong, from one seed.

Both sides state alerts while nodes are killed (-9), lines misbehave, clocks jump and a disk is full. Then all is made
well, everything must arrive, and the auditor reads both stores: no counter is taken from what a node says of itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from msgspec import Struct

from mithaq.assembly import open_home_store
from mithaq.cli.rehearsal import Rehearsal, audit_stores
from mithaq.config import Home, PartnerSettings, read_config, write_config
from mithaq.kernel.party import fingerprint, pinned, read_card
from tests.chaos.proxy import Line
from tests.worlds import alert

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120.0


class Result(Struct):
    """What one seed gave. Kills are counted where a process is killed, all else by the auditor."""

    seed: int
    messages: int
    kills: dict[str, int]
    jumps: int
    full_disks: int
    lines: dict[str, int]
    released: int
    received: int
    lost: int
    duplicates: int
    out_of_order: int
    root_mismatches: int
    logs: int
    logs_verified: int
    stated_twice: int
    seconds: float

    @property
    def sound(self) -> bool:
        wrong = self.lost + self.duplicates + self.out_of_order + self.root_mismatches + self.stated_twice
        return wrong == 0 and self.logs == self.logs_verified == 4 and self.released == self.received == self.messages


class Side:
    """One nation: its home, its process while one runs, and what it has stated."""

    def __init__(self, party: str, home: Home, zygote: subprocess.Popen[str]) -> None:
        self.party, self.home, self._zygote = party, home, zygote
        self.pid = 0
        self.inside = ""
        self.link = ""
        self.stated = 0

    def start(self, pages: int | None = None) -> None:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps({"home": str(self.home.path), "pages": pages}) + "\n")
        self._zygote.stdin.flush()
        told = heard(self._zygote, self.home.path)
        self.pid, self.inside, self.link = told["pid"], told["inside"], told["link"]

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        gone = os.pidfd_open(self.pid)  # readable once the process has ended, whoever's child it is
        try:
            os.kill(self.pid, signal.SIGKILL)
            assert select.select([gone], [], [], PATIENCE)[0]
        finally:
            os.close(gone)
        self.pid = 0

    def ask(self, path: str, given: object) -> Any:
        headers = {"authorization": f"Bearer {self.home.token.read_text()}"}
        answer = httpx2.post(f"{self.inside}/v1/{path}", json=given, headers=headers, timeout=30, trust_env=False)
        return answer.json() if answer.is_success else None

    def state(self, rows: list[dict[str, Any]]) -> bool:
        """Whether these alerts were acknowledged. Their references make saying it again harmless."""
        with contextlib.suppress(httpx2.HTTPError):
            return self.ask("intelligence/alert-vehicles", {"rows": rows}) is not None
        return False

    def jump(self, seconds: int) -> None:
        (self.home.path / "clock-off").write_text(str(seconds))


def heard(parent: subprocess.Popen[str], home: Path) -> dict[str, Any]:
    """What the child that was just forked says when it answers; if it ended instead, what its log says."""
    assert parent.stdout is not None
    ready = select.select([parent.stdout], [], [], PATIENCE)[0]
    assert ready, "\n".join((home / "serve.log").read_text().splitlines()[-5:])
    told: dict[str, Any] = json.loads(parent.stdout.readline())
    return told


@contextlib.contextmanager
def zygote() -> Iterator[subprocess.Popen[str]]:
    """The process that forks nodes; it and every node it forked end with the block."""
    command = [sys.executable, "-m", "tests.chaos.zygote"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


def chaos(parent: subprocess.Popen[str], seed: int, messages: int, *, slow: int = 0) -> Result:
    """Run one seed; ``slow`` messages more at the end over a line of 8 kB/s with 0.4 s of delay."""
    started = time.monotonic()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # kill -9 loses no page: flushing would only take time
    with tempfile.TemporaryDirectory(prefix="mithaq-chaos-", dir=memory) as folder:
        run = _Run(Path(folder), parent, seed, messages)
        try:
            run.go(slow)
            found = run.audit()
        finally:
            run.end()
        return Result(
            seed=seed,
            messages=messages + slow,
            kills=run.kills,
            jumps=run.jumps,
            full_disks=run.full_disks,
            lines=dict(sum((line.did for line in run.lines.values()), start=type(run.lines["JO"].did)())),
            seconds=round(time.monotonic() - started, 1),
            stated_twice=run.stated_twice(),
            **{name: found[name] for name in Result.__struct_fields__ if name in found},
        )


class _Run:
    def __init__(self, folder: Path, parent: subprocess.Popen[str], seed: int, messages: int) -> None:
        self._draw = random.Random(seed)
        self._messages = messages
        self._seed = seed
        self.kills = {"JO": 0, "SA": 0}
        self.jumps = self.full_disks = 0
        self.references: dict[str, set[str]] = {"JO": set(), "SA": set()}
        rehearsal = Rehearsal(folder)
        self._homes = {party: nation.home for party, nation in rehearsal.nations.items()}
        self._cards = {party: read_card(nation.home.card.read_bytes()) for party, nation in rehearsal.nations.items()}
        self.sides = {party: Side(party, nation.home, parent) for party, nation in rehearsal.nations.items()}
        self.lines: dict[str, Line] = {}
        for caller, callee in (("JO", "SA"), ("SA", "JO")):
            line = self.lines[caller] = Line(self.sides[caller].home, self.sides[callee].home, seed + len(self.lines))
            settings = PartnerSettings(line.url, fingerprint(self._cards[callee]))
            config = read_config(self.sides[caller].home)
            write_config(self.sides[caller].home, replace_partner(config, callee, settings))

    def go(self, slow: int) -> None:
        for party in self.sides:
            self._start(party)
        for line in self.lines.values():
            line.chance = 0.3
        for party in self.sides:
            self._state(party, 1)  # else chance may leave a link without messages, which then has no log to verify
        while sum(side.stated for side in self.sides.values()) < self._messages:
            self._trouble()
            self._state(self._draw.choice(list(self.sides)), self._draw.randrange(1, max(2, self._messages // 5)))
        self._heal()
        if slow:
            for line in self.lines.values():
                line.rate, line.delay = 8_000.0, 0.4
            self._messages += slow
            self._state("JO", slow)
            self._settle()

    def _state(self, party: str, count: int) -> None:
        side = self.sides[party]
        done = sum(each.stated for each in self.sides.values())
        count = min(count, self._messages - done, 500)
        first = len(self.references[party])
        names = [f"{party}-{self._seed}-{first + n}" for n in range(count)]
        flash = self._draw.random() < 0.1
        rows = [alert(plate=f"{party}-{n}"[:20], reference=name, flash=flash) for n, name in enumerate(names, first)]
        attempts = 0
        while not side.state(rows):
            attempts += 1
            assert attempts < 100, f"{party} takes nothing"
            self._restart(party)  # killed, or its disk is full: some space is made, and it is said again
        self.references[party] |= set(names)
        side.stated += count

    def _trouble(self) -> None:
        party = self._draw.choice(list(self.sides))
        what = self._draw.choice(("kill", "kill", "kill both", "jump", "full disk", "nothing", "nothing", "nothing"))
        if what == "kill":
            self._restart(party)
        elif what == "kill both":
            for each in self.sides:
                self._kill(each)
            for each in self.sides:
                self._start(each)
        elif what == "jump":
            self.jumps += 1
            self.sides[party].jump(self._draw.randrange(-7200, 7200))
        elif what == "full disk":
            self.full_disks += 1
            self._kill(party)
            self._start(party, pages=self._draw.randrange(1, 40))

    def _restart(self, party: str) -> None:
        self._kill(party)
        self._start(party)

    def _kill(self, party: str) -> None:
        if self.sides[party].pid:
            self.sides[party].kill()
            self.kills[party] += 1

    def _start(self, party: str, pages: int | None = None) -> None:
        side = self.sides[party]
        side.start(pages)
        other = "SA" if party == "JO" else "JO"
        self.lines[other].target = side.link

    def _heal(self) -> None:
        for line in self.lines.values():
            line.chance = 0.0
        for party in self.sides:
            self.sides[party].jump(0)
            self._restart(party)
        self._settle()

    def _settle(self) -> None:
        """Until nothing waits anywhere and both sides hold logs of one size."""
        deadline = time.monotonic() + PATIENCE + self._messages / 50
        while True:
            found = {party: side.ask("link/status", {}) for party, side in self.sides.items()}
            sizes = [{each["link"]: each["size"] for each in links} for links in found.values()]
            if sizes[0] == sizes[1] and not any(each["waiting"] for links in found.values() for each in links):
                return
            assert time.monotonic() < deadline, f"seed {self._seed}: nothing moves: {found}"
            time.sleep(0.02)  # the nodes are other processes: we can only look

    def end(self) -> None:
        for side in self.sides.values():
            if side.pid:
                side.kill()
        for line in self.lines.values():
            line.close()

    def audit(self) -> dict[str, Any]:
        for side in self.sides.values():
            side.kill()
        stores = {party: open_home_store(home) for party, home in self._homes.items()}
        try:
            return audit_stores(stores, {party: pinned(card) for party, card in self._cards.items()})
        finally:
            for store in stores.values():
                store.close()

    def stated_twice(self) -> int:
        """Alerts with a reference that another one has, or that nobody gave: said again must not be stated again."""
        wrong = 0
        for party, home in self._homes.items():
            store = open_home_store(home)
            with store.read() as tx:
                kept: list[str] = []
                after = 0
                while page := tx.records.page(after=after, limit=1000):
                    kept += [each.reference for each in page if each.reference]
                    after = page[-1].position
            store.close()
            wrong += len(kept) - len(set(kept)) + len(set(kept) ^ self.references[party])
        return wrong


def replace_partner(config: Any, party: str, settings: PartnerSettings) -> Any:
    from msgspec.structs import replace

    return replace(config, partners={**config.partners, party: settings})
