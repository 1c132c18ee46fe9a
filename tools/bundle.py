"""An installation that needs no network: wheels for the lock, ours among them, an SBOM, checksums and a script.

    python tools/bundle.py --out dist            makes dist/mithaq-<version>-bundle.tar
    tar xf mithaq-…-bundle.tar; cd mithaq-…; python3 install.py /opt/mithaq

Making one needs the packages of the lock once; every file is held against the hashes in it, here and where it is
installed. The wheels are for this machine's Python and platform: make the bundle on one like those that install it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def locked(text: str) -> dict[str, tuple[str, list[str]]]:
    """Name to (version, hashes), of a lock file."""
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for line in text.splitlines():
        if pin := _PIN.match(line):
            name = pin[1].lower().replace("_", "-")
            found[name] = (pin[2], [])
        if name:
            found[name][1].extend(_HASH.findall(line))
    return found


def sbom(version: str, wheels: list[Path]) -> dict[str, Any]:
    """What is in the bundle, as CycloneDX 1.6: one component a wheel, with the hash of the very file."""
    components = []
    for wheel in sorted(wheels):
        name, release = wheel.name.split("-")[:2]
        plain = name.lower().replace("_", "-")
        components.append(
            {
                "type": "library", "name": plain, "version": release, "bom-ref": f"{plain}@{release}",
                "hashes": [{"alg": "SHA-256", "content": _digest(wheel)}],
                "purl": f"pkg:pypi/{plain}@{release}",
            }
        )  # fmt: skip
    described = {"type": "application", "name": "mithaq", "version": version, "bom-ref": f"mithaq@{version}"}
    own = [each for each in components if each["name"] != "mithaq"]
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": described},
        "components": own,
        "dependencies": [{"ref": f"mithaq@{version}", "dependsOn": [each["bom-ref"] for each in own]}],
    }  # fmt: skip


def make(out: Path) -> Path:
    """The bundle as a tar, the same bytes for the same wheels."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    name = f"mithaq-{version}"
    with tempfile.TemporaryDirectory(prefix="mithaq-bundle-") as folder:
        root, wheels = Path(folder) / name, Path(folder) / name / "wheels"
        wheels.mkdir(parents=True)
        lock = ROOT / "requirements.lock"
        _pip("download", "--require-hashes", "--only-binary", ":all:", "--dest", str(wheels), "-r", str(lock))
        _pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
        (root / "sbom.json").write_text(json.dumps(sbom(version, list(wheels.iterdir())), indent=1) + "\n")
        shutil.copy(lock, root / "requirements.lock")
        shutil.copy(ROOT / "tools" / "install.py", root / "install.py")
        for each in ("LICENSE", "NOTICE"):
            shutil.copy(ROOT / each, root / each)
        shutil.copytree(ROOT / "docs", root / "docs")
        shutil.copytree(ROOT / "packaging", root / "packaging")
        files = sorted(path for path in root.rglob("*") if path.is_file())
        sums = "".join(f"{_digest(path)}  {path.relative_to(root)}\n" for path in files)
        (root / "SHA256SUMS").write_text(sums)
        out.mkdir(parents=True, exist_ok=True)
        target = out / f"{name}-bundle.tar"
        _tar(root, target)
    return target


def _tar(root: Path, target: Path) -> None:
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(each for each in root.rglob("*") if each.is_file()):
            data = path.read_bytes()
            named = tarfile.TarInfo(f"{root.name}/{path.relative_to(root)}")
            named.size, named.mode, named.mtime = len(data), 0o644, 0
            tar.addfile(named, io.BytesIO(data))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    print(make(parser.parse_args().out))
