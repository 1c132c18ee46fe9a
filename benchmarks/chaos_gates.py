"""Chaos with gates: three real cores and gates killed, cut off, set to wrong times and out of disk, from new seeds.

By default a few short seeds, within five minutes; `--full` is what the issues name: 20 seeds of 10,000 messages, each
with 200 more over lines of 64 kbit/s, 800 ms there and back, 5 % lost. The auditor counts, over all stores.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import Any

from tests.chaos.gates import chaos_gates
from tests.chaos.run import zygote

from benchmarks.measure import run

COUNTED = ("released", "received", "lost", "duplicates", "out_of_order", "root_mismatches", "logs", "logs_verified")


def measure(full: bool, seed: int) -> dict[str, Any]:
    seeds, messages, slow = (20, 10_000, 200) if full else (3, 200, 50)
    draw = random.Random(seed)
    found = []
    with zygote() as parent:
        for _ in range(seeds):
            one = draw.randrange(2**32)
            print(f"seed {one}", file=sys.stderr, flush=True)
            found.append(chaos_gates(parent, one, messages, slow=slow))
    return {
        "seeds": len(found),
        "nodes": 3,
        "stated": sum(each.messages for each in found),
        "troubles": dict(sum((Counter(each.troubles) for each in found), start=Counter[str]())),
        "line": dict(sum((Counter(each.lines) for each in found), start=Counter[str]())),
        **{name: sum(getattr(each, name) for each in found) for name in COUNTED},
        "slow_line_seconds": [each.slow_seconds for each in found],
        "sound": all(each.sound for each in found),
        "seconds": round(sum(each.seconds for each in found), 1),
        "peer": None,
        "peer_reason": "none that can be run here",
    }


if __name__ == "__main__":
    run(measure)
