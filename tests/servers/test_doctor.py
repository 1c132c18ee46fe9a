"""The doctor finds what is wrong with a home, and says what to do, in three languages."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from mithaq.adapters.keystore.box import make_secret
from mithaq.cli.main import mithaq
from mithaq.config import Home
from mithaq.kernel.people.actor import HOME
from mithaq.servers import backup as backups
from mithaq.servers.doctor import Finding, examine, say
from tests.worlds import START, World, alert, two_nations

WORDS = json.loads((resources.files("mithaq.servers") / "doctor.json").read_bytes())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path / "world", files=True) as found:
        yield found


def home_of(world: World) -> Home:
    return world.rehearsal.nations["JO"].home


def found(world: World, *, after: timedelta = timedelta(), duties: list[Any] | None = None) -> dict[str, Finding]:
    told = world.jo.ask("node.status", {}, who=HOME)
    status = json.loads(msgspec.json.encode(told))
    return {each.code: each for each in examine(home_of(world), world.clock.now() + after, status, duties or [])}


def sql(world: World, statement: str) -> None:
    with sqlite3.connect(home_of(world).store) as store:
        store.execute(statement)
    store.close()


def test_a_home_without_faults_has_none_but_what_nobody_did_yet(world: World, tmp_path: Path) -> None:
    world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    world.step()
    backups.make(home_of(world), tmp_path / "place", make_secret(), world.clock.now())
    bad = {code: each.level for code, each in found(world).items() if each.level != "good"}
    assert bad.keys() <= {"partner", "serving", "disk"}, bad  # in this world nobody listens


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("update audit set act = 'nothing' where number = 1", "audit"),
        ("delete from audit where number = 1", "audit"),
        ("update edges set tiles = zeroblob(32) where link = 'JO>SA'", "log"),
        ("update journal set at = '2027-01-01T00:00:00Z' where position = 1", "clock"),
        ("update meta set value = '9' where name = 'schema'", "schema"),
    ],
)
def test_what_was_changed_in_the_store_is_found(world: World, statement: str, code: str) -> None:
    for n in range(3):
        world.jo.do("intelligence.alert-vehicle", alert(plate=f"P-{n}"), who=HOME).result()
        if n == 0:
            world.step()
    if code == "clock":
        statement = "update journal set at = '2027-01-01T00:00:00Z'"
    if code == "log":
        statement = "update edges set tiles = zeroblob(length(tiles)) where link = 'JO>SA'"
    sql(world, statement)
    assert found(world)[code].level == "act"


def test_keys_files_backups_and_duties_are_looked_at(world: World) -> None:
    assert found(world)["backup_none"].level == "act"
    home_of(world).keys.chmod(0o644)
    assert "keys.json" in found(world)["permissions"].about["files"]
    assert found(world, after=timedelta(days=820))["certificate"].level == "look"
    assert found(world, after=timedelta(days=840))["certificate"].level == "act"
    late = found(world, duties=[{"id": "review/JO-1", "due": (START - timedelta(days=1)).isoformat()}])
    assert late["duty_overdue"].level == "act"


def test_a_home_whose_store_is_gone_is_told_of_and_nothing_is_raised(world: World) -> None:
    world.jo.close()
    home_of(world).store.write_bytes(b"not a database")
    told = {each.code: each.level for each in examine(home_of(world), START, None, [])}
    assert told["look"] == "act"
    assert told["node"] == "act"
    home_of(world).settings.unlink()
    assert "home" in {each.code for each in examine(home_of(world), START, None, [])}
    shut = CliRunner().invoke(mithaq, ["--home", str(home_of(world).path), "doctor", "--lang", "ar"])
    assert shut.exit_code == 1
    world.jo.close = lambda: None  # type: ignore[method-assign]


def test_the_command_speaks_three_languages_and_json(world: World) -> None:
    world.jo.close()
    home = str(home_of(world).path)
    for language, word in (("ar", "نسخة"), ("en", "backup"), ("fr", "sauvegarde")):
        run = CliRunner().invoke(mithaq, ["--home", home, "doctor", "--lang", language])
        assert run.exit_code == 1
        assert word in run.output
    run = CliRunner().invoke(mithaq, ["--home", home, "doctor", "--json"])
    assert {"code", "level", "says", "do"} <= json.loads(run.output)[0].keys()
    world.open("JO")


@pytest.mark.parametrize("key", WORDS)
def test_every_finding_has_words_that_agree_and_says_what_to_do(key: str) -> None:
    asked = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in WORDS[key].values()]
    assert set(WORDS[key]) == {"ar", "en", "fr"}
    assert asked[0] == asked[1] == asked[2]
    for language in WORDS[key]:
        code, _, level = key.rpartition(".")
        what, do = say(Finding(code, level, dict.fromkeys(asked[0], "x")), language)  # type: ignore[arg-type]
        assert what
        assert bool(do) is (level != "good")
