"""Install Mithaq from this folder, without a network: ``python3 install.py /opt/mithaq``.

It needs Python 3.11 or newer with ``venv``, and nothing else. First every file is held against SHA256SUMS; compare the
digest of that file, which is printed, with what its makers read to you. The packages are then held against the hashes
of the lock.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def check() -> None:
    """Exit 1, naming the file, if one is not what it was, is lacking, or is there beyond what was listed."""
    listed = {}
    for line in (HERE / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    there = {str(path.relative_to(HERE)) for path in HERE.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    wrong = sorted(there ^ set(listed))
    wrong += [name for name in there & set(listed) if _digest(HERE / name) != listed[name]]
    if wrong:
        print(f"not what was packed: {', '.join(wrong)}", file=sys.stderr)
        raise SystemExit(1)
    print(f"SHA256SUMS {_digest(HERE / 'SHA256SUMS')}")


def install(target: Path) -> Path:
    """A virtual environment with Mithaq in it; where its command is."""
    venv.create(target, with_pip=True)
    python = target / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index"]
    wheels = ["--find-links", str(HERE / "wheels")]
    subprocess.run([*pip, *wheels, "--require-hashes", "-r", str(HERE / "requirements.lock")], check=True)
    own = next((HERE / "wheels").glob("mithaq-*.whl"))
    subprocess.run([*pip, "--no-deps", str(own)], check=True)
    return target / "bin" / "mithaq"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.version_info < (3, 11):
        raise SystemExit("python3 (3.11 or newer) install.py FOLDER")
    check()
    made = install(Path(sys.argv[1]))
    subprocess.run([str(made), "--version"], check=True)
