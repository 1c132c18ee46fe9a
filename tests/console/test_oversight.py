"""The pages of oversight: complaints with their clocks, a trace in time, figures, a letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mithaq.kernel.people.actor import HOME
from tests.capabilities.oversight.desk import ANALYST, LEGAL, OVERSEER, REASONS, complain, do, look, raise_, settle
from tests.console.office import officer
from tests.worlds import World, alert, two_nations

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ar", ("الشكاوى", "المهل", "من اطلع على هذا", "الإحصاءات", "إفادة موقعة")),
        ("en", ("complaints", "clocks", "who saw this", "statistics", "a signed assertion, by role; not a proof")),
        ("fr", ("réclamations", "délais", "qui a vu ceci", "statistiques", "une déclaration signée")),
    ],
)
def test_oversight_works_from_a_complaint_to_a_letter(world: World, language: str, said: tuple[str, ...]) -> None:
    id = raise_(world.jo, "alert-vehicle", alert(), HOME).id
    settle(world)
    look(world.jo, id, ANALYST)
    look(world.sa, id, ANALYST)
    request = do(world.jo, "ask-account", OVERSEER, about=id, to="SA")
    settle(world)
    do(world.sa, "give-account", OVERSEER, id=request.id)
    settle(world)
    for _ in range(5):
        made = complain(world.jo, about=id, language=language)
        do(world.jo, "close", LEGAL, id=made.id, outcome="lawful", reasons=REASONS)
    client = officer(world, "layla", "oversight", **{"accept-language": language})
    pages = "".join(
        client.get(f"/p/oversight.{path}").text
        for path in ("complaints", f"complaint?id={made.id}", f"trace?id={made.id}", "statistics", "account-requests")
    )
    for words in said:
        assert words in pages, words
    letter = client.get(f"/p/oversight.letter?id={made.id}&language={language}").text
    assert f'<article lang="{language}"' in letter
    assert "Rami Odeh" in letter
    if language == "ar":
        drawn = re.sub("<bdi.*?</bdi>|<[^>]+>|<option.*?</option>", " ", pages)
        assert not re.findall(r"[a-z]+_[a-z]+", drawn)  # no code of a closed list is left as it is


def test_the_chart_draws_what_the_table_says(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert(), HOME).id
    for _ in range(7):
        look(world.jo, id, ANALYST)
    client = officer(world, "layla", "oversight")
    page = client.get("/p/oversight.statistics").text
    assert re.search(r'<text class="degrees" x="306"[^>]*>7</text>', page)
    assert '<rect class="bar-of" x="300" y="5" width="400.0"' in page


def test_no_page_of_it_opens_to_anybody_else(world: World) -> None:
    made = complain(world.jo)
    for role in ("administrator", "analyst"):
        client = officer(world, f"no-{role}", role)
        for path in ("complaints", f"complaint?id={made.id}", f"trace?id={made.id}", "statistics"):
            assert client.get(f"/p/oversight.{path}").status_code == 403, path


def test_a_complaint_is_received_through_its_form(world: World) -> None:
    from tests.console.office import fill

    client = officer(world, "majed", "legal_officer")
    given = {"person": "Rami Odeh", "asks": "access", "grounds": "I was stopped twice", "language": "fr"}
    told = client.post("/p/oversight.complain", data=fill(client, "/p/oversight.complain", **given))
    assert told.status_code == 200, told.text
    assert "/p/oversight.complaint?id=JO-" in told.text
