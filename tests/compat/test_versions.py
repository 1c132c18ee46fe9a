"""The versions that nodes of today must be able to exchange with are named by commits that this history has."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import mithaq

ROOT = Path(__file__).parent.parent.parent


def test_each_version_is_a_commit_of_this_history_that_calls_itself_so() -> None:
    versions = tomllib.loads((Path(__file__).with_name("versions.toml")).read_text())["version"]
    assert mithaq.__version__ in [each["number"] for each in versions]
    for each in versions:
        assert len(each["commit"]) == 40
        if shutil.which("git") and (ROOT / ".git").exists() and _whole_history():
            shown = subprocess.run(
                ["git", "show", f"{each['commit']}:pyproject.toml"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            assert tomllib.loads(shown.stdout)["project"]["version"] == each["number"]


def _whole_history() -> bool:
    shallow = subprocess.run(
        ["git", "rev-parse", "--is-shallow-repository"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return shallow.stdout.strip() == "false"
