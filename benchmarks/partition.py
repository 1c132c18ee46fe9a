"""A week apart: the line between two nations is cut for seven days, and then all that waited goes out at once.

While it is cut the sender goes on for `days` on a simulated clock, in process, with every commit flushed: `backlog`
messages of mixed lanes wait. Some are urgent (`flash`, which go before everything), some are corrected while they wait,
some are recalled (`recalled`), and some are under an agreement clause that lets them be kept for a day only
(`expired`): those end as tombstones and never leave. Then both nations serve, each in a process of its own whose clock
is at the end of the week, and the line is mended.

`catch_up_per_s` is over all numbers of the backlog, from the moment the receiver answers to the last verdict stored at
the sender: HTTPS on loopback, hybrid signatures and sealing, every commit flushed on both sides. `flash_s` is when the
last urgent message had its verdict. The counters are the auditor's, from both stores: `expected_tombstones` is what the
driver recalled or let expire, `tombstones` what both logs say. The goal is 1,500 a second, and nothing lost.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.chaos.run import Side, zygote

from benchmarks.measure import run
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import load_keys, open_home, read_law, read_vocabulary, signature, signature_file
from mithaq.cli.rehearsal import AGREEMENT, Rehearsal
from mithaq.config import write_private
from mithaq.errors import Unavailable
from mithaq.kernel.clock import ManualClock, write_instant
from mithaq.kernel.law.law import Law, write_law
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME

WEEK, HOUR, DAY = timedelta(days=7), timedelta(hours=1), timedelta(days=1)
FLASH, RESCUE, AGAIN, RECALLED = 0.02, 0.05, 0.08, 0.02  # of what is stated: lanes, expiry, corrections, recalls
PATIENCE = 60.0  # seconds without any progress


def measure(full: bool, seed: int) -> dict[str, Any]:
    backlog, draw = 50_000 if full else 20_000, random.Random(seed)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        rehearsal = Rehearsal(Path(folder))
        agree(rehearsal)
        started = time.perf_counter()
        week = Week(rehearsal, draw, backlog)
        week_s = time.perf_counter() - started
        print("the line is mended", file=sys.stderr, flush=True)
        caught = catch_up(rehearsal)
        found = rehearsal.audit()
        ends = {party: tombstones(nation.home.store) for party, nation in rehearsal.nations.items()}
    numbers = caught.pop("numbers")
    return {
        "days": WEEK.days,
        "week_s": round(week_s, 1),
        "backlog": numbers,
        **week.counted,
        "catch_up_per_s": round(numbers / caught["catch_up_s"]),
        **caught,
        "expected_tombstones": week.expected,
        "tombstones": ends["JO"] if ends["JO"] == ends["SA"] else ends,
        **{name: found[name] for name in ("received", "lost", "duplicates", "out_of_order", "root_mismatches")},
        "logs": found["logs"],
        "logs_verified": found["logs_verified"],
        "peer": None,
        "peer_reason": "none that can be run here keeps order, expiry and recall over a cut",
    }


def agree(rehearsal: Rehearsal) -> None:
    """The example agreement anew, with one change: what is shared for rescue is kept for a day."""
    nations = rehearsal.nations
    with resources.as_file(resources.files("mithaq.laws") / AGREEMENT) as path:
        text = read_law(path, read_vocabulary(nations["JO"].home))
    text = replace(text, clauses=tuple(_for_a_day(text, each.id) for each in text.clauses))
    signed = {party: signature(text, party, load_keys(n.home), datetime.now(UTC)) for party, n in nations.items()}
    for nation in nations.values():
        write_private(nation.home.agreements / f"{text.id}.{text.version}.json", write_law(text))
        for party, data in signed.items():
            write_private(signature_file(nation.home, text, party), data)


def _for_a_day(text: Law, id: str) -> Any:
    clause = text.find(id)
    assert clause is not None
    return replace(clause, obligations={**clause.obligations, "retain": "P1D"}) if id == "4.2" else clause


class Week:
    """Seven days of a sender whose partner is not reached: what it stated, and what of it may not leave any more."""

    def __init__(self, rehearsal: Rehearsal, draw: random.Random, backlog: int) -> None:
        self._draw = draw
        self._clock, wire = ManualClock(datetime.now(UTC)), LocalTransport()
        self.end = self._clock.now() + WEEK
        self.counted: Counter[str] = Counter(stated=0, flash=0, corrected=0, recalled=0, rescue=0, attempts_failed=0)
        self.expected: Counter[str] = Counter()
        self._plain: list[tuple[str, dict[str, Any]]] = []  # (record, row) of what may be corrected or recalled
        homes = {party: nation.home for party, nation in rehearsal.nations.items()}
        nodes = {party: open_home(home, clock=self._clock, transport=wire) for party, home in homes.items()}
        for party, node in nodes.items():
            wire.join(party, node.receive)
        self._meet(nodes)
        wire.leave("SA")
        hours = int(WEEK / HOUR)
        for hour in range(hours):
            self._pass_hour(nodes["JO"], hour, backlog // hours)
        nodes["JO"].do("link.pause", {"party": "SA"}, who=HOME).result()  # until both serve
        for node in nodes.values():
            node.close()

    def _meet(self, nodes: dict[str, Node]) -> None:
        """Both hear of each other, so that each is known to take what is urgent first."""
        for party, node in nodes.items():
            node.do("intelligence.alert-vehicle", self._row(f"{party}-0", "vehicle_theft"), who=HOME).result()
        for node in nodes.values():
            node.step()

    def _pass_hour(self, jo: Node, hour: int, count: int) -> None:
        draw = self._draw
        self._clock.advance(HOUR)
        rows = [self._any_row(f"{hour}-{n}") for n in range(count - int(count * AGAIN))]
        for _ in range(min(len(self._plain), int(count * AGAIN))):
            _, row = self._plain.pop(draw.randrange(len(self._plain)))
            rows.append({**row, "colour": f"seen anew in hour {hour}"})
            self.counted["corrected"] += 1
        draw.shuffle(rows)
        taken = jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
        for row, one in zip(rows, taken, strict=True):
            assert one.stated is not None, one.problem
            assert one.stated.released == ("SA",), one.stated
            self.counted["stated"] += 1
            self.counted["flash"] += row["flash"]
            if row["purpose"] == "search_and_rescue":
                self.counted["rescue"] += 1
                self.expected["expired"] += self._clock.now() + DAY <= self.end
            elif one.stated.version == 1 and not row["flash"]:
                self._plain.append((one.stated.id, row))
        for _ in range(int(count * RECALLED)):
            id, _ = self._plain.pop(draw.randrange(len(self._plain)))
            recalled = jo.do("link.recall", {"id": id, "why": "withdrawn"}, who=HOME).result()
            self.expected["recalled"] += len(recalled.stopped)
            self.counted["recalled"] += 1
        jo.step()
        self.counted["attempts_failed"] += jo.line("SA").failures > 0

    def _any_row(self, mark: str) -> dict[str, Any]:
        drawn = self._draw.random()
        purpose = "search_and_rescue" if drawn < RESCUE else "vehicle_theft"
        return self._row(mark, purpose, flash=RESCUE <= drawn < RESCUE + FLASH)

    def _row(self, mark: str, purpose: str, *, flash: bool = False) -> dict[str, Any]:
        return {
            "plate": f"P-{mark}",
            "reason": "stolen",
            "place": "31.4,36.9",
            "time": write_instant(self._clock.now()),
            "purpose": purpose,
            "reference": f"R-{mark}",
            "flash": flash,
        }


def catch_up(rehearsal: Rehearsal) -> dict[str, Any]:
    """Both nations serve at the end of the week, the line is mended, and every number gets its verdict."""
    with zygote() as parent:
        sides = {party: Side(party, nation.home, parent) for party, nation in rehearsal.nations.items()}
        try:
            for side in sides.values():
                side.jump(int(WEEK.total_seconds()))
                side.start()
            store = rehearsal.nations["JO"].home.store
            numbers = waiting(store)
            before = {party: cpu_s(side.pid) for party, side in sides.items()}
            started = time.perf_counter()
            assert sides["JO"].ask("link/resume", {"party": "SA"}) is not None
            urgent = settled(store, "flash", started)
            seconds = settled(store, None, started)
            spent = {party: round(cpu_s(side.pid) - before[party], 2) for party, side in sides.items()}
        finally:
            for side in sides.values():
                stop(side)
    return {
        "numbers": numbers,
        "catch_up_s": round(seconds, 2),
        "flash_s": round(urgent, 2),
        "cpu_s_sender": spent["JO"],
        "cpu_s_receiver": spent["SA"],
    }


def settled(store: Path, lane: str | None, started: float) -> float:
    """Seconds until nothing of this lane (of all) waits. Unavailable if nothing moves for too long."""
    moved, last = time.monotonic(), -1
    while left := waiting(store, lane):
        if left != last:
            moved, last = time.monotonic(), left
        elif time.monotonic() - moved > PATIENCE:
            raise Unavailable("settle", f"{left} messages wait and nothing moves")
        time.sleep(0.01)  # another process writes the store: we can only look
    return time.perf_counter() - started


def waiting(store: Path, lane: str | None = None) -> int:
    question = "select count(*) from messages where link = 'JO>SA' and outcome = 'waiting'"
    return int(_asked(store, question + (f" and lane = '{lane}'" if lane else ""))[0][0])


def tombstones(store: Path) -> dict[str, int]:
    """How many numbers ended so, by reason."""
    question = "select code, count(*) from messages where link = 'JO>SA' and outcome = 'tombstone' group by code"
    return dict(_asked(store, question))


def _asked(store: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stop(side: Side) -> None:
    """Ask a node to stop, and wait until it is gone."""
    if not side.pid:
        return
    gone = os.pidfd_open(side.pid)
    try:
        os.kill(side.pid, signal.SIGTERM)
        select.select([gone], [], [], PATIENCE)
    finally:
        os.close(gone)


if __name__ == "__main__":
    run(measure)
