"""Cells: why a value is not there is said in words, and each sort of value is drawn as what it is."""

from __future__ import annotations

from typing import Any

import pytest

from mithaq.console.cell import cell, draw
from mithaq.console.language import Tongue
from mithaq.kernel.plug import Column

ENGLISH = Tongue("en")
ROW: dict[str, Any] = {
    "title": "12-3",
    "body": {
        "fields": {"place": "31.5,37", "plate": "p:ab12", "reason": "stolen", "remarks": "stolen"},
        "hidden": ["source"],
        "levels": {"make": "absent", "place": "generalised:10km", "plate": "pseudonym"},
    },
}


@pytest.mark.parametrize(
    ("path", "told", "withheld"),
    [
        ("body.fields.source", "hidden from you by our own law", True),
        ("body.fields.make", "withheld by its origin", True),
        ("body.fields.colour", "not stated", False),
        ("nothing.at.all", "not stated", False),
    ],
)
def test_what_is_not_there_says_why(path: str, told: str, withheld: bool) -> None:
    found = cell(ROW, Column(path, "x"), ENGLISH, "")
    assert (found.sort, found.text, found.machine != "") == ("mark", told, withheld)
    assert found.says is withheld


def test_what_is_less_than_it_was_is_marked_beside_its_value() -> None:
    place = cell(ROW, Column("body.fields.place", "x", "place"), ENGLISH, "")
    assert (place.text, place.note) == ("31.5,37", "given less exactly (generalised:10km)")
    assert cell(ROW, Column("body.fields.plate", "x"), ENGLISH, "").note == "a pseudonym in place of the value"


def test_fields_at_the_top_of_an_answer_say_why_they_are_not_there_too() -> None:
    row = {"fields": {}, "hidden": ["source"]}
    assert cell(row, Column("fields.source", "x"), ENGLISH, "").text == "hidden from you by our own law"


def test_only_a_code_is_translated_never_what_a_person_wrote() -> None:
    arabic = Tongue("ar")
    assert cell(ROW, Column("body.fields.reason", "x", "code"), arabic, "").text == "مسروق"
    assert cell(ROW, Column("body.fields.remarks", "x"), arabic, "").text == "stolen"


@pytest.mark.parametrize(
    ("value", "as_", "sort", "text"),
    [
        (True, "text", "words", "Yes"),
        (False, "text", "words", "No"),
        (0, "text", "text", "0"),
        ([], "text", "mark", "not stated"),
        ("2026-11-20T04:10:33Z", "time", "time", "20 November 2026 04:10:33 UTC"),
        ("2026-11", "time", "text", "2026-11"),
        ("JO", "code", "words", "Jordan (JO)"),
        ("<b>", "text", "text", "<b>"),
    ],
)
def test_each_value_is_drawn_as_what_it_is(value: object, as_: str, sort: str, text: str) -> None:
    found = draw(value, ENGLISH, as_)
    assert (found.sort, found.text) == (sort, text)


def test_a_link_leads_to_the_record_and_whatever_else_stays_text() -> None:
    id = "JO-" + "0" * 26
    found = draw([{"to": id, "relation": "same_case"}, {"to": "x"}], ENGLISH, "link", "/p/alert").inner
    assert (found[0].inner[0].sort, found[0].inner[0].machine) == ("record", f"/p/alert?id={id}")
    assert found[1].inner[0].sort != "record"
