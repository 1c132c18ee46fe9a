"""Random vocabularies, laws and requests: what the law engine is measured and tested on. Same seed, same laws.

Every type of attribute, operator, level and obligation occurs; clauses of all layers speak of the same two nations.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.request import Cell, Cited, Request
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary

START = datetime(2027, 1, 1, tzinfo=UTC)
PURPOSES = ("terrorism", "drugs", "smuggling", "customs", "border", "rescue", "disaster", "statistics")
TAGS = ("asylum", "child", "health", "ethnicity", "religion", "politics", "victim", "informant")
CAVEATS = ("domestic_only", "protected_source", "contested")
GRADES = ("a", "b", "c", "d")
PARTIES = ("JO", "SA", "IQ", "EG", "AE", "OM")
KINDS = tuple(f"test.kind{n}/1" for n in range(12))
ZONES = tuple(f"zone-{n}" for n in range(6))
LEVELS = {
    "plain": ("clear", "pseudonym", "absent"),
    "place": ("clear", "generalised:1km", "generalised:10km", "absent"),
    "time": ("clear", "generalised:hour", "generalised:day", "absent"),
}
FIELDS = {"name": "plain", "document": "plain", "remarks": "plain", "place": "place", "time": "time"}
GIVEN = ("grade", "tags", "sensitivity", "age_h", "score", "reviewed", "place", "time", "nationality", "route")
WIDE = (*GIVEN, "purpose", "purpose", "purpose", "origin", "exercise", "caveats", "instant")
"""What clauses ask for, the purpose most often: every type of attribute."""
NARROW = ("tags", "sensitivity", "age_h", "score", "reviewed", "place", "purpose", "purpose", "caveats", "instant")
"""What clauses ask for in a plainer world: nine attributes beside direction, act and Kind."""


def vocabulary(random: Random, asked: Sequence[str] = WIDE) -> Vocabulary:
    """A vocabulary of twelve Kinds, each with most of these attributes."""
    attributes: dict[str, Any] = {
        "purpose": {"type": "enum"}, "origin": {"type": "party"}, "exercise": {"type": "bool"},
        "caveats": {"type": "set", "values": CAVEATS}, "instant": {"type": "instant"},
        "grade": {"type": "enum", "values": GRADES},
        "tags": {"type": "set", "values": TAGS, "protected": ["ethnicity", "religion", "politics"]},
        "sensitivity": {"type": "int"}, "age_h": {"type": "int", "unit": "hours"}, "score": {"type": "int"},
        "reviewed": {"type": "bool"}, "place": {"type": "place"}, "time": {"type": "instant"},
        "nationality": {"type": "party"}, "route": {"type": "text"},
    }  # fmt: skip
    given = [name for name in asked if name in GIVEN]
    least = len(given) * 3 // 4
    kinds = {
        kind: {"attributes": sorted(random.sample(given, random.randint(least, len(given)))), "fields": FIELDS}
        for kind in KINDS
    }
    document = {
        "format": "mithaq-vocabulary/1", "id": "random", "version": 1,
        "attributes": {name: {**each, "meaning": name} for name, each in attributes.items()},
        "purposes": PURPOSES, "acts": {"share": [], "hold": [], "read": []}, "kinds": kinds,
        "levels": {"place": ["1km", "10km", "100km"], "time": ["hour", "day"]},
        "events": ["incident", "use"], "authorities": ["police", "customs", "judiciary"],
    }  # fmt: skip
    return load_vocabulary(canonical.encode(document))


def condition(random: Random, name: str) -> list[Any]:
    """A random condition on an attribute: any operator that its type has."""
    if name in ("purpose", "grade", "nationality", "origin", "route"):
        values = {"purpose": PURPOSES, "nationality": PARTIES, "origin": PARTIES[:2]}.get(name, GRADES)
        operator = random.choice(["in", "in", "in", "notin", "eq"])
        some = random.sample(values, random.randint(1, max(1, len(values) - 1)))
        return [name, operator, some[0] if operator == "eq" else some]
    if name in ("tags", "caveats"):
        values = TAGS if name == "tags" else CAVEATS
        some = random.sample(values, random.randint(1, 2))
        return [name, random.choice(["anyof", "allof", "noneof", "noneof"]), some]
    if name in ("reviewed", "exercise"):
        return [name, "eq", random.random() < 0.7]
    if name == "place":
        return [name, "within", random.choice(ZONES)]
    if name in ("instant", "time"):
        start = START + timedelta(days=random.randint(0, 200))
        daily = f"T{random.randint(0, 11):02}:00Z/T{random.randint(12, 23):02}:30Z"
        during = random.choice([daily, f"{write_instant(start)}/{write_instant(start + timedelta(days=150))}"])
        operator = random.choice(["during", "ge", "lt", "le", "gt"])
        return [name, operator, during if operator == "during" else write_instant(start)]
    least, most = {"sensitivity": (0, 5), "age_h": (1, 5000), "score": (0, 100)}[name]
    return [name, random.choice(["le", "le", "ge", "lt", "gt"]), random.randint(least, most)]


def clause(random: Random, id: str, effect: str, strict: tuple[int, int], asked: Sequence[str]) -> dict[str, Any]:
    """A random clause with so many conditions; one in eight has two groups of alternatives."""
    names = random.sample(asked, min(len(asked), random.randint(*strict)))
    found: dict[str, Any] = {"id": id, "effect": effect, "from": "any", "to": "any", "act": "share"}
    if random.random() < 0.6:
        found |= {"from": "JO", "to": "SA", "reciprocal": random.random() < 0.7}
    found["kinds"] = sorted(random.sample(KINDS, random.randint(2, 8)))
    found["when"] = [condition(random, name) for name in names]
    if random.random() < 0.125:
        found["any"] = [[condition(random, name)] for name in random.sample(asked, 2)]
    if effect != "forbid":
        named = FIELDS if effect == "permit" else random.sample(sorted(FIELDS), 2)
        found["release"] = {"fields": {name: random.choice(LEVELS[FIELDS[name]]) for name in named}}
        found["obligations"] = obligations(random)
    return {name: value for name, value in found.items() if value not in ([], {}, False)}


def obligations(random: Random) -> dict[str, Any]:
    """Some obligations of every dimension."""
    choices: dict[str, Any] = {
        "retain": random.choice(["P30D", "P90D", "P1Y", "P3Y"]), "reply_within": random.choice(["PT12H", "P2D"]),
        "purposes": sorted(random.sample(PURPOSES, 6)),
        "recipients": random.sample(["police", "customs", "judiciary"], 2),
        "onward": random.choice(["free", "notify", "consent", "never"]), "use": random.choice(["notify", "consent"]),
        "review": random.sample(["releasing", "receiving"], 1), "notify": random.sample(["incident", "use"], 1),
        "quota": random.randint(10, 500), "log": random.choice([["P1Y", "P5Y"], ["P3Y", "P3Y"], ["P1Y", "P2Y"]]),
    }  # fmt: skip
    return {name: choices[name] for name in random.sample(sorted(choices), random.randint(0, 4))}


def law(
    random: Random,
    words: Vocabulary,
    asked: Sequence[str],
    type: str,
    id: str,
    counts: tuple[int, int, int],
    **more: Any,
) -> Law:
    """A law of so many permits, forbids and duties, in an order of its own."""
    effects = ["permit"] * counts[0] + ["forbid"] * counts[1] + ["duty"] * counts[2]
    random.shuffle(effects)
    narrow = 4 + sum(counts).bit_length() // 2  # the more forbids there are, the rarer each must be
    strict = {"permit": (3, 6), "forbid": (narrow, narrow + 2), "duty": (2, 5)}
    boxes = [(30 + n, 35 + n, 31 + n, 38 + n) for n in range(len(ZONES))]
    areas = {
        zone: {"source": "invented", "ring": [f"{a},{b}", f"{a},{d}", f"{c},{d}", f"{c},{b}"]}
        for zone, (a, b, c, d) in zip(ZONES, boxes, strict=True)
    }
    document = {
        "format": "mithaq-law/1", "type": type, "id": id, "version": 1, "title": id, "vocabulary": words.digest,
        "parties": {"agreement": ["JO", "SA"], "national": [id[-2:]], "floor": []}[type],
        "in_force": {"from": "2026-01-01T00:00:00Z"}, "areas": areas,
        "clauses": [clause(random, f"{n}", effect, strict[effect], asked) for n, effect in enumerate(effects)], **more,
    }  # fmt: skip
    return load_law(canonical.encode(document), words)


def book(random: Random, clauses: int, agreements: int = 1, asked: Sequence[str] = WIDE) -> Rulebook:
    """A Rulebook of so many clauses in all: agreements, two national laws and a floor."""
    words = vocabulary(random, asked)
    share = clauses * 3 // 4 // agreements
    part = _split(clauses // 10, 0.0)
    laws = [law(random, words, asked, "national", f"law-{party}", part) for party in ("JO", "SA")]
    floor = law(random, words, asked, "floor", "floor", _split(clauses // 20, 0.0))
    rest = clauses - sum(len(each.clauses) for each in (*laws, floor)) - share * (agreements - 1)
    overlap = random.choice(["named", "most_cooperative", "lex_specialis", "later"])
    sizes = [rest, *[share] * (agreements - 1)]
    signed = [
        law(random, words, asked, "agreement", f"agreement-{n}", _split(size, 0.84),
            in_force={"from": f"202{n % 7}-01-01T00:00:00Z"}, **({} if overlap == "named" else {"overlap": overlap}))
        for n, size in enumerate(sizes)
    ]  # fmt: skip
    return rulebook(words, signed, laws, floor)


def _split(size: int, permits: float) -> tuple[int, int, int]:
    given = round(size * permits)
    forbids = (size - given) // 2
    return given, forbids, size - given - forbids


def request(random: Random, book: Rulebook, *, dark: float = 0.05, cited: float = 0.0) -> Request:
    """A random request, half the time bent towards a permit; each attribute is left out with probability ``dark``."""
    direction = random.choice([("JO", "SA"), ("SA", "JO")])
    kind = random.choice(KINDS)
    given: dict[str, Any] = {name: value(random, name) for name in GIVEN}
    envelope: dict[str, Any] = {
        "purpose": random.choice(PURPOSES), "exercise": random.random() < 0.1,
        "caveats": tuple(random.sample(CAVEATS, random.choice([0, 0, 0, 1]))),
        "instant": START + timedelta(minutes=random.randint(0, 500_000)),
    }  # fmt: skip
    permits = [(law, each) for law in book.agreements for each in law.clauses if each.effect == "permit"]
    law, aim = random.choice(permits)
    if random.random() < 0.7:
        kind = random.choice(aim.kinds)
        for each in (*aim.when, *(aim.any[0] if aim.any else ())):
            _bend(random, given if each.attribute in given else envelope, each.attribute, each.operator, each.value)
    kept = {name: each for name, each in given.items() if random.random() >= dark}
    return Request(
        sender=direction[0], receiver=direction[1], kind=kind, attributes=kept,
        fields=tuple(random.sample(sorted(FIELDS), 3)) if random.random() < 0.1 else (),
        cited=Cited(law.ref, aim.id) if random.random() < cited else None, **envelope,
    )  # fmt: skip


def value(random: Random, name: str) -> Any:
    """A random value of an attribute."""
    match name:
        case "grade" | "route":
            return random.choice(GRADES)
        case "tags":
            return tuple(random.sample(TAGS, random.choice([0, 0, 0, 0, 1, 2])))
        case "reviewed":
            return random.random() < 0.7
        case "nationality":
            return random.choice(PARTIES)
        case "place":
            zone = random.random() < 0.2
            return Cell(random.choice(ZONES)) if zone else f"{random.randint(29, 38)}.5,{random.randint(34, 44)}.5"
        case "time":
            return write_instant(START + timedelta(minutes=30 * random.randint(0, 10_000)))
        case _:
            return random.randint(0, {"sensitivity": 5, "age_h": 5000, "score": 100}[name])


def _bend(random: Random, into: dict[str, Any], name: str, operator: str, wanted: Any) -> None:
    """Make a value satisfy a condition, where that is easy."""
    if name not in into:
        return
    if operator == "eq":
        into[name] = wanted
    elif operator == "in":
        into[name] = random.choice(wanted)
    elif operator in ("le", "ge") and name not in ("instant", "time"):
        into[name] = wanted
    elif operator == "noneof":
        into[name] = tuple(each for each in into[name] if each not in wanted)
    elif operator in ("anyof", "allof"):
        into[name] = tuple(wanted)
    elif operator == "within":
        into[name] = Cell(wanted)


def requests(random: Random, book: Rulebook, count: int, **how: float) -> Sequence[Request]:
    """So many random requests."""
    return [request(random, book, **how) for _ in range(count)]
