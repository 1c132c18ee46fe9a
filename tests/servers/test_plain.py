"""Everything in plain files: for those with the permission and a second person, as far as handling lets it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mithaq.errors import NotAllowed
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.servers import plain
from tests.kernel.people.staff import Staff
from tests.worlds import World, alert, two_nations

WHY = "the archive of the tenth year"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path / "world") as found:
        yield found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def exported(world: World, who: Actor, folder: Path, *, audit: bool = False) -> dict[str, int]:
    def ask(name: str, given: dict[str, Any]) -> Any:
        return msgspec.json.decode(msgspec.json.encode(world.jo.ask(name, given, who=who)))

    return plain.write(folder, ask, audit=audit, about={})


def allowed(world: World) -> tuple[Staff, Actor]:
    staff = Staff(world.jo, world.clock)
    staff.found()
    legal = staff.officer("layla", "legal_officer", "supervisor")
    other = staff.officer("omar", "legal_officer")
    waits = world.jo.do("export.allow", {"why": WHY}, who=legal).result()
    with pytest.raises(NotAllowed):
        world.jo.ask("export.page", {"part": "records"}, who=legal)
    world.jo.do("acts.approve", {"id": waits.waiting}, who=other).result()
    return staff, legal


def test_it_takes_two_people_and_every_page_is_audited(world: World, tmp_path: Path) -> None:
    own = world.jo.do("intelligence.alert-vehicle", alert(plate="=1+1"), who=HOME).result()
    world.step()
    staff, legal = allowed(world)
    found = exported(world, legal, tmp_path / "plain")
    assert found["records"] >= 1
    record = next(each for each in lines(tmp_path / "plain" / "records.ndjson") if each["record"] == own.id)
    assert record["origin"] == "JO"
    sent = [each for each in lines(tmp_path / "plain" / "links.ndjson") if each.get("content")]
    for each in sent:
        content, salt = each["content"].encode(), bytes.fromhex(each["salt"])
        assert hashlib.sha256(b"mithaq-entry/1\n" + salt + content).hexdigest() == each["entry"]
    assert [act for _, act, _ in staff.log()].count("export.page") >= 4
    assert lines(tmp_path / "plain" / "decisions.ndjson")[0]["to"] in ("SA", "IQ")
    with (tmp_path / "plain" / "records.csv").open() as file:
        table = list(csv.reader(file))
    assert len(table) == found["records"] + 1
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "@"))]
    for line in (tmp_path / "plain" / "SHA256SUMS").read_text().splitlines():
        sum, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "plain" / name).read_bytes()).hexdigest() == sum
    readme = (tmp_path / "plain" / "README.md").read_text()
    assert all(word in readme for word in ("ما في هذا المجلد", "What is in this folder", "Ce que contient"))


def test_what_a_partner_gave_for_nobody_else_is_named_and_left_out(world: World, tmp_path: Path) -> None:
    theirs = world.sa.do("intelligence.alert-vehicle", alert(plate="S-77", registered_in="SA"), who=HOME).result()
    world.step()
    with world.jo.store.read() as tx:
        held = tx.records.get(theirs.id)
    assert held is not None
    onward = json.loads(held.content)["handling"]["onward"]
    _, legal = allowed(world)
    exported(world, legal, tmp_path / "plain")
    told = [each for each in lines(tmp_path / "plain" / "records.ndjson") if each["record"] == theirs.id]
    assert onward == "never"
    assert [each.get("left_out") for each in told] == ["onward"]
    assert "S-77" not in "".join(path.read_text() for path in (tmp_path / "plain").iterdir())


def test_an_erased_record_is_named_and_nobody_else_exports_it(world: World, tmp_path: Path) -> None:
    own = world.jo.do("intelligence.alert-vehicle", alert(plate="GONE-1"), who=HOME).result()
    world.step()
    world.jo.store.write(lambda tx: tx.records.erase(own.id)).result()
    staff, legal = allowed(world)
    exported(world, legal, tmp_path / "plain")
    told = [each for each in lines(tmp_path / "plain" / "records.ndjson") if each["record"] == own.id]
    assert [each["left_out"] for each in told] == ["erased"]
    assert "GONE-1" not in "".join(path.read_text() for path in (tmp_path / "plain").iterdir())
    analyst = staff.officer("sami", "analyst")
    with pytest.raises(NotAllowed):
        world.jo.do("export.allow", {"why": WHY}, who=analyst).result()
    with pytest.raises(NotAllowed):
        world.jo.ask("export.page", {"part": "records"}, who=HOME)


def test_the_permission_ends_after_a_day(world: World, tmp_path: Path) -> None:
    _, legal = allowed(world)
    world.clock_on(25 * 3600)
    with pytest.raises(NotAllowed):
        world.jo.ask("export.page", {"part": "records"}, who=legal)
