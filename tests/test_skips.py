"""With CI=true a skipped test fails the run, unless its reason is that ../shared is absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.mark.parametrize(
    ("ci", "reason", "passes"),
    [("true", "no time", False), ("true", "../shared is absent", True), ("", "no time", True)],
)
def test_a_skip_in_ci(tmp_path: Path, ci: str, reason: str, passes: bool) -> None:
    (tmp_path / "conftest.py").write_text(without_worlds(CONFTEST.read_text()))
    (tmp_path / "test_one.py").write_text(f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "CI": ci, "PYTHONPATH": str(CONFTEST.parent.parent)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (run.returncode == 0) is passes, run.stdout


def without_worlds(text: str) -> str:
    """The conftest without its fixture of two nations, which lives beside it."""
    return text.replace("from tests.worlds import World, two_nations", "").partition(
        "\n\n\n@pytest.fixture\ndef world"
    )[0]
