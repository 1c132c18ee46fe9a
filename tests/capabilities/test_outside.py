"""The sample capability from outside the tree keeps to what ours keep to: instants, foreign fields, whole pages."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.shelves import Holding
from tests.samples.crossing import NOTICE, Crossing, crossing
from tests.samples.install import ANIMAL_HEALTH, install

OFFICER = Actor(id="officer-7", roles=("customs_officer",), by="session")


@pytest.fixture
def border(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crossing]:
    install(ANIMAL_HEALTH, tmp_path / "site", monkeypatch)
    with crossing(tmp_path / "homes") as made:
        yield made


def notify(border: Crossing, **changes: Any) -> str:
    return str(border.jo.do("animal-health.notify", {**NOTICE, **changes}, who=OFFICER).result().id)


def test_an_instant_of_a_notice_is_kept_in_the_one_spelling(border: Crossing) -> None:
    id = notify(border, time="2026-11-21T09:15:00+03:00")
    told = border.jo.ask("animal-health.consignment", {"id": id}, who=OFFICER)
    assert told.fields["time"] == "2026-11-21T06:15:00Z"
    with pytest.raises(Invalid) as refused:
        notify(border, time="2026-11-21T06:15:00.5Z")
    assert refused.value.where == "$.time"


def test_a_field_of_a_partner_that_is_no_text_stops_no_list(border: Crossing) -> None:
    fold = import_module("animal_health.views").fold
    id = notify(border)
    border.step()

    def odd(tx: Any) -> Any:
        held: Holding = tx.records.get(id)
        plain = canonical.decode(held.content, dict)
        plain["fields"] |= {"certificate": 7, "place": ["x"], "time": {"y": 1}}
        answers = {
            "get": lambda *_: replace(held, content=canonical.encode(plain)),
            "kind": lambda *_: held.kind,
        }
        records = type("Records", (), answers)()
        [entry] = [each for each in tx.journal.page() if each.what == "received"]
        return fold(entry, type("Some", (), {"records": records, "views": tx.views, "links": tx.links})())

    row = border.sa.store.write(odd).result()
    assert (row.key, row.title, row.time, row.place) == (id, "", "", "")


def test_a_page_is_as_long_as_asked_for_whatever_stands_between(border: Crossing, monkeypatch: Any) -> None:
    views = import_module("animal_health.views")
    ids = sorted(notify(border, certificate=f"JO-VET-{n}") for n in range(6))
    hidden, real = set(ids[:4]), views.readable
    monkeypatch.setattr(
        views, "readable", lambda desk, held, more: None if held.id in hidden else real(desk, held, more)
    )
    found = border.jo.ask("animal-health.consignments", {"limit": 2}, who=OFFICER)
    assert [each.id for each in found] == ids[4:]
