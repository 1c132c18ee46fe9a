"""Nations whose nodes are two processes each, a core and its gate, as an operator would set them up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from click.testing import CliRunner

from mithaq.cli.main import mithaq
from mithaq.cli.rehearsal import PATIENCE, Rehearsal, _free_port
from mithaq.config import Home, read_config


def command(home: Path, *words: object) -> dict[str, Any]:
    """What a command says as JSON, with its exit code; it runs in this process."""
    result = CliRunner().invoke(mithaq, ["--home", str(home), *map(str, words), "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found | {"exit": result.exit_code}


class GateProcess:
    """A gate that serves in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[str] | None = None
        self.told: dict[str, Any] = {}

    def start(self) -> None:
        words = [sys.executable, "-m", "mithaq", "--home", str(self.home), "gate", "serve"]
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.home / "serve.log").read_text()
        self.told = json.loads(line)

    def stop(self, *, kill: bool = False) -> None:
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


def give_gate(home: Home, folder: Path) -> GateProcess:
    """Make this home that of a core, and a gate for it where partners look for the node."""
    core_port = _free_port()
    command(home.path, "gate", "use", f"https://127.0.0.1:{core_port}")
    link = read_config(home).link.port
    command(folder, "gate", "init", "--from", home.path, "--link-port", link, "--core-port", core_port)
    return GateProcess(folder)


class Gated:
    """A rehearsal in which these nations have gates. Gates start first, and stop last."""

    def __init__(self, folder: Path, gated: Iterable[str] = ("JO",), parties: tuple[str, ...] = ("JO", "SA")) -> None:
        self.rehearsal = Rehearsal(folder, parties)
        homes = {party: self.rehearsal.nations[party].home for party in gated}
        self.gates = {party: give_gate(home, folder / f"{party.lower()}-gate") for party, home in homes.items()}

    def __enter__(self) -> Gated:
        try:
            for gate in self.gates.values():
                gate.start()
            self.rehearsal.__enter__()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self.rehearsal.stop()
        for gate in self.gates.values():
            gate.stop()

    def assert_sound(self) -> None:
        """Nothing lost, doubled or out of order; both sides hold the same logs, and they verify."""
        found = self.rehearsal.audit()
        names = ("lost", "duplicates", "out_of_order", "root_mismatches")
        assert [found[name] for name in names] == [0, 0, 0, 0]
        assert found["logs_verified"] == found["logs"] > 0
        assert found["released"] == found["received"] > 0
