"""Chaos: two real nodes killed, cut off, set to wrong times and out of disk, from new seeds; the auditor counts.

By default a few short seeds; `--full` is what the issues name: 20 seeds of 10,000 messages, each with 200 more over a
slow line. No peer publishes such a run.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from tests.chaos.run import chaos, zygote

from benchmarks.measure import run

COUNTED = ("released", "received", "lost", "duplicates", "out_of_order", "root_mismatches", "stated_twice")


def measure(full: bool, seed: int) -> dict[str, Any]:
    seeds, messages, slow = (20, 10_000, 200) if full else (8, 300, 50)
    draw = random.Random(seed)
    found = []
    with zygote() as parent:
        for _ in range(seeds):
            one = draw.randrange(2**32)
            print(f"seed {one}", file=sys.stderr, flush=True)
            found.append(chaos(parent, one, messages, slow=slow))
    return {
        "seeds": len(found),
        "messages": sum(each.messages for each in found),
        "kills_sender": sum(each.kills["JO"] for each in found),
        "kills_receiver": sum(each.kills["SA"] for each in found),
        "clock_jumps": sum(each.jumps for each in found),
        "full_disks": sum(each.full_disks for each in found),
        "line": {fate: sum(each.lines.get(fate, 0) for each in found) for fate in sorted(found[0].lines)},
        **{name: sum(getattr(each, name) for each in found) for name in COUNTED},
        "logs": sum(each.logs for each in found),
        "logs_verified": sum(each.logs_verified for each in found),
        "seconds": round(sum(each.seconds for each in found), 1),
        "peer": None,
        "peer_reason": "none that can be run here",
    }


if __name__ == "__main__":
    run(measure)
