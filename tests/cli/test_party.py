"""Pausing, removing and taking back a partner through the command line, in homes that nobody serves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mithaq.cli.main import mithaq
from mithaq.cli.rehearsal import Rehearsal
from mithaq.config import read_config
from mithaq.errors import MithaqError
from tests.worlds import alert, homes


@pytest.fixture
def nations(tmp_path: Path) -> Rehearsal:
    shutil.copytree(homes(), tmp_path / "homes")
    return Rehearsal(tmp_path / "homes")


def run(nations: Rehearsal, *words: str) -> Any:
    home = nations.nations["JO"].home.path
    result = CliRunner().invoke(mithaq, ["--home", str(home), *words, "--json"])
    if isinstance(result.exception, MithaqError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_pause_and_its_end(nations: Rehearsal) -> None:
    assert run(nations, "party", "pause", "SA", "--reason", "maintenance")["paused"]
    [found] = run(nations, "party", "standing")
    assert (found["ours"], found["reason"], found["told"]) == ("paused", "maintenance", False)
    assert not run(nations, "party", "resume", "SA")["paused"]
    assert run(nations, "party", "standing")[0]["ours"] == "open"


def test_a_partner_is_forgotten_only_once_removed_and_its_card_does_not_take_it_back(nations: Rehearsal) -> None:
    nations.nations["JO"].do("intelligence.alert-vehicle", alert())
    with pytest.raises(MithaqError, match="not removed"):
        run(nations, "party", "forget", "SA")
    assert run(nations, "party", "remove", "SA", "--reason", "political")["stopped"] == [1]
    settings = read_config(nations.nations["JO"].home).partners["SA"]
    assert run(nations, "party", "forget", "SA") == {"party": "SA", "forgotten": True}
    assert run(nations, "party", "standing") == []
    card = str(nations.nations["SA"].home.card)
    run(nations, "party", "trust", card, "--fingerprint", settings.fingerprint, "--url", settings.url)
    assert run(nations, "party", "standing")[0]["ours"] == "removed"
    with pytest.raises(MithaqError, match="removed by us"):
        run(nations, "bundle", "write", "SA", "--out", str(nations.nations["JO"].home.path / "x.bundle"))
    waits = run(nations, "party", "readmit", "SA")
    assert waits["outcome"] == "waits"


def test_links_are_told_by_their_witnesses_and_a_policy_needs_a_cosignature(nations: Rehearsal) -> None:
    assert run(nations, "link", "witnesses") == []  # the example agreement asks for none
    with pytest.raises(MithaqError, match="no keys of SA"):
        run(nations, "link", "policy", "JO", "SA")
    assert run(nations, "link", "cosign-again", "SA")["cosigning"]
