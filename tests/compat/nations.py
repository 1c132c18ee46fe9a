"""Nations that each run the program of a version, driven by nothing but its command line."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from tests.compat import old
from tests.worlds import alert

PATIENCE = 60.0  # seconds for anything to come about
T = TypeVar("T")


@dataclass(frozen=True)
class Program:
    """A Mithaq as an operator has it: the words that start it, the laws it ships, and how it shows its card."""

    start: tuple[str, ...]
    laws: Path
    card: tuple[str, ...] = ("party", "card")


def present() -> Program:
    """The program of this checkout. Of the two formats of its card it shows the one that every version reads."""
    laws = Path(str(resources.files("mithaq.laws")))
    return Program((sys.executable, "-m", "mithaq"), laws, ("party", "card", "--format", "1"))


def past(environment: Path) -> Program:
    """The program of the version in an environment of its own."""
    return Program((*old.python(environment), "-m", "mithaq"), old.laws(environment))


@dataclass(frozen=True)
class Link:
    """What became of the numbers of one link, as ``link status`` of every version tells it."""

    name: str
    size: int
    waiting: int
    accepted: int
    refused: int
    tombstone: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> Link:
        counted = {each: told[each] for each in ("size", "waiting", "accepted", "refused", "tombstone")}
        return cls(told["link"], **counted)


class Nation:
    """One nation: its home, its program, and the process that serves while it runs."""

    def __init__(self, party: str, home: Path, program: Program, port: int) -> None:
        self.party, self.home, self.program, self.port = party, home, program, port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def run(self, *words: str) -> Any:
        """What a command answers, as JSON; it must end with 0."""
        command = [*self.program.start, "--home", str(self.home), *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, f"{self.party}: {' '.join(words)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def card(self) -> tuple[str, str]:
        """(card file, fingerprint) as its officers hand them over."""
        shown = self.run(*self.program.card)
        return shown["card"], shown["fingerprint"]

    def start(self) -> None:
        """Serve in a process of its own; returns once it says that it answers."""
        told, log = self.home / "serve.out", self.home / "serve.log"
        with told.open("wb") as out, log.open("ab") as err:
            command = [*self.program.start, "--home", str(self.home), "node", "serve"]
            self._process = process = subprocess.Popen(command, stdout=out, stderr=err)

        def answers() -> bool:
            assert process.poll() is None, f"{self.party} does not serve: {log.read_text(errors='replace')}"
            return told.read_bytes().endswith(b"\n")

        until(f"{self.party} serves", answers)

    def stop(self, *, kill: bool = False) -> None:
        """Ask the process to stop, or kill it; returns once it is gone."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None

    def take_up(self, program: Program) -> None:
        """Go on in the same home with another program, as an operator brings a node to a new version."""
        self.stop()
        self.program = program
        self.start()

    def alert(self, plate: str, *flags: str) -> str:
        """Raise an alert that the agreement lets through; its id."""
        stated = self.run("intelligence", "alert-vehicle", *_options(alert(plate=plate)), *flags)
        assert len(stated["released"]) == 1, stated
        return str(stated["id"])

    def correct(self, id: str, plate: str) -> None:
        self.run("intelligence", "correct-vehicle", id, *_options(alert(plate=plate)))

    def bring_in(self, count: int) -> None:
        """Import a file with so many alerts."""
        file = self.home / f"{count}.csv"
        rows = (f'{self.party}-{n},stolen,"31.4,36.9",2026-11-20T04:10:33Z,vehicle_theft\n' for n in range(count))
        file.write_text("plate,reason,place,time,purpose\n" + "".join(rows), encoding="utf-8")
        assert self.run("intelligence", "import", str(file))["stated"] == count

    def held(self) -> dict[str, dict[str, Any]]:
        """The first alerts it holds, its own and its partner's, by id."""
        return {each["key"]: each["body"] for each in self.run("intelligence", "alerts")}

    def links(self) -> dict[str, Link]:
        """What became of the numbers of every link that has any, by its name."""
        told = (Link.of(each) for each in self.run("link", "status"))
        return {link.name: link for link in told if link.size}


def both(job: Callable[[Nation], T], nations: tuple[Nation, ...]) -> list[T]:
    """Do it at every nation, at the same time."""
    with ThreadPoolExecutor(len(nations)) as pool:
        return list(pool.map(job, nations))


def until(what: str, comes: Callable[[], object]) -> None:
    """Look until it has come about. The nodes are other processes: we can only look."""
    deadline = time.monotonic() + PATIENCE
    while not comes():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain until {what}"
        time.sleep(0.05)  # the nodes are other processes: we can only look


def free_port() -> int:
    """A port that is free now, below those the system gives to outgoing calls, so that none of them takes it."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of 100 ports tried is free")


def _options(given: dict[str, Any]) -> list[str]:
    return [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
