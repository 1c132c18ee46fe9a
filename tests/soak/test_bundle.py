"""The bundle installs into a fresh environment without any network, and what was changed in it is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tools import bundle

pytestmark = pytest.mark.soak
NOWHERE = {
    "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9", "PATH": os.environ["PATH"], "HOME": "/nonexistent",
}  # fmt: skip


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    with tarfile.open(bundle.make(folder)) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def installed(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "install.py"), str(target)]
    return subprocess.run(command, env=NOWHERE, capture_output=True, text=True, check=False)


def test_it_installs_without_a_network_and_makes_a_node(unpacked: Path, tmp_path: Path) -> None:
    run = installed(unpacked, tmp_path / "venv")
    assert run.returncode == 0, run.stderr
    mithaq = tmp_path / "venv" / "bin" / "mithaq"
    made = subprocess.run(
        [str(mithaq), "--home", str(tmp_path / "home"), "node", "init", "JO"], env=NOWHERE, check=False
    )
    assert made.returncode == 0


def test_the_list_of_contents_names_every_wheel_with_its_hash(unpacked: Path) -> None:
    listed = json.loads((unpacked / "sbom.json").read_bytes())
    named = {each["name"] for each in listed["components"]}
    needed = set(bundle.locked((unpacked / "requirements.lock").read_text()))
    assert named <= needed
    assert len(named) == len(list((unpacked / "wheels").glob("*.whl"))) - 1


def test_a_changed_wheel_is_refused(unpacked: Path, tmp_path: Path) -> None:
    wheel = next((unpacked / "wheels").glob("click-*.whl"))
    good = wheel.read_bytes()
    wheel.write_bytes(good + b"x")
    try:
        run = installed(unpacked, tmp_path / "venv")
    finally:
        wheel.write_bytes(good)
    assert run.returncode == 1
    assert wheel.name in run.stderr
