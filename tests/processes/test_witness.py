"""A witness as its operator runs it: made, told of a log, served, killed and served again; two ways to reach it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.keystore.witness import WitnessKeys
from mithaq.adapters.witness.client import HttpsWitnesses, LocalWitnesses
from mithaq.adapters.witness.state import WitnessState
from mithaq.assembly import init_home, load_keys
from mithaq.config import Config, Home
from mithaq.errors import Unavailable
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.party import fingerprint
from mithaq.kernel.witness.answer import write_request
from mithaq.kernel.witness.port import Witnesses
from mithaq.kernel.witness.service import Service
from tests.kernel.witness.lines import verified
from tests.kernel.witness.test_answer import ENTRIES, ORIGIN, Log
from tests.worlds import START


def mithaq(*args: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "mithaq", *args, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "mithaq", "witness", "serve", "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], process
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Log, list[str]]:
    """A witness that was told of a log of Jordan's, whose keys are those of a real node."""
    folder = tmp_path_factory.mktemp("witness")
    nation, home = Home(folder / "jo"), folder / "bureau"
    card = init_home(nation, Config(party="JO", names={"en": "Jordan"}), at=START)
    made = mithaq("witness", "init", "bureau.example/witness", "--home", str(home))
    told = mithaq(
        "witness", "add-log", str(nation.card), "--to", "SA", "--fingerprint", fingerprint(card), "--home", str(home)
    )  # fmt: skip
    assert told == {"origin": ORIGIN, "sets": 1}
    return home, Log(ENTRIES, keys=load_keys(nation)), made["vkeys"]


def submitted(witnesses: Witnesses, log: Log, old: int, size: int) -> tuple[int, str]:
    proof = log.tree(size).consistency(old, size) if 0 < old < size else []
    told = witnesses.add_checkpoint("bureau", write_request(old, proof, log.note(size)))
    return told.status, told.body


def test_it_is_served_killed_and_served_again_and_never_goes_back(bureau: tuple[Path, Log, list[str]]) -> None:
    home, log, vkeys = bureau
    fork = Log([bytes(32), *ENTRIES[1:]], keys=log.keys)
    with serving(home) as (url, process):
        witnesses = HttpsWitnesses({"bureau": url})
        assert witnesses.newest("bureau", ORIGIN) == ""
        status, lines = submitted(witnesses, log, 0, 7)
        assert status == 200
        assert all(verified(log.note(7) + lines, key) for key in vkeys)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        with pytest.raises(Unavailable):
            submitted(witnesses, log, 7, 9)
        witnesses.close()
    with serving(home) as (url, _):
        witnesses = HttpsWitnesses({"bureau": url})
        assert submitted(witnesses, fork, 0, 7) == (409, "7\n")
        assert submitted(witnesses, fork, 7, 7)[0] == 422
        assert submitted(witnesses, log, 7, 300)[0] == 200
        assert all(verified(witnesses.newest("bureau", ORIGIN), key) for key in vkeys)
        witnesses.close()
    assert mithaq("witness", "show", "--home", str(home))["logs"] == [{"origin": ORIGIN, "size": 300}]
    [kept] = (home / "evidence").iterdir()
    assert kept.name.startswith("signed-equivocation-")


def test_both_ways_to_reach_a_witness_answer_alike(bureau: tuple[Path, Log, list[str]], tmp_path: Path) -> None:
    home, log, _ = bureau
    keys = WitnessKeys.load(home / "witness-keys.json", (home / "unlock").read_bytes())
    state = WitnessState(tmp_path / "witness.db")
    known = WitnessState(home / "witness.db").known(ORIGIN)
    assert known is not None
    state.add(ORIGIN, known.sets)
    local = LocalWitnesses({"bureau": Service(state, keys, SystemClock(), lambda _: None)})
    with serving(home) as (url, _):
        far = HttpsWitnesses({"bureau": url})
        stands = int(submitted(far, log, 1, 300)[1] or 0)  # whatever the tests before have made of it
        for witnesses, size in ((local, 0), (far, stands)):
            assert list(witnesses.names) == ["bureau"]
            assert submitted(witnesses, log, size + 1, 300)[0] in (400, 409)
            assert submitted(witnesses, Log(ENTRIES), size, 300)[0] == 403
            assert witnesses.add_checkpoint("bureau", b"nonsense").status == 400
            assert witnesses.newest("bureau", "example.com/none") == ""
        far.close()
