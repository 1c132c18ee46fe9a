"""A long watch: two nations serve and exchange without a pause, and what their processes take may not grow.

Each serves in a process of its own, over HTTPS, with every commit flushed. A driver keeps up a steady load on both, at
`rate` acts a second whatever the machine can do: alerts one by one and fifty at a time, corrections, recalls, pictures
of which a partner gets its own copy, searches, lists and the states of links. `rss_kib`, `files` and `threads` are what
each process takes at the `marks_s`: of `--full` 5, 30 and 60 minutes; by default a twentieth of that, where the caches
of a process that has just started still fill. `growth_percent` is from the first mark to the last, of the nation that
grew most. The goal is 5 % over the hour, and no file or thread more. `store_mib` grows: it is what was stated.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measure import run
from mithaq.cli.attachment import _given
from mithaq.cli.reach import Reached, reach
from mithaq.cli.rehearsal import Nation, Rehearsal

MARKS = (300, 1800, 3600)  # seconds
SHORTER = 20
RATE = 20  # acts a second
ACTS = {"one": 50, "search": 20, "list": 10, "status": 5, "correct": 6, "recall": 4, "picture": 3, "many": 2}
"""How often each is done, of a hundred."""
ALERT = {"reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z", "purpose": "vehicle_theft"}


def measure(full: bool, seed: int) -> dict[str, Any]:
    marks = MARKS if full else tuple(mark // SHORTER for mark in MARKS)
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        Rehearsal(Path(folder)) as rehearsal,
        ExitStack() as stack,
    ):
        nations = rehearsal.nations
        load = Load({p: stack.enter_context(reach(n.home)) for p, n in nations.items()}, random.Random(seed))
        taken: dict[str, list[dict[str, int]]] = {party: [] for party in nations}
        started = time.monotonic()
        for mark in marks:
            load.until(started, mark)
            for party, nation in nations.items():
                taken[party].append(takes(nation))
            print(f"{mark} s: {[each[-1] for each in taken.values()]}", file=sys.stderr, flush=True)
        seconds = time.monotonic() - started
        rehearsal.settle()
        store_mib = sum(nation.home.store.stat().st_size for nation in nations.values()) // 2**20
        found = rehearsal.audit()
    return {
        "marks_s": marks,
        "rate": round(sum(load.done.values()) / seconds, 1),
        "asked_rate": RATE,
        "acts": dict(load.done),
        **{name: {party: [each[name] for each in taken[party]] for party in taken} for name in taken["JO"][0]},
        "growth_percent": max(grown(each, "rss_kib") for each in taken.values()),
        "files_grown": max(each[-1]["files"] - each[0]["files"] for each in taken.values()),
        "threads_grown": max(each[-1]["threads"] - each[0]["threads"] for each in taken.values()),
        "store_mib": store_mib,
        **{
            name: found[name]
            for name in ("released", "received", "lost", "duplicates", "out_of_order", "root_mismatches")
        },
        "logs_verified": found["logs_verified"],
        "peer": None,
        "peer_reason": "none does this work",
    }


class Load:
    """What officers and programs of both nations do, one act after the other, each when its time has come."""

    def __init__(self, reached: dict[str, Reached], draw: random.Random) -> None:
        self._reached = reached
        self._draw = draw
        self._stated: dict[str, list[tuple[str, str]]] = {party: [] for party in reached}
        self._number = 0
        self.done: Counter[str] = Counter()

    def until(self, started: float, seconds: int) -> None:
        """Go on until so many seconds after the start. What could not be done in time is not made up for."""
        due = time.monotonic()
        while (now := time.monotonic()) < started + seconds:
            due = max(due + 1 / RATE, now - 1)
            time.sleep(max(0.0, due - now))  # the rate is what is measured at
            what = self._draw.choices(list(ACTS), ACTS.values())[0]  # type: ignore[arg-type]
            party = self._draw.choice(list(self._reached))
            getattr(self, f"_{what}")(party)
            self.done[what] += 1

    def _row(self, party: str, **more: Any) -> dict[str, Any]:
        self._number += 1
        return {**ALERT, "plate": f"{party}-{self._number}", **more}

    def _one(self, party: str) -> None:
        row = self._row(party, flash=self._draw.random() < 0.05)
        stated = self._reached[party].do("intelligence.alert-vehicle", row)
        kept = self._stated[party]
        kept.append((stated["id"], row["plate"]))
        if len(kept) > 1000:  # the driver itself must not grow
            del kept[self._draw.randrange(len(kept))]

    def _many(self, party: str) -> None:
        rows = [self._row(party) for _ in range(50)]
        self._reached[party].do("intelligence.alert-vehicles", {"rows": rows})

    def _correct(self, party: str) -> None:
        if self._stated[party]:
            id, plate = self._draw.choice(self._stated[party])
            given = {**ALERT, "id": id, "plate": plate, "colour": f"seen {self._draw.random():.6f}"}
            self._reached[party].do("intelligence.correct-vehicle", given)

    def _recall(self, party: str) -> None:
        if kept := self._stated[party]:
            id, _ = kept.pop(self._draw.randrange(len(kept)))
            self._reached[party].do("link.recall", {"id": id})

    def _picture(self, party: str) -> None:
        seen = self._draw.randbytes(3 * 160 * 120)
        made = io.BytesIO()
        Image.frombytes("RGB", (160, 120), seen).save(made, "JPEG", quality=90)
        found = _given(self._reached[party], made.getvalue())["attachment"]
        self._reached[party].do("intelligence.alert-vehicle", self._row(party, photos=[found]))

    def _search(self, party: str) -> None:
        other = next(each for each in self._reached if each != party)
        plate = self._draw.choice(self._stated[other])[1] if self._stated[other] else "none"
        self._reached[party].ask("intelligence.search", {"find": plate})

    def _list(self, party: str) -> None:
        self._reached[party].ask("intelligence.search", {})

    def _status(self, party: str) -> None:
        self._reached[party].ask("link.status", {})


def takes(nation: Nation) -> dict[str, int]:
    """What a nation's process takes now: memory in KiB, open files, threads."""
    process = Path(f"/proc/{nation.pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    return {
        "rss_kib": int(status["VmRSS"].split()[0]),
        "files": sum(1 for _ in (process / "fd").iterdir()),
        "threads": int(status["Threads"]),
    }


def grown(taken: list[dict[str, int]], name: str) -> float:
    """From the first mark to the last, in percent."""
    return round((taken[-1][name] / taken[0][name] - 1) * 100, 1)


if __name__ == "__main__":
    run(measure)
