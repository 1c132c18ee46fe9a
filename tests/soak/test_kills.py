"""Long: both nodes are killed again and again while alerts are raised. Nothing is lost, doubled or out of order."""

from __future__ import annotations

import os
import random
import secrets
import signal
from pathlib import Path

import pytest

from mithaq.cli.rehearsal import Rehearsal
from tests.worlds import alert

ROUNDS = 30


@pytest.mark.soak
def test_kill_9_again_and_again(tmp_path: Path) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    stated = 0
    with Rehearsal(tmp_path) as rehearsal:
        for _ in range(ROUNDS):
            rows = [alert(plate=f"P-{stated + n}") for n in range(draw.randrange(1, 500))]
            rehearsal.nations["JO"].do("intelligence.alert-vehicles", {"rows": rows})
            stated += len(rows)
            victim = draw.choice(list(rehearsal.nations.values()))
            os.kill(victim.pid, signal.SIGKILL)
            victim.stop()
            victim.start()
        rehearsal.settle()
        found = rehearsal.audit()
    assert found["released"] == found["received"] == stated
    assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
    assert found["logs_verified"] == found["logs"] == 2
