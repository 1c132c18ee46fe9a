"""The action card as an officer meets it: in each language, with what the traveller may need in three, to print."""

from __future__ import annotations

import pytest

from mithaq.kernel.people.actor import HOME
from tests.console.office import officer
from tests.worlds import World, alert


@pytest.mark.parametrize(
    ("language", "said"), [("ar", "بطاقة العمل"), ("en", "action card"), ("fr", "fiche réflexe")]
)  # fmt: skip
def test_a_card_is_drawn_with_what_to_say_in_three_languages(world: World, language: str, said: str) -> None:
    given = alert(grounds="loads hidden under the floor <b>", measure="specific_check", category="check")
    id = world.sa.do("intelligence.alert-vehicle", given, who=HOME).result().id
    world.step()
    client = officer(world, "rania", "duty_officer")
    client.cookies.set("mithaq-language", language)
    page = client.get("/p/intelligence.card", params={"id": id})
    assert page.status_code == 200
    assert "A hit is no proof" in page.text
    assert "المطابقة ليست دليلاً" in page.text
    assert "law-JO/1 6.2" in page.text
    assert "120" in page.text
    assert said in page.text
