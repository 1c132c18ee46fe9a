"""``mithaq new capability``: what it writes is in house style, passes its own tests, and works in a node."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mithaq.assembly import init_home
from mithaq.cli.main import mithaq
from mithaq.config import Config, Home
from mithaq.errors import MithaqError
from tests.samples.install import ROOT, install
from tests.worlds import START

NAME = "wild-fire"


def new(folder: Path, name: str = NAME) -> Result:
    result = CliRunner().invoke(mithaq, ["new", "capability", name, "--dir", str(folder), "--json"])
    if isinstance(result.exception, MithaqError):
        raise result.exception
    return result


def check(*words: str, within: Path) -> None:
    run = subprocess.run([sys.executable, "-m", *words], cwd=within, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_it_says_what_it_wrote(tmp_path: Path) -> None:
    files = json.loads(new(tmp_path).stdout)["files"]
    assert {"pyproject.toml", "README.md", "src/wild_fire/records.py", "src/wild_fire/commands.py"} <= set(files)
    assert {"src/wild_fire/views.py", "src/wild_fire/pages.py", "tests/test_wild_fire.py"} <= set(files)
    assert all((tmp_path / NAME / each).is_file() for each in files)
    written = [each + (tmp_path / NAME / each).read_text() for each in files]
    assert not any(re.search("@[A-Za-z]+@", text) for text in written)


@pytest.mark.parametrize("name", [NAME, "x", "a-long-name-of-thirty-two-letters"[:32].strip("-")])
def test_it_is_in_house_style(tmp_path: Path, name: str) -> None:
    new(tmp_path, name)
    rules = str(ROOT / "pyproject.toml")
    check("ruff", "format", "--check", "--no-cache", ".", within=tmp_path / name)
    check("ruff", "check", "--no-cache", ".", within=tmp_path / name)
    check("ruff", "check", "--no-cache", "--config", rules, "--config", "src=['src']", "src", within=tmp_path / name)


def test_its_types_hold(tmp_path: Path) -> None:
    new(tmp_path)
    cache = str(ROOT / ".mypy_cache" / "new")
    check("mypy", "--cache-dir", cache, within=tmp_path / NAME)


def test_its_own_tests_pass_and_a_node_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new(tmp_path)
    install(tmp_path / NAME, tmp_path / "site", monkeypatch)
    check("pytest", "-q", "-p", "no:cacheprovider", within=tmp_path / NAME)
    home = Home(tmp_path / "home")
    init_home(home, Config(party="KW", names={"en": "Kuwait"}, capabilities=(NAME,)), at=START)
    words = ["--subject", "smoke", "--place", "31.49,36.99", "--time", "2026-11-20T04:10:33Z", "--purpose",
             "border_control"]  # fmt: skip
    stated = CliRunner().invoke(mithaq, ["--home", str(home.path), NAME, "state-report", *words, "--json"])
    listed = CliRunner().invoke(mithaq, ["--home", str(home.path), NAME, "reports"])
    assert json.loads(stated.stdout)["id"] in listed.stdout
    assert "smoke" in listed.stdout


@pytest.mark.parametrize(
    "name",
    ["Wild-fire", "wild_fire", "wild--fire", "fire-", "1fire", "حريق", "a" * 33, "../fire", "import", "intelligence",
     "mithaq", "node", "law", "demo"],
)  # fmt: skip
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(MithaqError):
        new(tmp_path / "here", name)
    assert not (tmp_path / "here").exists()


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "README.md").write_text("ours")
    with pytest.raises(MithaqError, match="something here already"):
        new(tmp_path)
    assert (tmp_path / NAME / "README.md").read_text() == "ours"
