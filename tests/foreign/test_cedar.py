"""Cedar, a foreign engine, decides the same by the same clauses: on random laws and on the shipped ones."""

from __future__ import annotations

from importlib import resources
from random import Random
from secrets import randbelow
from typing import Any

import pytest
from benchmarks import random_law
from benchmarks.cedar import Peer, agree

from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.law import load_law
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.vocabulary import load_vocabulary


@pytest.mark.parametrize("agreements", [1, 3])
@pytest.mark.parametrize("clauses", [12, 60, 200])
def test_it_agrees_on_random_laws(clauses: int, agreements: int) -> None:
    seed = randbelow(2**32)
    print(f"seed {seed}")
    random = Random(seed)
    book = random_law.book(random, clauses, agreements)
    peer, compiled = Peer(book), Compiled(book)
    outcomes = set()
    for each in random_law.requests(random, book, 300, dark=0.1):
        ruling = compiled.rule(each)
        assert agree(peer.ask(peer.context(each)), ruling), each
        outcomes.add(ruling.decision)
    assert "deny" in outcomes


def _shipped() -> Rulebook:
    folder = resources.files("mithaq.laws")
    words = load_vocabulary((folder / "vocabulary.json").read_bytes())
    agreement, jo, sa, floor = (
        load_law((folder / f"{name}.json").read_bytes(), words)
        for name in ("JO-SA-border", "law-JO", "law-SA", "floor")
    )
    return rulebook(words, [agreement], [jo, sa], floor)


def test_it_agrees_on_the_shipped_laws() -> None:
    book = _shipped()
    seed = randbelow(2**32)
    print(f"seed {seed}")
    random = Random(seed)
    peer, compiled = Peer(book), Compiled(book)
    outcomes = set()
    for _ in range(500):
        each = _request(random, book)
        ruling = compiled.rule(each)
        assert agree(peer.ask(peer.context(each)), ruling), each
        outcomes.add(ruling.decision)
    assert outcomes == {"permit", "deny"}


def _request(random: Random, book: Rulebook) -> Request:
    """A request on a Kind of the shipped vocabulary, mostly of the sort that an officer would make."""
    words = book.vocabulary
    kind = random.choice(sorted(words.kinds))
    known: dict[str, list[Any]] = {
        "subject.flags": [(), (), (), ("child",), ("refugee", "victim")], "offence.max_years": [0, 5],
        "subject.category": ["suspect", "victim"], "hit.confirmed_by_human": [True, False],
        "subject.protected_trait": [(), ("religion",)], "place": ["31.49,37.0", "0,0"],
        "case.referenced": [True, False], "query.bulk": [False, True],
    }  # fmt: skip
    act = random.choice(["share", "share", "query", "hold"])
    can_have = words.applicable(act, kind)
    given = {name: random.choice(each) for name, each in known.items() if name in can_have and random.random() < 0.95}
    sender, receiver = random.sample(["JO", "SA"], 2)
    return Request(
        act=act, sender=sender, receiver=receiver, kind=kind, purpose=random.choice(words.purposes),
        instant=random_law.START, attributes=given,
        caveats=random.choice([(), (), ("contested",), ("domestic_only",)]),
    )  # fmt: skip
