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


def test_records_cross_both_gates_in_both_directions(gated: Gated) -> None:
    jo, sa = gated.rehearsal.nations.values()
    state(jo, 40)
    state(sa, 30)
    gated.rehearsal.settle()
    assert jo.link == sa.link == ""  # a core says no address abroad, for it has none
    assert command(jo.home.path, "node", "status")["gate"] == "up"
    told = command(gated.gates["JO"].home, "gate", "status")
    assert (told["core"], told["waiting"], told["held"], told["exit"]) == (True, 0, 0, 0)
    gated.assert_sound(70)


def test_gates_and_cores_are_killed_and_nothing_is_lost(gated: Gated) -> None:
    jo, sa = gated.rehearsal.nations.values()
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


def test_a_gate_whose_core_is_away_says_so_and_takes_nothing(tmp_path: Path) -> None:
    gated = Gated(tmp_path, gated=("SA",))
    gate = gated.gates["SA"]
    jo, sa = gated.rehearsal.nations.values()
    gate.start()
    jo.start()
    try:
        state(jo, 5)
        told = command(gate.home, "gate", "status")
        assert (told["core"], told["seen"], told["waiting"], told["exit"]) == (False, None, 0, 1)
        sa.start()
        gated.rehearsal.settle()
        assert command(gate.home, "gate", "status")["core"]
        gated.assert_sound(5)
    finally:
        gated.stop()
