"""The link: from the command that creates a record to its verdict stored at the sender.

Two processes over HTTPS on loopback, every commit flushed on both sides, with decision, redaction, hybrid checkpoint
signatures and hybrid sealing in the path. `per_s` is bulk, commands of 500 rows; `p50_ms` and `p99_ms` are single
commands at a steady 200 a second. No peer executes an agreement field by field, so none is measured beside it: the
nearest published figure is X-Road's, about 110 transactions a second on two servers of 32 cores (a user's report of
2022, another kind of work).

The goals are `per_s` 1,500, `p50_ms` 30 and `p99_ms` 150. On this machine, whose speed swings, runs gave 1,230 to
2,030, 25 to 43 ms (before statements went straight to the driver: 72 to 87) and 56 to 83 ms. Where the sender's time
goes at a steady rate, sampled: flushing commits and signing heads (ML-DSA) a tenth each, waiting for the partner's
answer another, running commands and settling a seventh; HTTP and TLS about a fifth. At 200 a second it uses nine tenths
of a core, and the driver and the receiver share the other: what is above 30 ms is queueing for a processor.
"""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.measure import fdatasync_p50_ms, run
from mithaq.cli.reach import reach
from mithaq.cli.rehearsal import Nation, Rehearsal

ALERT = {"reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z", "purpose": "vehicle_theft"}
CHUNK = 500
RATE = 200


def measure(full: bool, seed: int) -> dict[str, Any]:
    bulk, single = (20_000, 6_000) if full else (6_000, 2_000)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, Rehearsal(Path(folder)) as rehearsal:
        jo, sa = rehearsal.nations["JO"], rehearsal.nations["SA"]
        load(rehearsal, CHUNK, seed, "W")  # so that nothing is measured for the first time
        carried, cpu = link_bytes(jo), (cpu_s(jo), cpu_s(sa))
        seconds = load(rehearsal, bulk, seed, "B")
        spent = cpu_s(jo) - cpu[0], cpu_s(sa) - cpu[1]
        carried = link_bytes(jo) - carried
        cpu = cpu_s(jo), cpu_s(sa)
        steady = at_a_rate(rehearsal, single, seed)
        steady["cpu_s_at_rate"] = [round(cpu_s(jo) - cpu[0], 2), round(cpu_s(sa) - cpu[1], 2)]
        found = rehearsal.audit()
    counters = ("released", "received", "lost", "duplicates", "out_of_order", "root_mismatches")
    return {
        "records": bulk,
        "per_s": round(bulk / seconds),
        "bytes_per_record": round(carried / bulk),
        "cpu_s_sender": round(spent[0], 2),
        "cpu_s_receiver": round(spent[1], 2),
        "fdatasync_p50_ms": fdatasync_p50_ms(),
        **steady,
        **{name: found[name] for name in counters},
        "logs_verified": found["logs_verified"],
        "peer": None,
        "peer_reason": "none executes an agreement on each record",
    }


def load(rehearsal: Rehearsal, count: int, seed: int, mark: str) -> float:
    """Seconds from the first command to the last verdict stored at the sender."""
    started = time.perf_counter()
    with reach(rehearsal.nations["JO"].home) as jo:
        for first in range(0, count, CHUNK):
            rows = [alert(f"{mark}-{seed}-{n}") for n in range(first, first + CHUNK)]
            jo.do("intelligence.alert-vehicles", {"rows": rows})
    rehearsal.settle()
    return time.perf_counter() - started


def at_a_rate(rehearsal: Rehearsal, count: int, seed: int) -> dict[str, Any]:
    """Single commands, each begun when its time has come whatever became of those before."""
    jo = rehearsal.nations["JO"]
    settled = Settled(jo.home.store)
    begun: dict[str, float] = {}
    call = Caller(jo)
    with ThreadPoolExecutor(16) as pool:
        call(alert(f"V-{seed}"))
        start = time.perf_counter() + 0.1

        def one(n: int) -> None:
            due = start + n / RATE
            time.sleep(max(0.0, due - time.perf_counter()))  # the rate is what is measured at
            begun[call(alert(f"S-{seed}-{n}"))] = due

        list(pool.map(one, range(count)))
        seconds = time.perf_counter() - start
        rehearsal.settle()
    took = sorted((at - begun[id]) * 1e3 for id, at in settled.stop().items() if id in begun)
    assert len(took) == count
    return {
        "rate": round(count / seconds),
        "p50_ms": round(took[count // 2], 1),
        "p99_ms": round(took[count * 99 // 100], 1),
    }


class Caller:
    """Gives single commands over connections that stay open, one for each thread, at little cost of its own."""

    def __init__(self, nation: Nation) -> None:
        self._address = json.loads(nation.home.serving.read_bytes())["inside"].removeprefix("http://")
        self._headers = {"authorization": f"Bearer {nation.home.token.read_text()}"}
        self._open = threading.local()

    def __call__(self, given: dict[str, Any]) -> str:
        """The id of the record it made."""
        if not hasattr(self._open, "connection"):
            self._open.connection = http.client.HTTPConnection(self._address)
        connection = self._open.connection
        connection.request("POST", "/v1/intelligence/alert-vehicle", json.dumps(given), self._headers)
        return str(json.loads(connection.getresponse().read())["id"])


class Settled:
    """Watches a sender's store from outside, every two milliseconds: when was the verdict of each record there?"""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._upto: list[tuple[int, float]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        self._stopping.set()
        self._thread.join()
        with sqlite3.connect(f"file:{self._store}?mode=ro", uri=True) as store:
            numbered = store.execute("select seq, subject from messages where link = 'JO>SA' order by seq").fetchall()
        found, seen = {}, iter(self._upto)
        upto, at = next(seen)
        for seq, subject in numbered:
            while seq > upto:
                upto, at = next(seen)
            found[subject.partition("/")[0]] = at
        return found

    def _watch(self) -> None:
        store = sqlite3.connect(f"file:{self._store}?mode=ro", uri=True)
        question = (
            "select coalesce((select min(seq) - 1 from messages where link = 'JO>SA' and outcome = 'waiting'),"
            " (select size from edges where link = 'JO>SA'))"
        )
        last = -1
        while True:
            stopping = self._stopping.is_set()
            (upto,) = store.execute(question).fetchone()
            if upto != last:
                self._upto.append((upto, time.perf_counter()))
                last = upto
            if stopping:
                break
            time.sleep(0.002)  # another process writes the store: we can only look
        store.close()


def alert(plate: str) -> dict[str, Any]:
    return {**ALERT, "plate": plate[:20]}


def link_bytes(nation: Nation) -> int:
    return sum(each["bytes"] for each in nation.ask("link.status", {}) if each["link"] == "JO>SA")


def cpu_s(nation: Nation) -> float:
    """Processor seconds a nation's process has used."""
    fields = Path(f"/proc/{nation.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run(measure)
