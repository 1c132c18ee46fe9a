"""Every key of two nodes changes while messages are under way in both directions: what does the auditor miss?"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tests import rooted

from mithaq.kernel.clock import SystemClock


def rotate_in_flight(count: int, turns: int = 2) -> dict[str, Any]:
    """``count`` messages, half in each direction, under couriers that deliver all the time; so many changes each."""
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        rooted.rooted_nations(Path(folder), clock=SystemClock()) as world,
    ):
        started = time.perf_counter()
        found = rooted.rotate_in_flight(world, count // 2, turns)
        seconds = time.perf_counter() - started
    assert found["logs_verified"] == found["logs"] == 4
    return {
        "rotation_lost": found["lost"] + found["duplicates"] + found["out_of_order"],
        "rotation_messages": found["received"],
        "rotations": 2 * turns,
        "rotation_s": round(seconds, 1),
    }
