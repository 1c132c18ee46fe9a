"""The prover finds exactly what asking every request finds; shipped laws hold; what breaks the floor is refused."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq import assembly
from mithaq.cli.rehearsal import Rehearsal
from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.breach import Breach
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.decide import rule
from mithaq.kernel.law.decision import Ruling
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.match import matches
from mithaq.kernel.law.promise import GRANTS
from mithaq.kernel.law.prove import Proof, breaches, prove
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.rulebook import rulebook
from mithaq.kernel.law.vocabulary import load_vocabulary
from tests.examples import examples
from tests.kernel.law.small_world import WORDS, citing, every_request, law, random_law

EMPTY = law("floor", [])
SHIPPED = sorted(
    each.name for each in resources.files("mithaq.laws").iterdir() if "law" in each.name or "JO" in each.name
)
SHIPPED = [name for name in SHIPPED if name.endswith(".json")]


@examples(20)
@given(st.integers(0, 2**32))
def test_it_finds_every_broken_promise_and_no_other(seed: int) -> None:
    random = Random(seed)
    mine = random_law(random, "agreement", {"permit": 4, "forbid": 2, "duty": 2})
    floor = random_law(random, "floor", {"forbid": 2, "duty": 2})
    found = {(each.how, each.clause, each.against, each.what) for each in breaches(mine, floor, WORDS)}
    promised = {each for each in found if each[0] != "profiles"}
    assert promised == set().union(*(_broken(each, mine, floor) for each in every_request()))


def _broken(request: Request, mine: Law, floor: Law) -> set[tuple[str, str, str, str]]:
    """What this request shows to be broken, by the definition."""
    own, above = _matching(mine, request), _matching(floor, request)
    if any(each.effect == "forbid" for each in own):
        return set()
    duties = [each for each in own if each.effect == "duty"]
    found = set()
    for permit in (each for each in own if each.effect == "permit"):
        for limit in above:
            told = [("releases", "")] if limit.effect == "forbid" else _said_too_much(permit, duties, limit)
            found |= {(how, permit.id, f"{floor.ref} {limit.id}", what) for how, what in told}
    return found


def _said_too_much(permit: Clause, duties: list[Clause], limit: Clause) -> list[tuple[str, str]]:
    found = []
    for name in permit.levels.keys() & limit.levels.keys():
        shown = level.join(permit.levels[name], *(each.levels[name] for each in duties if name in each.levels))
        found += [] if level.protects(shown, limit.levels[name]) else [("shows", name)]
    for what in limit.obligations.keys() & GRANTS:
        stated = [each.obligations[what] for each in (permit, *duties) if what in each.obligations]
        joined = obligation.join(what, stated) if stated else None
        if joined is not None and what in permit.obligations:
            within = obligation.protects(what, joined, limit.obligations[what])
            found += [] if within else [("grants", what)]
    return found


def _matching(text: Law, request: Request) -> list[Clause]:
    return [each for each in text.clauses if matches(each, text, request, WORDS)]


@examples(15)
@given(st.integers(0, 2**32))
def test_it_finds_profiling_exactly_where_two_requests_show_it(seed: int) -> None:
    random = Random(seed)
    mine = random_law(random, "agreement", {"permit": 3, "forbid": 1, "duty": 2})
    found = {each.against for each in breaches(mine, EMPTY, WORDS) if each.how == "profiles"}
    assert found == set(_profiled(mine))


def _profiled(mine: Law) -> set[str]:
    """The protected values of which some pair of requests shows that they let more out."""
    found: set[str] = set()
    for request in every_request():
        tags, trait = request.attributes.get("tags"), request.attributes.get("trait")
        changes: list[tuple[str, str, Any]] = []
        if isinstance(tags, tuple) and "religion" not in tags:
            changes.append(("tags", "religion", (*tags, "religion")))
        if trait == "none":
            changes += [("trait", value, value) for value in ("politics", "ethnicity")]
        for name, protected, value in changes:
            if f"{name}: {protected}" not in found and _wider(_with(request, name, value), request, mine):
                found.add(f"{name}: {protected}")
    return found


def _with(request: Request, name: str, value: Any) -> Request:
    return replace(request, attributes={**request.attributes, name: value})


def _wider(one: Request, other: Request, mine: Law) -> bool:
    """Whether some clause lets out for ``one`` what no clause lets out for ``other``."""
    theirs = _releases(other, mine)
    return any(not any(_within(each, than) for than in theirs) for each in _releases(one, mine))


def _releases(request: Request, mine: Law) -> list[Ruling]:
    book = rulebook(WORDS, [mine], [], EMPTY)
    permits = [each.id for each in mine.clauses if each.effect == "permit"]
    return [found for id in permits if (found := rule(citing(request, mine, id), book)).permits]


def _within(one: Ruling, other: Ruling) -> bool:
    ours = {each.what: each.value for each in one.obligations}
    asked = {each.what: each.value for each in other.obligations}
    shown = all(level.protects(one.fields[name], other.fields[name]) for name in one.fields)
    return shown and all(what in ours and obligation.protects(what, ours[what], value) for what, value in asked.items())


@examples(20)
@given(st.integers(0, 2**32))
def test_every_example_shows_what_it_is_an_example_of(seed: int) -> None:
    random = Random(seed)
    mine = random_law(random, "agreement", {"permit": 5, "forbid": 2, "duty": 3})
    floor = random_law(random, "floor", {"forbid": 3, "duty": 2})
    for each in breaches(mine, floor, WORDS):
        assert each.example is not None
        if each.how == "profiles":
            assert each.without is not None
            assert _wider(each.example, each.without, mine)
        else:
            assert (each.how, each.clause, each.against, each.what) in _broken(each.example, mine, floor)


def test_a_law_that_the_floor_would_stop_is_refused_with_a_request_that_shows_it() -> None:
    floor = law("floor", [{"id": "F1", "effect": "forbid", "when": [["tags", "anyof", ["asylum"]]]}])
    mine = law("agreement", [{"id": "1", "effect": "permit", "release": {"fields": {"name": "clear"}}}])
    with pytest.raises(Invalid) as refused:
        prove(mine, floor, WORDS)
    assert refused.value.code == "floor"
    assert refused.value.where == "$.clauses[0]"
    assert "agreement/1 1 releases what floor/1 F1 forbids" in refused.value.message
    [found] = breaches(mine, floor, WORDS)
    assert found.example is not None
    assert matches(floor.clauses[0], floor, found.example, WORDS)


def test_unknown_counts_as_what_the_floor_forbids() -> None:
    floor = law("floor", [{"id": "F1", "effect": "forbid", "when": [["tags", "anyof", ["asylum"]]]}])
    permit = {"id": "1", "effect": "permit", "when": [["score", "ge", 3]], "release": {"fields": {"name": "clear"}}}
    guarded = {**permit, "when": [["score", "ge", 3], ["tags", "noneof", ["asylum"]]]}
    assert list(breaches(law("agreement", [permit]), floor, WORDS))
    assert not list(breaches(law("agreement", [guarded]), floor, WORDS))


def test_a_forbid_or_a_duty_of_the_law_itself_saves_its_permit() -> None:
    floor = law("floor", [
        {"id": "F1", "effect": "forbid", "when": [["tags", "anyof", ["asylum"]]]},
        {"id": "F2", "effect": "duty", "release": {"fields": {"name": "absent"}}},
    ])  # fmt: skip
    permit = {"id": "1", "effect": "permit", "release": {"fields": {"name": "clear"}}}
    forbid = {"id": "2", "effect": "forbid", "when": [["tags", "anyof", ["asylum", "child"]]]}
    duty = {"id": "3", "effect": "duty", "release": {"fields": {"name": "absent"}}}
    assert {each.how for each in breaches(law("agreement", [permit]), floor, WORDS)} == {"releases", "shows"}
    assert {each.how for each in breaches(law("agreement", [permit, forbid]), floor, WORDS)} == {"shows"}
    assert not list(breaches(law("agreement", [permit, forbid, duty]), floor, WORDS))


def test_what_binds_all_of_the_floor_binds_every_permit() -> None:
    floor = law("floor", [], obligations={"retain": "P1Y"})
    permit = {"id": "1", "effect": "permit", "obligations": {"retain": "P5Y"}}
    [found] = breaches(law("agreement", [permit]), floor, WORDS)
    assert (found.how, found.against, found.what) == ("grants", "floor/1 all", "retain")


@pytest.mark.parametrize(
    ("clause", "profiles"),
    [
        ({"effect": "permit", "when": [["tags", "anyof", ["religion"]]]}, True),
        ({"effect": "permit", "when": [["tags", "noneof", ["religion"]]]}, False),
        ({"effect": "permit", "when": [["trait", "in", ["none", "politics"]]]}, False),
        ({"effect": "permit", "when": [["trait", "notin", ["none"]]]}, True),
        ({"effect": "forbid", "when": [["tags", "anyof", ["religion"]]]}, False),
        ({"effect": "forbid", "when": [["tags", "noneof", ["religion"]]]}, True),
        ({"effect": "duty", "when": [["tags", "noneof", ["religion"]]], "obligations": {"quota": 1}}, True),
        ({"effect": "duty", "when": [["tags", "allof", ["religion"]]], "obligations": {"quota": 1}}, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("type", ["agreement", "national"])
def test_a_protected_value_may_only_narrow(clause: dict[str, Any], profiles: bool, type: str) -> None:
    if type == "national" and clause["effect"] == "permit":
        clause = {**clause, "from": "JO", "to": "JO"}
    clauses = [{"id": "1", **clause}]
    if type == "agreement" and clause["effect"] != "permit":
        clauses.append({"id": "2", "effect": "permit", "release": {"fields": {"name": "clear"}}})
    assert bool(list(breaches(law(type, clauses), EMPTY, WORDS))) == profiles


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_laws_keep_to_the_shipped_floor(name: str) -> None:
    folder = resources.files("mithaq.laws")
    words = load_vocabulary((folder / "vocabulary.json").read_bytes())
    floor = load_law((folder / "floor.json").read_bytes(), words)
    prove(load_law((folder / name).read_bytes(), words), floor, words)


def _without(document: dict[str, Any], id: str, attribute: str) -> dict[str, Any]:
    """The law without the conditions on one attribute in one clause."""
    clauses = [
        {**each, "when": [one for one in each["when"] if one[0] != attribute]} if each["id"] == id else each
        for each in document["clauses"]
    ]  # fmt: skip
    return {**document, "clauses": clauses}


def test_the_shipped_agreement_without_one_safeguard_is_refused() -> None:
    folder = resources.files("mithaq.laws")
    words = load_vocabulary((folder / "vocabulary.json").read_bytes())
    floor = load_law((folder / "floor.json").read_bytes(), words)
    whole = canonical.read((folder / "JO-SA-border.json").read_bytes(), dict)
    broken = load_law(canonical.encode(_without(whole, "5.2", "subject.flags")), words)
    found: list[Breach] = list(breaches(broken, floor, words))
    assert {each.clause for each in found} == {"5.2"}
    assert {"floor/1 F1", "floor/1 F4", "floor/1 F9", "floor/1 F13"} <= {each.against for each in found}


def test_a_home_proves_a_law_once_and_refuses_one_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Rehearsal(tmp_path).nations["JO"].home
    words = assembly.read_vocabulary(home)
    floor = assembly.read_law(home.law / "floor.json", words)
    agreement = next(iter(home.agreements.glob("*.json")))
    assembly.open_home(home).store.close()
    kept = [canonical.read(path.read_bytes(), Proof) for path in home.proofs.glob("*.json")]
    assert assembly.read_law(agreement, words).digest in {each.law for each in kept}

    def never(*_: object) -> Proof:
        raise AssertionError("proved twice")

    monkeypatch.setattr(assembly, "prove", never)
    assembly.open_home(home).store.close()
    monkeypatch.undo()

    broken = _without(canonical.read(agreement.read_bytes(), dict), "5.2", "subject.flags")
    agreement.write_bytes(canonical.encode(broken))
    with pytest.raises(Invalid, match=r"5\.2 .* floor/1 F"):
        assembly.ensure_proved(home, assembly.read_law(agreement, words), floor, words)
    with pytest.raises(Invalid, match="for example"):
        assembly.open_home(home)
