"""Search and reading: what is found, by whom, in what order, and what is not there for a reader."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from mithaq.errors import Invalid, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.matter.record import mark
from mithaq.kernel.people.actor import Actor
from tests.capabilities.cases import (
    ANALYST,
    CRIMES,
    LIAISON,
    ON_DUTY,
    SUPERVISOR,
    ask,
    do,
    document,
    found,
    goods,
    one,
    person,
    settle,
    vessel,
)  # fmt: skip
from tests.worlds import START, World, alert


@pytest.fixture
def listed(world: World) -> World:
    """A few alerts of several sorts."""
    do(world.jo, "alert-vehicle", alert(plate="ب د ر 4821", reference="FILE/77"))
    do(world.jo, "alert-vehicle", alert(plate="12-34567", category="check", identifiers=[VIN]))
    names = [{"name": "Samer al-Khatib", "sort": "spelling", "script": "Latn"}, {"name": "أبو مُحَمَّد"}]
    do(world.jo, "alert-person", person(other_names=names, document="N1234567"))
    do(world.jo, "alert-goods", goods())
    do(world.jo, "alert-vessel", vessel())
    return world


VIN = {"type": "vin", "value": "WDB9634031L738149"}
SAMER, LORRY, PLAIN = "سامر الخطيب", "ب د ر 4821", "12-34567"


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("بدر4821", [LORRY]),
        ("ب د ر ٤٨٢١", [LORRY]),
        ("4821", [LORRY]),
        ("file 77", [LORRY]),
        ("1234567", [PLAIN]),
        ("12 345", [PLAIN]),
        ("wdb 963403", [PLAIN]),
        ("سامر", [SAMER]),
        ("الخطیب سامر", [SAMER]),
        ("khatib samer", [SAMER]),
        ("ابو محمد", [SAMER]),
        ("n123", [SAMER]),
        ("csqu 3054383", ["precursor chemicals"]),
        ("9074729", ["Al Noor"]),
        ("AL-NOOR", ["Al Noor"]),
        ("nobody", []),
        ("warned", []),
        ("informant", []),
        ("kind person", []),
        ("—", []),
    ],
)
def test_an_alert_is_found_by_what_identifies_it_however_it_is_written(
    listed: World, words: str, titles: list[str]
) -> None:
    assert found(listed.jo, find=words) == titles


def test_facets_narrow_and_the_newest_comes_first(listed: World) -> None:
    assert found(listed.jo) == ["Al Noor", "precursor chemicals", SAMER, PLAIN, LORRY]
    assert found(listed.jo, kind="vehicle") == [PLAIN, LORRY]
    assert found(listed.jo, category="check") == [SAMER, PLAIN]
    assert found(listed.jo, category="check", kind="person") == [SAMER]
    assert found(listed.jo, origin="SA") == []
    assert found(listed.jo, exercise=True) == []
    assert found(listed.jo, find="12", kind="person") == []


def test_a_corrected_alert_is_the_newest_and_is_found_by_what_it_says_now(listed: World) -> None:
    [row] = ask(listed.jo, "search", {"find": "4821"}).items
    do(listed.jo, "correct-vehicle", {**alert(plate="ح ط ب 9"), "id": row.key})
    assert found(listed.jo, find="4821") == []
    assert found(listed.jo)[0] == "ح ط ب 9"


def test_what_a_partner_released_is_found_among_our_own(listed: World) -> None:
    settle(listed)
    assert found(listed.sa, find="بدر4821") == [LORRY]
    assert found(listed.sa, origin="JO", kind="vehicle") == [PLAIN, LORRY]
    assert found(listed.sa, find="سامر") == []  # the name crossed as a pseudonym


def test_a_search_goes_on_where_it_stopped_whatever_came_in_between(world: World) -> None:
    rows = [alert(plate=f"P-{n:03}") for n in range(45)]
    do(world.jo, "alert-vehicles", {"rows": rows})
    seen: list[str] = []
    before: int | None = 0
    while before is not None:
        page = ask(world.jo, "search", {"find": "p", "limit": 10, "before": before})
        seen += [row.title for row in page.items]
        before = page.next
        do(world.jo, "alert-vehicle", alert(plate=f"P-late-{len(seen)}"))
    assert seen == [f"P-{n:03}" for n in reversed(range(45))]


def test_the_list_goes_on_by_key_or_by_position(listed: World) -> None:
    keys = [row.key for row in ask(listed.jo, "alerts", {})]
    assert keys == sorted(keys)
    assert [row.key for row in ask(listed.jo, "alerts", {"after": keys[1], "limit": 2})] == keys[2:4]
    first = ask(listed.jo, "alerts", {"kind": "vehicle", "limit": 1})
    assert [row.title for row in first] == [PLAIN]
    rest = ask(listed.jo, "alerts", {"kind": "vehicle", "after": str(first[0].position)})
    assert [row.title for row in rest] == [LORRY]
    with pytest.raises(Invalid):
        ask(listed.jo, "alerts", {"kind": "vehicle", "after": keys[0]})


# -- by whom -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "sees"), [(ANALYST, True), (SUPERVISOR, True), (ON_DUTY, False), (LIAISON, False)])
def test_sources_are_for_analysts_and_supervisors(world: World, who: Actor, sees: bool) -> None:
    for sort, given in (("vehicle", alert()), ("person", person())):
        body = one(world.jo, do(world.jo, f"alert-{sort}", given).id, who)
        assert ("source" in body["fields"]) is sees
        assert body.get("hidden", []) == ([] if sees else ["source"])


def test_who_has_both_roles_reads_by_the_clause_that_shows_more(world: World) -> None:
    both = Actor(id="officer/both", roles=("duty_officer", "analyst"), by="session")
    assert "source" in one(world.jo, do(world.jo, "alert-vehicle", alert()).id, both)["fields"]


def test_what_may_not_be_read_is_not_there_and_looks_like_nothing(world: World) -> None:
    hidden = do(world.jo, "alert-person", person(purpose="domestic_inquiry")).id
    shown = do(world.jo, "alert-person", person(name="Other")).id
    assert {row.key for row in ask(world.jo, "alerts", {}, ANALYST)} == {hidden, shown}
    assert [row.key for row in ask(world.jo, "alerts", {}, ON_DUTY)] == [shown]
    assert found(world.jo, ON_DUTY) == ["Other"]
    told = []
    for id in (hidden, "JO-" + "7" * 26):
        with pytest.raises(NotFound) as refused:
            ask(world.jo, "alert", {"id": id}, ON_DUTY)
        told.append(str(refused.value).replace(id, "…"))
    assert told[0] == told[1]


def test_pages_are_full_although_some_rows_are_not_the_readers(world: World) -> None:
    rows = [person(name=f"N {n}", purpose=CRIMES[n % 2]) for n in range(20)]
    do(world.jo, "alert-persons", {"rows": rows})
    first = ask(world.jo, "search", {"limit": 6}, ON_DUTY)
    rest = ask(world.jo, "search", {"limit": 6, "before": first.next}, ON_DUTY)
    assert (len(first.items), len(rest.items), rest.next) == (6, 4, None)
    assert len(ask(world.jo, "alerts", {"limit": 8}, ON_DUTY)) == 8


def test_asking_is_audited_before_it_is_told(world: World) -> None:
    id = do(world.jo, "alert-person", person()).id
    one(world.jo, id, ON_DUTY)
    with world.jo.store.read() as tx:
        lines = [(line.who, line.act, line.subject) for line in tx.audit.page(who=ON_DUTY.id)]
    assert lines == [(ON_DUTY.id, "intelligence.alert", id), (ON_DUTY.id, "saw", id)]


# -- states ------------------------------------------------------------------------------------------------------------


def test_what_has_expired_is_told_by_the_clock(world: World) -> None:
    soon = write_instant(START.replace(hour=14))
    id = do(world.jo, "alert-document", document(expires=soon)).id
    do(world.jo, "alert-document", document(number="other"))
    assert found(world.jo, state="active") == ["other", "N1234567"]
    world.clock_on(3 * 3600)
    assert one(world.jo, id)["state"] == "expired"
    assert (found(world.jo, state="active"), found(world.jo, state="expired")) == (["other"], ["N1234567"])
    assert found(world.jo, state="ended") == []


def test_what_was_recalled_is_told_where_it_went(world: World) -> None:
    id = do(world.jo, "alert-document", document()).id
    settle(world)
    for node in (world.jo, world.sa):
        node.store.write(lambda tx: mark(tx, id, "wrong", START, "JO")).result()
        assert one(node, id)["state"] == "recalled"
        assert (found(node, state="active"), found(node, state="recalled")) == ([], ["N1234567"])


# -- links -------------------------------------------------------------------------------------------------------------


def linked(world: World, to: str, **more: Any) -> str:
    return str(do(world.jo, "alert-vehicle", alert(links=[{"to": to, "relation": "driver"}], **more)).id)


def test_links_are_told_both_ways(world: World) -> None:
    driver = do(world.jo, "alert-person", person()).id
    lorry = linked(world, driver)
    assert one(world.jo, lorry)["links"] == [
        {"to": driver, "relation": "driver", "title": SAMER, "sort": "person", "origin": "JO"}
    ]
    assert one(world.jo, driver)["linked_from"] == [
        {"from": lorry, "relation": "driver", "title": "12-34567", "sort": "vehicle", "origin": "JO"}
    ]


def test_a_partner_is_not_told_of_a_link_to_what_it_was_not_given(world: World) -> None:
    refugee = do(world.jo, "alert-person", person(flags=["refugee"])).id
    lorry = linked(world, refugee)
    settle(world)
    body = one(world.sa, lorry)
    assert "links" not in body
    assert refugee not in canonical.encode(body).decode()


def test_a_partner_is_told_of_a_link_to_what_it_has(world: World) -> None:
    passport = do(world.jo, "alert-document", document()).id
    lorry = str(do(world.jo, "alert-vehicle", alert(links=[{"to": passport, "relation": "carried_in"}])).id)
    settle(world)
    [link] = one(world.sa, lorry)["links"]
    assert (link["to"], link["title"], link["origin"]) == (passport, "N1234567", "JO")


def test_a_link_to_what_is_not_the_readers_tells_no_more_than_one_to_nothing(world: World) -> None:
    hidden, nothing = do(world.jo, "alert-person", person(purpose="domestic_inquiry")).id, "IQ-" + "7" * 26
    links = [{"to": hidden, "relation": "driver"}, {"to": nothing, "relation": "driver"}]
    lorry = do(world.jo, "alert-vehicle", alert(links=links)).id
    assert one(world.jo, lorry, ON_DUTY)["links"] == links
    with pytest.raises(NotFound):
        one(world.jo, hidden, ON_DUTY)


# -- measures ----------------------------------------------------------------------------------------------------------


def test_what_is_allowed_here_is_told_with_its_clause(world: World) -> None:
    given = alert(category="check", measure="specific_check", grounds="seen twice at the depot")
    id = do(world.jo, "alert-vehicle", given).id
    settle(world)
    here, there = one(world.jo, id)["measure"], one(world.sa, id)["measure"]
    assert (here["allowed"], here["basis"]["law"], here["basis"]["clause"]) == ("specific_check", "law-JO/1", "6.2")
    assert (there["allowed"], there["basis"]["law"]) == ("specific_check", "law-SA/1")


def test_a_measure_that_our_law_does_not_know_gives_way_to_a_milder_one(world: World) -> None:
    given = person(measure="specific_check")
    id = do(world.jo, "alert-person", given).id
    settle(world)
    there = one(world.sa, id)["measure"]
    assert (there["requested"], there["allowed"]) == ("specific_check", "inquiry")
    assert list(there["passed_over"]) == ["specific_check"]
    assert there["basis"]["clause"] == "6"
    assert one(world.jo, id)["measure"]["allowed"] == "specific_check"


@pytest.mark.parametrize(
    "words", ["kind", "from", "state", "sta", "category", "reason", "link", "vehicle", "active", "JO"]
)
def test_words_of_people_do_not_find_facets(listed: World, words: str) -> None:
    assert found(listed.jo, find=words) == []


@pytest.mark.parametrize("after", ["²", "٣", "9" * 40, "-1", "x", str(2**53)])
def test_a_position_that_is_none_is_refused(world: World, after: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(world.jo, "alerts", {"kind": "vehicle", "after": after})
    assert refused.value.where == "$.after"


def test_a_name_that_the_reader_sees_as_a_pseudonym_is_not_found_by_guessing_it(world: World) -> None:
    base = world.jo.standing._base
    laws = [_with_pseudonym(base, each) if each.id == "law-JO" else each for each in base.laws]
    world.jo.standing._base = rulebook(base.vocabulary, base.agreements, laws, base.floor)
    world.jo.standing._known.clear()
    given = {name: value for name, value in person().items() if name != "source"}
    do(world.jo, "alert-person", given)
    [title] = found(world.jo, ON_DUTY)
    assert title.startswith("p:")
    assert found(world.jo, ON_DUTY, find=SAMER) == []
    assert found(world.jo, ANALYST, find=SAMER) == [SAMER]


def _with_pseudonym(base: Rulebook, law: Law) -> Law:
    text = json.loads((resources.files("mithaq.laws") / f"{law.id}.json").read_text())
    [clause] = [each for each in text["clauses"] if each["id"] == "5.2"]
    clause["release"]["fields"]["name"] = "pseudonym"
    return load_law(json.dumps(text).encode(), base.vocabulary)
