"""Core and gate as two real processes: what crosses, and what happens when either is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mithaq.cli.rehearsal import Nation
from tests.gate.gated import Gated, command
from tests.worlds import alert


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[Gated]:
    """Both nations have a gate."""
    with Gated(tmp_path, gated=("JO", "SA")) as made:
        yield made


def state(nation: Nation, count: int, first: int = 0) -> None:
    rows = [alert(plate=f"{nation.party}-{n}") for n in range(first, first + count)]
    nation.do("intelligence.alert-vehicles", {"rows": rows})


def test_gates_and_cores_are_killed_and_nothing_is_lost(gated: Gated) -> None:
    jo, sa = gated.rehearsal.nations.values()
    assert jo.link == sa.link == ""  # a core says no address abroad, for it has none
    state(jo, 200)
    for gate in gated.gates.values():
        gate.stop(kill=True)
    state(sa, 100)
    for gate in gated.gates.values():
        gate.start()
    state(jo, 100, first=200)
    os.kill(sa.pid, signal.SIGKILL)
    sa.stop()
    state(jo, 50, first=300)
    gated.gates["JO"].stop(kill=True)
    gated.gates["JO"].start()
    sa.start()
    gated.rehearsal.settle()
    gated.assert_sound(450)
    assert command(jo.home.path, "node", "status")["gate"] == "up"
    told = command(gated.gates["JO"].home, "gate", "status")
    assert (told["core"], told["waiting"], told["held"], told["exit"]) == (True, 0, 0, 0)
