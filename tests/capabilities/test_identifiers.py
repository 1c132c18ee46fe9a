"""Identifiers with a check digit: one digit read wrong is told, before anybody looks for it in vain."""

from __future__ import annotations

import pytest

from mithaq.capabilities.intelligence.identifiers import check
from mithaq.capabilities.intelligence.parts import Identifier
from mithaq.errors import Invalid

GOOD = [
    ("vin", "1M8GDM9AXKP042788"), ("vin", "WDB9634031L738149"), ("imo", "IMO 9074729"), ("container", "CSQU 305438-3"),
    ("imei", "490154203237518"), ("mmsi", "438000123"), ("passport", "N 123/4"), ("other", "anything at all"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "value"), GOOD)
def test_what_is_right_is_taken_as_it_is_written(type_: str, value: str) -> None:
    check("person", (Identifier(type_, value),))  # type: ignore[arg-type]


@pytest.mark.parametrize(("type_", "value"), [each for each in GOOD if each[0] in ("container", "imei")])
def test_every_single_digit_read_wrong_is_found(type_: str, value: str) -> None:
    places = [place for place, character in enumerate(value) if character.isdigit()]
    for place in places:
        for wrong in set("0123456789") - {value[place]}:
            mistyped = value[:place] + wrong + value[place + 1 :]
            with pytest.raises(Invalid):
                check("person", (Identifier(type_, mistyped),))  # type: ignore[arg-type]


def test_a_wrong_check_digit_of_a_ship_is_found() -> None:
    for wrong in "012345678":
        with pytest.raises(Invalid):
            check("person", (Identifier("imo", f"907472{wrong}"),))


@pytest.mark.parametrize(
    ("type_", "value"),
    [("vin", "1M8GDM9A1KP042788"), ("vin", "WDB9634031L73814"), ("vin", "IDB9634031L738149"), ("mmsi", "43800012")],
)
def test_what_is_not_well_formed_is_refused_with_its_place(type_: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        check("person", (Identifier("other", "x"), Identifier(type_, value)))  # type: ignore[arg-type]
    assert refused.value.where == "$.identifiers[1].value"
    assert "other" in refused.value.hint


@pytest.mark.parametrize("sort", ["vehicle", "vessel", "goods", "organisation"])
@pytest.mark.parametrize("type_", ["passport", "national_id", "residence_permit", "driving_licence", "document"])
def test_papers_of_a_person_stand_in_no_alert_on_a_thing(sort: str, type_: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(sort, (Identifier("other", "x"), Identifier(type_, "N123")))  # type: ignore[arg-type]
    assert refused.value.where == "$.identifiers[1].type"
    for protected in ("person", "document"):
        check(protected, (Identifier(type_, "N123"),))  # type: ignore[arg-type]
