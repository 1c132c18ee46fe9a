"""A home that several processes serve: its store on PostgreSQL, its partner an ordinary node with a file."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from msgspec.structs import replace

from mithaq.assembly import open_home_store
from mithaq.cli.rehearsal import Rehearsal
from mithaq.config import Home, StoreSettings, read_config, write_config
from mithaq.kernel.party import Card
from tests.postgres import server

PATIENCE = 60.0


class Process:
    """One process of a home, as an operator starts it."""

    def __init__(self, home: Home, role: str) -> None:
        self.home, self.role = home, role
        command = [sys.executable, "-m", "mithaq", "--home", str(home.path), "node", "serve", "--role", role]
        self._log = home.path / f"{role}-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def ready(self) -> Process:
        """Returns once it says that it works."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        self.told = json.loads(line)
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def post(self, path: str, given: object) -> Any:
        headers = {"authorization": f"Bearer {self.home.token.read_text()}"}
        answer = httpx2.post(
            f"{self.told['inside']}/v1/{path}", json=given, headers=headers, timeout=60, trust_env=False
        )
        assert answer.is_success, answer.text
        return answer.json()

    def kill(self) -> None:
        gone = os.pidfd_open(self.pid)
        os.kill(self.pid, signal.SIGKILL)
        assert select.select([gone], [], [], PATIENCE)[0]
        os.close(gone)
        self.stop()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()


def on_postgres(home: Home, card: Card) -> None:
    """Give the home of Jordan a database."""
    if card.party == "JO":
        write_config(home, replace(read_config(home), store=StoreSettings(server().fresh())))


@contextmanager
def together(folder: Path, *roles: str, postgres: bool = True) -> Iterator[tuple[Rehearsal, list[Process]]]:
    """Saudi Arabia as one process, Jordan as one for each role."""
    rehearsal = Rehearsal(folder, prepare=on_postgres if postgres else None)
    jo = rehearsal.nations["JO"].home
    open_home_store(jo).close()  # its tables
    rehearsal.nations["SA"].start()
    processes = [Process(jo, role) for role in roles]
    try:
        yield rehearsal, [each.ready() for each in processes]
    finally:
        for each in processes:
            each.stop()
        rehearsal.nations["SA"].stop()


def delivering() -> set[int]:
    """The processes that have taken a link, as the server knows them."""
    found = server().ask(
        "select distinct split_part(application_name, ' ', 2) from pg_locks join pg_stat_activity using (pid)"
        " where locktype = 'advisory' and objsubid = 2 and objid <> 0"
    )
    return {int(str(pid)) for (pid,) in found}


def until(there: Callable[[], bool]) -> None:
    """Wait for what other processes do."""
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # they are other processes: we can only look
