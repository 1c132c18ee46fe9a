"""Starts nodes quickly: a process that has loaded everything and forks one child for each node it is told to serve.

Each line on standard input is a JSON object {home, pages}; the child says on standard output where it answers, as any
serving node does. Each child is a real process with a pid of its own, to be killed for real. With ``pages`` its
database may not grow beyond so many pages: SQLite's own limit, which is what a full disk looks like to it. With
``gate`` it serves the gate of that home.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mithaq.api import serve as _  # noqa: F401 - loaded before the fork
from mithaq.api.gate import serve as _gate  # noqa: F401 - the same
from mithaq.api.gate.home import GateHome
from mithaq.assembly import open_home_store
from mithaq.cli.gate import serve_gate_home
from mithaq.cli.node import serve_home
from mithaq.config import Home
from mithaq.kernel.clock import SystemClock


class JumpingClock(SystemClock):
    """The machine's clock, off by the seconds that a file in the home says now."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        off = timedelta(seconds=int(self._file.read_text())) if self._file.exists() else timedelta()
        return datetime.now(UTC).replace(microsecond=0) + off


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that were killed are not waited for
    for line in sys.stdin:
        told = json.loads(line)
        if os.fork() == 0:
            if told.get("gate"):
                serve_gate_child(GateHome(Path(told["home"])))
            serve_child(Home(Path(told["home"])), told.get("pages"))


def serve_gate_child(home: GateHome) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(home.path / "serve.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    try:
        serve_gate_home(home)
    finally:
        os._exit(0)


def serve_child(home: Home, pages: int | None) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(home.path / "serve.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    store = open_home_store(home)
    if pages is not None:
        size = store._connection.exec_driver_sql("pragma page_count").scalar_one()
        store._connection.exec_driver_sql(f"pragma max_page_count = {size + pages}").all()
        store._connection.rollback()
    try:
        serve_home(home, clock=JumpingClock(home.path / "clock-off"), store=store)
    except Exception:  # noqa: BLE001 - a disk may be too full even to start: whoever waits for a line is told so, with no pid
        traceback.print_exc()
        print(json.dumps({"pid": 0, "inside": "", "link": ""}), flush=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
