"""Many nodes: the 57 member states of the OIC, each with a node of its own, all in one process, and all pairs exchange.

One agreement of 57 parties, signed by all. Every node has its own store in files, its own keys and its own registry of
metrics; deliveries are signed and sealed as over a line, and handed over in the process. Set-up (homes, keys, cards,
signatures, one proof of the law) is not in `open_s`; opening reads and verifies all of it. No peer opens many nodes in
one process.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.measure import run
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import ensure_proved, init_home, load_keys, open_home, read_law, read_vocabulary, signature
from mithaq.cli.rehearsal import audit_stores
from mithaq.config import Config, Home, PartnerSettings, write_config, write_private
from mithaq.kernel import canonical
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.law.law import Law, write_law
from mithaq.kernel.node import Node
from mithaq.kernel.party import fingerprint
from mithaq.kernel.people.actor import HOME

# fmt: off
MEMBERS = (
    "AF", "AL", "DZ", "AZ", "BH", "BD", "BJ", "BN", "BF", "CM", "TD", "KM", "CI", "DJ", "EG", "GA", "GM", "GN", "GW",
    "GY", "ID", "IR", "IQ", "JO", "KZ", "KW", "KG", "LB", "LY", "MY", "MV", "ML", "MR", "MA", "MZ", "NE", "NG", "OM",
    "PK", "PS", "QA", "SA", "SN", "SL", "SO", "SD", "SR", "SY", "TJ", "TG", "TN", "TR", "TM", "UG", "AE", "UZ", "YE",
)
# fmt: on
ALERT = {"reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z", "purpose": "vehicle_theft"}


def measure(full: bool, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        started = time.perf_counter()
        homes = set_up(Path(folder), members_agreement)
        set_up_s = time.perf_counter() - started
        wire = LocalTransport()
        started = time.perf_counter()
        nodes = {party: open_home(home, transport=wire) for party, home in homes.items()}
        open_s = time.perf_counter() - started
        for party, node in nodes.items():
            wire.join(party, node.receive)
        started = time.perf_counter()
        released = exchange(nodes, seed)
        seconds = time.perf_counter() - started
        found = audit_stores({p: n.store for p, n in nodes.items()}, {p: n.rings.own for p, n in nodes.items()})
        for node in nodes.values():
            node.close()
    return {
        "nodes": len(nodes),
        "set_up_s": round(set_up_s, 1),
        "open_s": round(open_s, 1),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "pairs_exchanged": found["logs"] // 2,
        "released_by_statement": released,
        "exchange_s": round(seconds, 1),
        **{name: found[name] for name in ("received", "lost", "duplicates", "out_of_order", "root_mismatches")},
        "logs_verified": found["logs_verified"],
        "peer": None,
        "peer_reason": "none opens many nodes in one process",
    }


def exchange(nodes: dict[str, Node], seed: int) -> int:
    """Each nation states one alert, and every node moves what waits. To how many partners it was released, in all."""
    released = 0
    for party, node in nodes.items():
        stated = node.do("intelligence.alert-vehicle", {**ALERT, "plate": f"{party}-{seed}"}, who=HOME).result()
        released += len(stated.released)
    for party, node in nodes.items():
        print(f"{party} delivers", file=sys.stderr, flush=True)
        node.step()
    return released


def set_up(folder: Path, agreements: Callable[[Home], Iterable[Law]]) -> dict[str, Home]:
    """Homes that trust each other's cards and have adopted the agreements, each signed by all its parties."""
    homes = {party: Home(folder / party.lower()) for party in MEMBERS}
    cards = {}
    for party, home in homes.items():
        cards[party] = init_home(home, Config(party=party, names={"en": party}), at=SystemClock().now())
        for own in home.law.glob("law-*.json"):
            own.unlink()  # only a few nations have an example law; here all are alike
    prints = {party: PartnerSettings("https://127.0.0.1:1", fingerprint(card)) for party, card in cards.items()}
    for party, home in homes.items():
        partners = {other: settings for other, settings in prints.items() if other != party}
        write_config(home, Config(party=party, names={"en": party}, partners=partners))
        for other in partners:
            home.partner(other).write_bytes(canonical.encode(cards[other]))
    keys = {party: load_keys(home) for party, home in homes.items()}
    first = homes[MEMBERS[0]]
    ensure_proved(first, floor_of(first)[0], *floor_of(first))
    for text in agreements(first):
        ensure_proved(first, text, *floor_of(first))
        signed = {party: signature(text, party, keys[party], SystemClock().now()) for party in text.parties}
        for home in (homes[party] for party in text.parties):
            write_private(home.agreements / f"{text.id}.{text.version}.json", write_law(text))
            for party, data in signed.items():
                (home.agreements / f"{text.id}.{text.version}.{party}.sig").write_bytes(data)
    for home in homes.values():
        if home is not first:
            shutil.copytree(first.proofs, home.proofs)
    return homes


def members_agreement(home: Home) -> tuple[Law, ...]:
    """The example agreement as one of all members, in every direction."""
    title = "Members: information at the border"
    return (replace(example(home), id="OIC-border", title=title, parties=MEMBERS),)


def example(home: Home, name: str = "JO-SA-border") -> Law:
    """A shipped agreement as one in every direction."""
    with resources.as_file(resources.files("mithaq.laws") / f"{name}.json") as path:
        text = read_law(path, read_vocabulary(home))
    clauses = tuple(replace(each, sender="any", receiver="any", reciprocal=False) for each in text.clauses)
    return replace(text, clauses=clauses)


def floor_of(home: Home) -> tuple[Law, Any]:
    words = read_vocabulary(home)
    return read_law(home.law / "floor.json", words), words


if __name__ == "__main__":
    run(measure)
