"""Installing a package of this repository for a test, as an installer would leave it: its code and its metadata."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ANIMAL_HEALTH = ROOT / "examples" / "animal-health"


def metadata(package: Path, folder: Path) -> Path:
    """A folder for the module path that says what the package's pyproject says: its name and its entry points."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    lines = ("Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}",
             f"Summary: {project['description']}")  # fmt: skip
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))
    return folder


def install(package: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package for this process, and for those that it starts."""
    path = [str(package / "src"), str(metadata(package, folder))]
    for each in path:
        monkeypatch.syspath_prepend(each)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*path, *filter(None, sys.path)]))
