"""Files in and out: each sort of alert as CSV and as JSON, strict, bad rows told one by one, and the way back."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from mithaq.capabilities import load
from mithaq.capabilities.intelligence.commands import FORMS
from mithaq.capabilities.intelligence.formats.columns import bare, write_cell
from mithaq.errors import MithaqError
from mithaq.kernel.plug import Feed, Line
from tests.capabilities.cases import ask, do, document, goods, organisation, person, settle, vessel
from tests.worlds import World, alert

FEEDS: dict[str, Feed] = {feed.name: feed for feed in load("intelligence").feeds}
ID = "JO-" + "7" * 26
SORTS: dict[str, dict[str, Any]] = {
    "vehicle": alert(identifiers=[{"type": "vin", "value": "WDB9634031L738149"}], caveats=["ongoing_operation"]),
    "person": person(
        other_names=[{"name": "Samer"}, {"name": "أبو محمد"}], flags=["witness", "victim"],
        identifiers=[{"type": "passport", "value": "N-1/2", "issuer": "JO"}, {"type": "other", "value": "a=b"}],
        links=[{"to": ID, "relation": "driver"}],
    ),
    "document": document(blank=True, issued="2020-05"),
    "vessel": vessel(length=120),
    "goods": goods(quantity="12.5", unit="kg"),
    "organisation": organisation(source="a clerk"),
}  # fmt: skip


def read(name: str, data: str | bytes) -> list[Line]:
    return list(FEEDS[name].read(data.encode() if isinstance(data, str) else data, "file"))


def as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def test_every_sort_has_both_files() -> None:
    assert set(FEEDS) == {f"intelligence.{kind}.{sort}" for kind in ("csv", "json") for sort in FORMS}


@pytest.mark.parametrize("sort", SORTS)
def test_what_is_given_out_can_be_taken_in_again(world: World, sort: str) -> None:
    verb = FEEDS[f"intelligence.csv.{sort}"].command.partition(".")[2]
    assert do(world.jo, verb, {"rows": [SORTS[sort]]})[0].stated is not None
    for cells, feed in ((True, f"intelligence.csv.{sort}"), (False, f"intelligence.json.{sort}")):
        [row] = ask(world.jo, "export", {"kind": sort, "cells": cells}).items
        assert row["origin"] == "JO"
        [line] = read(feed, as_csv([row]) if cells else json.dumps([row]))
        assert line.problem == ""
        taken = {name: value for name, value in (line.given or {}).items() if name != "reference"}
        assert taken == SORTS[sort] | {"exercise": False}


def test_exports_go_on_page_by_page_and_are_audited(world: World) -> None:
    do(world.jo, "alert-documents", {"rows": [document(number=f"N{n}") for n in range(7)]})
    do(world.jo, "alert-goods", goods())
    seen, after = [], ""
    for _ in range(3):
        page = ask(world.jo, "export", {"kind": "document", "limit": 3, "after": after})
        seen += [row["number"] for row in page.items]
        after = page.after
    assert (sorted(seen), after) == ([f"N{n}" for n in range(7)], "")
    with world.jo.store.read() as tx:
        assert [line.act for line in tx.audit.page() if "export" in line.act] == ["intelligence.export"] * 3


def test_what_a_partner_withheld_is_not_given_out(world: World) -> None:
    do(world.jo, "alert-person", person())
    settle(world)
    [row] = ask(world.sa, "export", {"kind": "person"}).items
    assert row["name"].startswith("p:")
    assert not {"source", "remarks", "flags"} & row.keys()


@pytest.mark.parametrize(
    ("cell", "where"),
    [
        ({"flags": "tall"}, "flags"),
        ({"identifiers": "passport"}, "identifiers"),
        ({"identifiers": "pasport=N1"}, "identifiers"),
        ({"links": "driver"}, "links"),
        ({"offence_max_years": "ten"}, "offence_max_years"),
        ({"offence_max_years": "-1"}, "offence_max_years"),
        ({"exercise": "perhaps"}, "exercise"),
        ({"born": "17.5.1984"}, "born"),
        ({"name": "x\x00"}, "name"),
    ],
)
def test_a_bad_cell_is_told_with_its_column_and_the_other_rows_are_kept(cell: dict[str, str], where: str) -> None:
    good = {"name": "N", "reason": "stolen", "purpose": "border_control", "flags": "none"}
    lines = read("intelligence.csv.person", as_csv([good, good | cell, good]))
    assert [line.given is not None for line in lines] == [True, False, True]
    assert (lines[1].number, lines[1].problem.partition(":")[0].partition("[")[0]) == (3, where)


def test_no_flags_found_and_not_screened_are_told_apart() -> None:
    rows = [{"name": "N", "reason": "stolen", "purpose": "border_control", "flags": flags} for flags in ("none", "")]
    screened, unscreened = read("intelligence.csv.person", as_csv(rows))
    assert screened.given is not None
    assert unscreened.given is not None
    assert screened.given["flags"] == []
    assert "flags" not in unscreened.given


@pytest.mark.parametrize(
    "data",
    [b"\xff", "", "{}", "[1]", '[{"number": 1.5}]', '[{"number": "1", "number": "2"}]', "[" * 50 + "]" * 50],
    ids=repr,
)
def test_a_json_file_that_cannot_be_used_is_refused_whole(data: str | bytes) -> None:
    with pytest.raises(MithaqError):
        read("intelligence.json.document", data)


def test_bad_and_good_objects_are_told_apart() -> None:
    rows = [document(), document(type="odd"), document() | {"colour": "red"}, document(number="ë")]
    lines = read("intelligence.json.document", json.dumps(rows))
    assert [line.given is not None for line in lines] == [True, False, False, True]
    assert "colour" in lines[2].problem


def test_taking_a_file_in_again_changes_nothing(world: World) -> None:
    lines = read("intelligence.json.document", json.dumps([document(), document(number="other")]))
    rows = {"rows": [line.given for line in lines]}
    do(world.jo, "alert-documents", rows)
    assert all(taken.stated.unchanged for taken in do(world.jo, "alert-documents", rows))


@pytest.mark.parametrize(
    "text", ["=1+1", "+12-3", "-12-3", "@SUM(A1)", "'=1+1", "''-1", "'quoted'", "\tx", "\rx", "12-3"]
)
def test_no_cell_is_run_as_a_formula_and_each_is_read_as_it_was(text: str) -> None:
    cell = write_cell(text)
    assert cell[0] not in "=+-@\t\r"
    assert bare(cell) == text


@pytest.mark.parametrize("plate", ["-12 345", "+7", "=A1", "'-9"])
def test_a_plate_that_looks_like_a_formula_goes_out_and_comes_back(world: World, plate: str) -> None:
    do(world.jo, "alert-vehicle", alert(plate=plate, place="-31.2,36.9"))
    [row] = ask(world.jo, "export", {"kind": "vehicle", "cells": True}).items
    assert row["plate"] == f"'{plate}"
    assert row["place"] == "'-31.2,36.9"
    [line] = read("intelligence.csv.vehicle", as_csv([row]))
    assert line.given is not None
    assert (line.given["plate"], line.given["place"]) == (plate, "-31.2,36.9")


def test_what_a_partner_stated_is_not_taken_in_as_our_own(world: World) -> None:
    do(world.jo, "alert-document", document())
    settle(world)
    for cells, feed in ((True, "intelligence.csv.document"), (False, "intelligence.json.document")):
        [row] = ask(world.sa, "export", {"kind": "document", "cells": cells}).items
        [line] = read(feed, as_csv([row]) if cells else json.dumps([row]))
        assert line.given is None
        assert "a partner stated it" in line.problem
