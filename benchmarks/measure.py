"""What every benchmark shares: its options, and one JSON object at the end."""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(measure: Callable[[bool, int], dict[str, Any]]) -> None:
    """Parse ``--json``, ``--full`` and ``--seed``, measure, and print the figures with machine and seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default shows it indented)")
    parser.add_argument("--full", action="store_true", help="the sizes that the issues name")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    options = parser.parse_args()
    found = {"seed": options.seed, "full": options.full, "machine": machine()}
    found |= measure(options.full, options.seed)
    print(json.dumps(found, indent=None if options.json else 2))


def machine() -> dict[str, Any]:
    return {"python": platform.python_version(), "cores": os.cpu_count(), "fdatasync_p50_ms": fdatasync_p50_ms()}


def fdatasync_p50_ms(count: int = 50) -> float:
    """The median time of making one appended 4 KiB block durable, in ms: what a single commit cannot beat."""
    times = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, (Path(folder) / "block").open("wb", 0) as file:
        for _ in range(count):
            file.write(bytes(4096))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    return round(sorted(times)[count // 2] * 1e3, 2)


def per_second(work: Callable[[], int], seconds: float = 1.0) -> float:
    """How many units of work a second; ``work`` does some and says how many."""
    done, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        done += work()
    return round(done / passed)
