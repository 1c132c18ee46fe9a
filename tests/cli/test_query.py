"""Asking, looking and speaking from a terminal: the same as everywhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from mithaq.cli.main import mithaq
from mithaq.config import Home, read_config, write_config
from mithaq.kernel.contact import Contact
from tests.worlds import alert, homes

ASK = (
    "intelligence", "query", "--to", "SA", "--identifiers", '[{"type": "plate", "value": "12-34567"}]', "--kinds",
    "vehicle", "--purpose", "drug_trafficking", "--case", "AMM-118", "--why", "the papers do not fit",
)  # fmt: skip


@pytest.fixture
def jo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(homes() / "jo", tmp_path / "jo"))


def run(home: Path, *words: str, fails: bool = False) -> Any:
    done = CliRunner().invoke(mithaq, ["--home", str(home), *words, "--json"])
    assert (done.exit_code != 0) is fails, done.output
    return done.exception if fails else json.loads(done.stdout)


def test_a_question_is_put_and_counted_and_its_card_is_printed(jo: Path) -> None:
    asked = run(jo, *ASK)
    assert asked["released"] == ["SA"]
    (row,) = run(jo, "intelligence", "queries")["items"]
    assert (row["key"], row["body"]["state"], row["body"]["within"]) == (asked["id"], "asked", "PT48H")
    assert [each["left"] for each in run(jo, "release", "quotas")] == [199, 200]
    card = run(jo, "intelligence", "card", asked["id"])
    assert (card["about"], card["hold_minutes"]) == ("question", 0)
    told = CliRunner().invoke(mithaq, ["--home", str(jo), "intelligence", "card", asked["id"]])
    assert "AMM-118" in told.output


def test_what_may_not_be_asked_is_refused_with_its_code(jo: Path) -> None:
    words = [word.replace("drug_trafficking", "customs_control") for word in ASK]
    assert run(jo, *words, fails=True).code == "no-clause"
    assert run(jo, "intelligence", "queries")["items"] == []


def test_what_is_said_is_recorded_and_whom_to_call_stands_in_the_settings(jo: Path) -> None:
    home = Home(jo)
    config = read_config(home)
    theirs = replace(config.partners["SA"], contacts=(Contact("liaison_officer", "+966 0 000 0000", "day and night"),))
    ours = (Contact("supervisor", "ext. 17"),)
    write_config(home, replace(config, contacts=ours, partners={"SA": theirs}))
    assert read_config(home).partners["SA"] == theirs
    assert read_config(home).contacts == ours
    given = jo / "alert.json"
    given.write_text(json.dumps(alert()))
    id = run(jo, "intelligence", "alert-vehicle", "--from", str(given))["id"]
    card = run(jo, "intelligence", "card", id)
    assert [(each["party"], each["role"]) for each in card["call"]] == [("JO", "supervisor")]
    said = run(jo, "release", "may-say", id, "--to", "SA", "--role", "duty_officer")
    assert {"plate", "colour"} <= {each["field"] for each in said["says"]}
    asked = run(jo, *ASK)
    called = [(each["party"], each["line"]) for each in run(jo, "intelligence", "card", asked["id"])["call"]]
    assert called == [("JO", "ext. 17"), ("SA", "+966 0 000 0000")]
