"""The rules of the repository that a machine can check."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import mithaq

ROOT = Path(__file__).parent.parent
REGISTRIES = "|".join(("py" + "pi", "python" + "hosted", "npm" + "js", "deb.deb" + "ian", "crates" + r"\.io"))


def tracked() -> list[Path]:
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        return [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in (ROOT / "src").rglob("*") if path.is_file()]  # an unpacked source archive


@pytest.mark.parametrize("path", tracked(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_names_no_machine_and_no_registry(path: Path) -> None:
    if path.exists() and path.suffix not in {".bundle", ".jpg", ".png"}:
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"({REGISTRIES})\.(org|com|net)", text)
        assert not re.search(r"(^|[^A-Za-z0-9_.])/(work|farm|root)/", text)


def test_locks_carry_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text


def test_every_dependency_has_a_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = (ROOT / "docs" / "dependencies.md").read_text()
    groups = project["dependency-groups"]
    for requirement in [*project["project"]["dependencies"], *groups["dev"]]:
        name = re.split(r"[>=<\[ ]", requirement)[0]
        assert f"| {name} |" in lines, name


def test_the_changelog_speaks_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == mithaq.__version__
    assert f"## {mithaq.__version__}" in (ROOT / "CHANGELOG.md").read_text()
