"""A world so small that every request in it can be asked: what the prover and the algebra are checked against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, combinations, product
from random import Random
from typing import Any

from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.decision import Ruling
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.request import Cited, Request
from mithaq.kernel.law.text import Conclusion, RestsOn, Text
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary

NOW = datetime(2027, 1, 1, tzinfo=UTC)
KIND = "test.kind/1"
TAGS = ("asylum", "religion", "child")
PURPOSES = ("drugs", "rescue")
FIELDS = {"name": "plain", "place": "place"}
ENVELOPE: dict[str, dict[str, Any]] = {
    "purpose": {"type": "enum"}, "origin": {"type": "party"}, "exercise": {"type": "bool"},
    "caveats": {"type": "set", "values": ["contested"]}, "instant": {"type": "instant"},
}  # fmt: skip
GIVEN: dict[str, dict[str, Any]] = {
    "tags": {"type": "set", "values": TAGS, "protected": ["religion"]},
    "trait": {"type": "enum", "values": ["none", "politics", "ethnicity"], "protected": ["politics", "ethnicity"]},
    "score": {"type": "int"},
    "reviewed": {"type": "bool"},
}


def vocabulary() -> Vocabulary:
    attributes = {name: {**each, "meaning": name} for name, each in {**ENVELOPE, **GIVEN}.items()}
    document = {
        "format": "mithaq-vocabulary/1", "id": "small", "version": 1, "attributes": attributes, "purposes": PURPOSES,
        "acts": {"share": []}, "kinds": {KIND: {"attributes": sorted(GIVEN), "fields": FIELDS}},
        "levels": {"place": ["1km", "10km"], "time": []}, "events": ["use"], "authorities": ["police", "customs"],
    }  # fmt: skip
    return load_vocabulary(canonical.encode(document))


WORDS = vocabulary()


def law(type: str, clauses: list[dict[str, Any]], **more: Any) -> Law:
    """A law of this type; each clause is given without its direction and act."""
    parties = {"agreement": ["JO", "SA"], "national": ["JO"], "floor": []}[type]
    written = [{"from": "any", "to": "any", "act": "share", "kinds": [KIND], **each} for each in clauses]
    document = {
        "format": "mithaq-law/1", "type": type, "id": type, "version": 1, "title": type, "vocabulary": WORDS.digest,
        "parties": parties, "in_force": {"from": "2026-01-01T00:00:00Z"}, "clauses": written, **more,
    }  # fmt: skip
    return load_law(canonical.encode(document), WORDS)


def random_law(random: Random, type: str, counts: dict[str, int]) -> Law:
    """A law of random clauses: so many of each effect."""
    effects = [effect for effect, count in counts.items() for _ in range(count)]
    random.shuffle(effects)
    return law(type, [_clause(random, str(n), effect) for n, effect in enumerate(effects)])


def _clause(random: Random, id: str, effect: str) -> dict[str, Any]:
    asked = random.sample(["purpose", *GIVEN], random.randint(0, 3))
    found: dict[str, Any] = {"id": id, "effect": effect, "when": [_condition(random, name) for name in asked]}
    if random.random() < 0.2:
        found["any"] = [[_condition(random, name)] for name in random.sample(["purpose", *GIVEN], 2)]
    if effect != "forbid":
        levels = {"name": ["clear", "pseudonym", "absent"], "place": ["clear", "generalised:10km", "absent"]}
        named = [name for name in FIELDS if effect == "permit" or random.random() < 0.6] or ["name"]
        found["release"] = {"fields": {name: random.choice(levels[name]) for name in named}}
        choices = {"retain": ["P30D", "P1Y"], "onward": ["free", "notify", "never"], "quota": [5, 10]}
        chosen = random.sample(sorted(choices), random.randint(0, 2))
        found["obligations"] = {what: random.choice(choices[what]) for what in chosen}  # type: ignore[arg-type]
    return {name: value for name, value in found.items() if value not in ([], {})}


def _condition(random: Random, name: str) -> list[Any]:
    match name:
        case "purpose":
            return [name, "eq", random.choice(PURPOSES)]
        case "tags":
            return [name, random.choice(["anyof", "allof", "noneof"]), random.sample(TAGS, random.randint(1, 2))]
        case "trait":
            return [name, random.choice(["in", "notin"]), random.sample(["none", "politics", "ethnicity"], 1)]
        case "score":
            return [name, random.choice(["lt", "ge", "eq"]), random.choice([3, 7])]
        case _:
            return [name, "eq", random.random() < 0.5]


VALUES: dict[str, list[Any]] = {
    "tags": [None, *chain.from_iterable(combinations(TAGS, n) for n in range(4))],
    "trait": [None, "none", "politics", "ethnicity"],
    "score": [None, 0, 3, 5, 7, 9],
    "reviewed": [None, False, True],
}
"""Every value that could make a difference; None is unknown."""


def every_request(**fixed: Any) -> Iterator[Request]:
    """Every request from Jordan to Saudi Arabia; ``fixed`` holds some attributes to one value (None: unknown)."""
    values = {name: [fixed[name]] if name in fixed else values for name, values in VALUES.items()}
    for purpose in (*PURPOSES, "unheard_of"):  # a purpose that the vocabulary does not have is unknown
        for chosen in product(*values.values()):
            given = {name: each for name, each in zip(values, chosen, strict=True) if each is not None}
            yield Request(sender="JO", receiver="SA", kind=KIND, purpose=purpose, instant=NOW, attributes=given)


def citing(request: Request, text: Law, clause: str) -> Request:
    """The same request, relying on this clause."""
    return replace(request, cited=Cited(text.ref, clause))


def lets_out(ruling: Ruling) -> dict[str, Any] | None:
    """Levels and obligations of a permit; None of a denial."""
    if not ruling.permits:
        return None
    return {"fields": ruling.fields, "obligations": {each.what: each.value for each in ruling.obligations}}


def no_wider(after: Ruling, before: Ruling) -> bool:
    """Whether ``after`` lets out nothing that ``before`` does not."""
    now, then = lets_out(after), lets_out(before)
    if now is None or then is None:
        return now is None
    shown = all(level.protects(now["fields"][name], each) for name, each in then["fields"].items())
    return shown and all(
        what in now["obligations"] and obligation.protects(what, now["obligations"][what], value)
        for what, value in then["obligations"].items()
    )  # fmt: skip


def digest(of: str) -> str:
    """A Digest that is easy to recognise: of one hexadecimal digit."""
    return f"sha256:{of * 64}"


def bare_text(text: Law, **changes: Any) -> Text:
    """A Text of this agreement in English, with a digest of nothing in the place of its rendering."""
    rests_on = RestsOn(vocabulary=text.vocabulary, floor=digest("f"), kinds=digest("c"))
    given: dict[str, Any] = {
        "format": "mithaq-text/1", "law": text, "renderer": "mithaq-render/1", "authentic": ("en",),
        "renderings": {"en": digest("e")}, "boundary": "without_prejudice", "rests_on": rests_on,
        "conclusion": Conclusion(), **changes,
    }  # fmt: skip
    return Text(**given)
