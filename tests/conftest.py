"""What every test shares: where the project's shared data is, and what a skip means in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mithaq import assembly
from mithaq.kernel.people import password
from tests.worlds import World, law_read_once, two_nations, words_read_once

ROOT = Path(__file__).parent.parent
ABSENT = "../shared is absent"


@pytest.fixture
def shared() -> Path:
    """The folder of public data beside the project; a test that needs it is skipped where it is absent."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip(ABSENT)
    return path


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With CI=true a skipped test is a failure, unless it needs what a user's machine does not have."""
    if os.environ.get("CI") != "true" or exitstatus not in (0, pytest.ExitCode.OK):
        return
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = [report for report in reporter.stats.get("skipped", ()) if ABSENT not in str(report.longrepr)]
    for report in skipped:
        reporter.write_line(f"skipped in CI: {report.nodeid}: {report.longrepr}", red=True)
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def quick_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are kept by the same function at a hundredth of its cost, but where its cost is what is tested."""
    if request.path.name != "test_password.py":
        monkeypatch.setattr(password, "MEMORY_KIB", 1024)
        monkeypatch.setattr(password, "PASSES", 1)


@pytest.fixture(autouse=True, scope="session")
def laws_are_read_once() -> Iterator[None]:
    """Homes of tests hold the same laws a thousand times: what was read of them is remembered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "load_law", law_read_once)
        patch.setattr(assembly, "load_vocabulary", words_read_once)
        yield


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two nations in one process."""
    with two_nations(tmp_path) as made:
        yield made
