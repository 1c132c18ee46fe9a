"""PostgreSQL beside SQLite: durable messages a second into the store, and over a link with several workers.

`store`: processes that do nothing but number messages, each on a link of its own, 64 at a time; every future is waited
for. `link`: from the commands at one web process to the last verdict at the sender, by so many worker processes and a
partner with a file; SQLite is one process that does all. Server, nodes and driver share this machine. No peer does this
kind of work.

What to expect. Writers take turns, so a second process adds no commits: it adds hands for what is done beside the
database (deciding who calls, TLS, sealing, delivering), and it is there when the first one dies. One link is delivered
on by one worker at a time, whatever their number; with several partners the links are spread.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.link import load
from benchmarks.measure import run

PROCESSES = (1, 2, 4)
FIELDS = ("released", "received", "lost", "duplicates", "out_of_order", "root_mismatches", "logs_verified")


def measure(full: bool, seed: int) -> dict[str, Any]:
    try:
        from tests.postgres import server

        version = server().ask("show server_version")[0][0]
    except BaseException as problem:  # noqa: BLE001 - no driver or no server here: the figures of SQLite stand alone
        return {"postgresql": None, "postgresql_reason": str(problem), **sqlite(full, seed)}
    found: dict[str, Any] = {"postgresql": version, **sqlite(full, seed)}
    for count in PROCESSES:
        url = server().fresh()
        found[f"store_per_s_{count}"] = into([url] * count, 8.0 if full else 4.0)
        found |= {f"link_{name}_{count}": value for name, value in over(count, 6000 if full else 1500, seed).items()}
    return {**found, "peer": None, "peer_reason": "none numbers and delivers under agreements"}


def sqlite(full: bool, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        stored = into([str(Path(folder) / "node.db")], 8.0 if full else 4.0)
    linked = over(0, 6000 if full else 1500, seed)
    return {"store_per_s_sqlite": stored, **{f"link_{name}_sqlite": value for name, value in linked.items()}}


def into(where: list[str], seconds: float) -> int:
    """Durable messages a second by one process for each store named."""
    command = [sys.executable, "-c", WRITER]
    started = [
        subprocess.Popen([*command, each, f"JO>{n:02}", str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for n, each in enumerate(where)
    ]
    for each in started:  # all are open, and begin together
        assert each.stdout is not None
        each.stdout.readline()
    for each in started:
        assert each.stdin is not None
        each.stdin.write(b"\n")
        each.stdin.flush()
    return round(sum(float(each.communicate()[0]) for each in started))


WRITER = """
import json, os, sys, time
from datetime import UTC, datetime
from mithaq.kernel.link.log.tree import append, entry_of
from mithaq.kernel.shelves import Message
where, link, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
if where.startswith("postgresql:"):
    from mithaq.adapters.store.postgres.address import Address
    from mithaq.adapters.store.postgres.open import open_postgres
    store = open_postgres(Address(where))
else:
    from mithaq.adapters.store.sql import open_store
    store = open_store(where)
at = datetime(2026, 1, 1, tzinfo=UTC)
def job(tx):
    edge = tx.links.edge(link)
    seq, salt, content = edge.size + 1, os.urandom(32), os.urandom(1000)
    entry = entry_of(salt, content)
    position = tx.journal.add("released", f"{link}/{seq}", at=at, party="SA")
    tx.links.add(Message(link, seq, "record", salt, content, entry, "waiting", subject=f"{seq}/1", position=position))
    grown, full = append(edge, [entry])
    tx.links.add_tiles(link, full)
    tx.links.put_edge(link, grown)
print(flush=True)
sys.stdin.readline()
done, start = 0, time.perf_counter()
while (passed := time.perf_counter() - start) < seconds:
    for future in [store.write(job) for _ in range(64)]:
        future.result()
    done += 64
print(json.dumps(done / passed))
store.close()
"""


def over(workers: int, count: int, seed: int) -> dict[str, Any]:
    """Alerts a second over one link; with no workers, by one process whose store is a file."""
    print(f"a link with {workers} workers", file=sys.stderr)
    from tests.together import together

    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        roles = ["web", *["worker"] * workers] if workers else ["all"]
        with together(Path(folder), *roles, postgres=workers > 0) as (rehearsal, _):
            load(rehearsal, 500, seed, "W")  # so that nothing is measured for the first time
            seconds = load(rehearsal, count, seed, "B")
            found = rehearsal.audit()
    assert found["received"] == count + 500
    assert sum(found[name] for name in FIELDS[2:6]) == 0
    return {"per_s": round(count / seconds), "logs_verified": found["logs_verified"]}


if __name__ == "__main__":
    started = time.perf_counter()
    run(measure)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
