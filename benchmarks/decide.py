"""Decide: decisions a second on random laws, with levels, obligations and who asks for them; and the proof of a law.

`per_s_200` are 200 clauses of all layers (an agreement, two national laws, a floor): the median of five random laws, as
they differ much. Every hundred requests count with the best of seven rounds, so the tables know their values;
`per_s_200_never_seen` are requests with values and combinations that come for the first time. `per_s_200_near_miss` are
denials only, each told what was nearly enough. Peer: cedarpy on the exported permits and forbids, which has no levels
and no obligations. `disagreements` counts answers unlike those of the reference or of Cedar.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from random import Random
from statistics import median
from typing import Any

from msgspec.structs import replace

from benchmarks import random_law
from benchmarks.measure import run
from mithaq.kernel import canonical
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decide import rule
from mithaq.kernel.law.law import Law, load_law, write_law
from mithaq.kernel.law.prove import breaches
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.law.vocabulary import Vocabulary

WARM, TIMED, ROUNDS = 30_000, 10_000, 7
CHUNK = 100
CEDAR = find_spec("cedarpy") is not None
LAWS = 5
COMPARED = 100_000
PARTS = 8


def measure(full: bool, seed: int) -> dict[str, Any]:
    random = Random(seed)
    book, asked = world(random, 200)
    speeds = [speed(book, asked, near_misses=False)]
    speeds += [speed(*world(random, 200), near_misses=False) for _ in range(LAWS - 1)]
    found: dict[str, Any] = {**shares(book, asked), "per_s_200": round(median(speeds)), "per_s_200_each": speeds}
    found["per_s_200_never_seen"] = speed(book, asked, near_misses=False, rounds=1)
    compiled = Compiled(book)
    denials = [each for each in asked if not compiled.rule(each, near_misses=False).permits]
    found["per_s_200_near_miss"] = speed(book, denials, near_misses=True)
    found["per_s_1000"] = speed(*world(random, 1000), near_misses=False)
    found["cedarpy_per_s"] = cedar_speed(book, asked[: 5_000 if full else 2_000]) if CEDAR else None
    if not CEDAR:
        found["cedarpy_reason"] = "not installed: pip install mithaq[peers]"
    found |= compared(seed, COMPARED)
    return found | {f"floor_proof_{name}": value for name, value in proof(random, 200).items()}


def world(random: Random, clauses: int) -> tuple[Rulebook, list[Request]]:
    """A Rulebook of so many clauses, and requests of which about half are allowed."""
    while True:
        book = random_law.book(random, clauses, asked=random_law.NARROW)
        sample, compiled = random_law.requests(random, book, 2_000), Compiled(book)
        allowed = sum(compiled.rule(each, near_misses=False).permits for each in sample) / len(sample)
        if 0.35 <= allowed <= 0.65:
            return book, list(random_law.requests(random, book, WARM + TIMED))


def shares(book: Rulebook, asked: list[Request]) -> dict[str, Any]:
    """What the requests are like: shares allowed and with something unknown, and how many masks differ."""
    compiled = Compiled(book)
    rulings = [compiled.rule(each, near_misses=False) for each in asked]
    masks = {(each.kind, each.sender, compiled.plan(each).matching(each)) for each in asked}
    return {
        "allowed": round(sum(each.permits for each in rulings) / len(rulings), 3),
        "unknown": round(sum(bool(each.unknown) for each in rulings) / len(rulings), 3),
        "distinct_masks": len(masks),
    }  # fmt: skip


def speed(book: Rulebook, asked: list[Request], *, near_misses: bool, rounds: int = ROUNDS) -> int:
    """Decisions a second once the tables have seen others: for every hundred the best of some rounds.

    Each request is made anew just before it is decided, untimed, as in a node; with one round none was ever seen.
    """
    compiled = Compiled(book)
    timed = asked[-TIMED:]
    for each in asked[: -len(timed)]:
        compiled.rule(each, near_misses=near_misses)
    gc.collect()
    gc.freeze()
    times = zip(*(_round(compiled, timed, near_misses) for _ in range(rounds)), strict=True)
    gc.unfreeze()
    passed: float = sum(map(min, times))
    return round(len(timed) / passed)


def _round(compiled: Compiled, timed: list[Request], near_misses: bool) -> list[float]:
    decide, times = compiled.rule, []
    for at in range(0, len(timed), CHUNK):
        made = [replace(each, attributes=dict(each.attributes)) for each in timed[at : at + CHUNK]]
        started = time.perf_counter()
        for each in made:
            decide(each, near_misses=near_misses)
        times.append(time.perf_counter() - started)
    return times


def cedar_speed(book: Rulebook, asked: list[Request]) -> int:
    """Decisions a second of Cedar on the exported policies, parsed once."""
    from benchmarks.cedar import Peer

    peer = Peer(book)
    contexts = [peer.context(each) for each in asked]
    started = time.perf_counter()
    for each in contexts:
        peer.ask(each)
    return round(len(contexts) / (time.perf_counter() - started))


def compared(seed: int, count: int) -> dict[str, int]:
    """So many random requests, on as many random laws as there are parts, decided three ways (two without Cedar)."""
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for part in pool.map(_compared, [(seed + n + 1, count // PARTS) for n in range(PARTS)]):
            total.update(part)
    return dict(total)


def _compared(job: tuple[int, int]) -> dict[str, int]:
    seed, count = job
    random = Random(seed)
    book = random_law.book(random, random.choice([24, 48, 96, 200]), random.choice([1, 1, 2, 3]))
    compiled, other = Compiled(book), cedar_differs(book)
    found = {"compared": 0, "disagreements": 0, "disagreements_reference": 0, "disagreements_cedar": 0}
    for _ in range(count):
        asked = random_law.request(random, book, dark=0.05)
        ruling = compiled.rule(asked)
        reference = ruling != rule(asked, book)
        cedar = other(asked, ruling)
        found["compared"] += 1
        found["disagreements"] += reference or cedar
        found["disagreements_reference"] += reference
        found["disagreements_cedar"] += cedar
    return found


def cedar_differs(book: Rulebook) -> Callable[[Request, Any], bool]:
    """Whether Cedar rules otherwise; never, where it is not installed."""
    if not CEDAR:
        return lambda asked, ruling: False
    from benchmarks.cedar import Peer, agree

    peer = Peer(book)
    return lambda asked, ruling: not agree(peer.ask(peer.context(asked)), ruling)


def proof(random: Random, clauses: int) -> dict[str, Any]:
    """The time to prove a law of so many clauses that holds, and one that breaks the floor everywhere."""
    words = random_law.vocabulary(random)
    floor = _floor(words)
    counts = (clauses * 84 // 100, clauses * 8 // 100, clauses - clauses * 84 // 100 - clauses * 8 // 100)
    wild = random_law.law(random, words, random_law.WIDE, "agreement", "agreement-0", counts)
    timed: dict[str, Any] = {}
    for name, law in (("", _guarded(wild, words)), ("broken_", wild)):
        started = time.perf_counter()
        found = list(breaches(law, floor, words))
        timed |= {f"{name}seconds": round(time.perf_counter() - started, 3), f"{name}breaches": len(found)}
    return {"clauses": len(wild.clauses), **timed}


def _floor(words: Vocabulary) -> Law:
    """A floor of six clauses, each like one of the shipped floor's."""
    asylum = ["tags", "anyof", ["asylum"]]
    child = [["tags", "anyof", ["child"]], ["purpose", "notin", ["rescue", "disaster"]]]
    clauses: list[dict[str, Any]] = [
        {"effect": "forbid", "when": [asylum]},
        {"effect": "forbid", "when": child},
        {"effect": "forbid", "when": [["sensitivity", "ge", 5]]},
        {"effect": "duty", "release": {"fields": {"remarks": "absent"}}, "obligations": {"retain": "P5Y"}},
        {"effect": "duty", "when": [["tags", "anyof", ["informant"]]], "release": {"fields": {"name": "absent"}}},
        {"effect": "duty", "when": [["reviewed", "eq", False]], "obligations": {"review": ["releasing"]}},
    ]
    document = {
        "format": "mithaq-law/1", "type": "floor", "id": "floor", "version": 1, "title": "floor", "parties": [],
        "vocabulary": words.digest, "in_force": {"from": "2026-01-01T00:00:00Z"},
        "clauses": [{"id": f"F{n}", "from": "any", "to": "any", "act": "share", **c} for n, c in enumerate(clauses)],
    }  # fmt: skip
    return load_law(canonical.encode(document), words)


def _guarded(law: Law, words: Vocabulary) -> Law:
    """The law with what a drafter would have to write for it to hold: no other condition on tags, and the guards."""
    document = canonical.read(write_law(law), dict)
    for clause in document["clauses"]:
        groups = [[each for each in group if each[0] != "tags"] for group in clause.pop("any", [])]
        when = [each for each in clause.pop("when", []) if each[0] != "tags"]
        if clause["effect"] == "permit":
            when += [["tags", "noneof", ["asylum", "child", "informant"]], ["sensitivity", "lt", 5]]
            clause["release"]["fields"]["remarks"] = "absent"
        clause |= {name: each for name, each in (("when", when), ("any", list(filter(None, groups)))) if each}
    return load_law(canonical.encode(document), words)


if __name__ == "__main__":
    run(measure)
