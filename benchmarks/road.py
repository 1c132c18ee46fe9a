"""The road: records a second from the command that states them to the verdict stored at the sender.

Two processes over HTTPS on loopback, durable on both sides, with decision, redaction, hybrid signatures and seals. No
peer executes an agreement field by field, so there is none to measure beside it.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import run
from mithaq.cli.reach import reach
from mithaq.cli.rehearsal import Rehearsal

ALERT = {"reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z", "purpose": "vehicle_theft"}
CHUNK = 500


def measure(full: bool, seed: int) -> dict[str, Any]:
    count = 20_000 if full else 5_000
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, Rehearsal(Path(folder)) as rehearsal:
        single = one_by_one(rehearsal, 50, seed)
        started = time.perf_counter()
        with reach(rehearsal.nations["JO"].home) as jo:
            for first in range(0, count, CHUNK):
                rows = [{**ALERT, "plate": f"B-{seed}-{n}"[:20]} for n in range(first, first + CHUNK)]
                jo.do("intelligence.alert-vehicles", {"rows": rows})
        stated = time.perf_counter() - started
        rehearsal.settle()
        settled = time.perf_counter() - started
        found = rehearsal.audit()
    return {
        "records": count,
        "stated_per_s": round(count / stated),
        "per_s": round(count / settled),
        "one_by_one_p50_ms": single,
        **{name: found[name] for name in ("released", "received", "lost", "duplicates", "out_of_order")},
        "logs_verified": found["logs_verified"],
    }


def one_by_one(rehearsal: Rehearsal, count: int, seed: int) -> float:
    """Median milliseconds of one command, durable when it answers."""
    times = []
    with reach(rehearsal.nations["JO"].home) as jo:
        for n in range(count):
            started = time.perf_counter()
            jo.do("intelligence.alert-vehicle", {**ALERT, "plate": f"A-{seed}-{n}"[:20]})
            times.append(time.perf_counter() - started)
    return round(sorted(times)[count // 2] * 1e3, 1)


if __name__ == "__main__":
    run(measure)
