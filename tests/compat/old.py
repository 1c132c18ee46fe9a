"""A node of an earlier version: an environment of its own, made from this history and its own lock file."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import msgspec

ROOT = Path(__file__).parent.parent.parent
UV = Path(sys.executable).parent / "uv"


class Version(msgspec.Struct, frozen=True):
    """A version that nodes of today exchange with, by the commit that ended it."""

    number: str
    commit: str
    speaks: tuple[str, ...]


def versions() -> list[Version]:
    text = Path(__file__).with_name("versions.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["version"], list[Version])


def is_in_history(version: Version) -> bool:
    """Whether its commit is here: not in an unpacked archive, nor in a shallow copy of the history."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return False
    asked = ["git", "cat-file", "-e", f"{version.commit}^{{commit}}"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, check=False).returncode == 0


def environment(version: Version) -> Path:
    """The virtual environment that has exactly this version. Made once for this machine, whole or not at all."""
    place = Path(tempfile.gettempdir()) / f"mithaq-compat-{version.commit[:12]}"
    handle = os.open(place.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # other workers of this run wait for the one that makes it
        if not (place / "bin" / "python").exists():
            shutil.rmtree(place, ignore_errors=True)  # what is there was made for a Python that is gone
            _make(version, place)
    finally:
        os.close(handle)
    assert place.stat().st_uid == os.getuid(), f"{place} was made by somebody else"
    return place


def python(place: Path) -> tuple[str, ...]:
    """How its Python is called so that it sees its own packages only, whatever the caller's variables say."""
    return str(place / "bin" / "python"), "-I"


def laws(place: Path) -> Path:
    """The laws that this version ships."""
    (found,) = place.glob("lib/python*/site-packages/mithaq/laws")
    return found


def _make(version: Version, place: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{place.name}-", dir=place.parent) as folder:
        source, fresh = Path(folder) / "source", Path(folder) / "environment"
        packed = _run("git", "archive", "--format=zip", version.commit, cwd=ROOT)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(source)
        _run(str(UV), "venv", "--quiet", "--python", sys.executable, str(fresh))
        install = (str(UV), "pip", "install", "--quiet", "--python", str(fresh / "bin" / "python"))
        _run(*install, "--require-hashes", "-r", str(source / "requirements.lock"))
        _run(*install, "--no-deps", str(source))
        fresh.rename(place)


def _run(*command: str, cwd: Path | None = None) -> bytes:
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode(errors='replace')}"
    return done.stdout
