"""A federation of 57: every member state of the OIC with a node of its own, in one process, over a sparse treaty graph.

First the complete graph is opened: each node knows all 56 others, 1,596 pairs with cards, keys and a line to each, and
`rss_mib` is what the process takes with all of them open. There every record is decided upon for 56 partners, with most
of whom there is no treaty: `ms_per_record_56` and `bytes_per_record_56` are processor time and storage for a record
that goes to none of them, `ms_per_record_treaty` the time once only the treaty partners are known.

Then the nodes are opened anew with partners as states have them: agreements of land neighbours and of regional
clusters, `treaty_pairs` of the 1,596; `degrees` says how many members have so many partners, and
`benchmarks/neighbours.py` from which facts the graph was made. Members as the OIC lists them (oic-oci.org, Member
States), in ISO 3166 codes.

A day passes on a simulated clock. In each of its `rounds` every nation states alerts on vehicles and documents, some of
them for itself only, and the law of each sends them where there is a treaty: neighbours get what their agreement shows,
a cluster gets vehicles only. The local transport carries them, with real signatures, sealing, logs and commits that are
flushed. `releases_per_s` is over all of it, from the first statement to the last receipt, views folded.

`logs_verified` is true only if, on every link of a treaty, both sides hold the same number of messages under the same
root, every one of those logs was read again and its root computed from its leaves, and every checkpoint and receipt
verifies. Nothing that a node says of itself is used. No peer opens many nodes in one process.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.measure import run
from benchmarks.neighbours import CLUSTERS, NEIGHBOURS, degrees, treaty_pairs
from benchmarks.nodes import MEMBERS, example, set_up
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import open_home
from mithaq.cli.rehearsal import audit_stores
from mithaq.config import Home, read_config, write_config
from mithaq.kernel.clock import ManualClock, write_instant
from mithaq.kernel.law.law import Law
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME

RELEASES = 50_000
DAY = timedelta(days=1)
ROUNDS = 12
PROBED, PROBES = "SA", 200
PURPOSES = ("drug_trafficking", "arms_smuggling", "people_smuggling", "counter_terrorism", "vehicle_theft")
AT_HOME: dict[str, Any] = {"caveats": ["domestic_only"], "exercise": True}
DOMESTIC, DOCUMENTS = 0.05, 0.2  # of all records


def measure(full: bool, seed: int) -> dict[str, Any]:
    draw, clock = random.Random(seed), ManualClock(datetime.now(UTC))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        started = time.perf_counter()
        homes = set_up(Path(folder), treaties)
        set_up_s = time.perf_counter() - started
        with opened(homes, clock) as (nodes, open_s):
            pairs = sum(len(node.partners) for node in nodes.values()) // 2
            rss = rss_mib()
            ms_56 = ms_per_record(nodes[PROBED], clock, draw)
        bytes_56 = bytes_per_record(homes)
        keep_treaty_partners(homes)
        with opened(homes, clock) as (nodes, _):
            ms_treaty = ms_per_record(nodes[PROBED], clock, draw)
            started = time.perf_counter()
            records = live(nodes, clock, draw, RELEASES)
            seconds = time.perf_counter() - started
            rss_end = rss_mib()
            print("audit", file=sys.stderr, flush=True)
            started = time.perf_counter()
            found = audit_stores({p: n.store for p, n in nodes.items()}, {p: n.rings.own for p, n in nodes.items()})
            audit_s = time.perf_counter() - started
    logs = 4 * len(treaty_pairs())  # both directions, on both sides
    return {
        "nodes": len(homes),
        "pairs": pairs,
        "set_up_s": round(set_up_s, 1),
        "open_s": round(open_s, 1),
        "rss_mib": rss,
        "ms_per_record_56": ms_56,
        "ms_per_record_treaty": ms_treaty,
        "bytes_per_record_56": bytes_56,
        "treaties": len(NEIGHBOURS) + len(CLUSTERS),
        "treaty_pairs": len(treaty_pairs()),
        "degrees": degrees(MEMBERS),
        "rounds": ROUNDS,
        "records": records,
        "messages": found["released"],
        "releases": found["received"],
        "links_used": found["logs"] // 2,
        "run_s": round(seconds, 1),
        "releases_per_s": round(found["received"] / seconds),
        "rss_end_mib": rss_end,
        **{name: found[name] for name in ("lost", "duplicates", "out_of_order", "root_mismatches", "logs")},
        "logs_verified": found["logs"] == found["logs_verified"] == logs and found["root_mismatches"] == 0,
        "audit_s": round(audit_s, 1),
        "peer": None,
        "peer_reason": "none opens many nodes in one process",
    }


@contextmanager
def opened(homes: Mapping[str, Home], clock: ManualClock) -> Iterator[tuple[dict[str, Node], float]]:
    """All nodes in this process, joined by a wire, and the seconds it took to open them."""
    wire, started = LocalTransport(), time.perf_counter()
    nodes = {party: open_home(home, clock=clock, transport=wire) for party, home in homes.items()}
    seconds = time.perf_counter() - started
    for party, node in nodes.items():
        wire.join(party, node.receive)
    try:
        yield nodes, seconds
    finally:
        for node in nodes.values():
            node.close()


def ms_per_record(node: Node, clock: ManualClock, draw: random.Random) -> float:
    """Processor ms for a record that the law keeps from every partner it is decided upon for."""
    rows = [common(clock.now(), draw) | {"plate": f"{node.party}-{n}", **AT_HOME} for n in range(2 * PROBES)]
    node.do("intelligence.alert-vehicles", {"rows": rows[:PROBES]}, who=HOME).result()  # not for the first time
    started = time.process_time()
    node.do("intelligence.alert-vehicles", {"rows": rows[PROBES:]}, who=HOME).result()
    return round((time.process_time() - started) / PROBES * 1e3, 1)


def bytes_per_record(homes: Mapping[str, Home]) -> int:
    """What such a record takes in a store: that of a nation that stated some against the smallest there is."""
    smallest = min(home.store.stat().st_size for home in homes.values())
    return round((homes[PROBED].store.stat().st_size - smallest) / (2 * PROBES))


def keep_treaty_partners(homes: Mapping[str, Home]) -> None:
    """Let each nation forget those with whom it has no treaty."""
    pairs = treaty_pairs()
    for party, home in homes.items():
        config = read_config(home)
        kept = {each: to for each, to in config.partners.items() if (min(party, each), max(party, each)) in pairs}
        write_config(home, replace(config, partners=kept))


def treaties(home: Home) -> Iterator[Law]:
    """One agreement for each pair of neighbours, wherever it is, and one for each cluster."""
    border, warnings = _anywhere(example(home)), example(home, "border-warnings")
    for one, other in NEIGHBOURS:
        yield replace(border, id=f"{one}-{other}-border", title=f"{one} and {other}: at the border",
                      parties=(one, other))  # fmt: skip
    for name, parties in CLUSTERS.items():
        yield replace(warnings, id=f"{name}-warnings", title=f"{name}: warnings at the border", parties=parties)


def _anywhere(law: Law) -> Law:
    """Without the belt along one border that the example is about."""
    clauses = (replace(c, when=tuple(each for each in c.when if each.attribute != "place")) for c in law.clauses)
    return replace(law, areas={}, clauses=tuple(clauses))


def live(nodes: Mapping[str, Node], clock: ManualClock, draw: random.Random, releases: int) -> int:
    """A day, in which a few more than so many are released. How many records were stated."""
    partners = 2 * len(treaty_pairs()) / len(nodes)
    each = ceil(releases / (0.98 * partners * (1 - DOMESTIC)) / ROUNDS / len(nodes))
    records = 0
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        clock.advance(DAY / ROUNDS)
        for node in nodes.values():
            for command, rows in state(node.party, clock.now(), draw, each):
                taken = node.do(command, {"rows": rows}, who=HOME).result()
                records += sum(one.stated is not None for one in taken)
        for node in nodes.values():
            node.step()
    return records


def state(party: str, at: datetime, draw: random.Random, count: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What a nation states in one round: a command for each sort, and its rows."""
    documents = sum(draw.random() < DOCUMENTS for _ in range(count))
    numbers = draw.sample(range(10**9), count)
    vehicles = [common(at, draw) | {"plate": f"{party}-{n}"} for n in numbers[documents:]]
    papers = [common(at, draw) | {"number": f"{party}{n}", "type": "passport"} for n in numbers[:documents]]
    for command, rows in (("intelligence.alert-vehicles", vehicles), ("intelligence.alert-documents", papers)):
        if rows:
            yield command, rows


def common(at: datetime, draw: random.Random) -> dict[str, Any]:
    """What every alert says."""
    return {
        "reason": "stolen",
        "place": f"{draw.uniform(-30, 40):.3f},{draw.uniform(-15, 90):.3f}",
        "time": write_instant(at),
        "purpose": draw.choice(PURPOSES),
        "caveats": ["domestic_only"] if draw.random() < DOMESTIC else [],
    }


def rss_mib() -> int:
    """What this process takes of memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


if __name__ == "__main__":
    run(measure)
