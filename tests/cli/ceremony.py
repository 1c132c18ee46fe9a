"""A ceremony in short: a home, and custodians of whom two of three sign what it asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from mithaq.adapters.keystore.personal import PersonalKey
from mithaq.cli.main import mithaq
from mithaq.config import Home
from mithaq.kernel.manifest import Manifest, read_manifest, read_root
from mithaq.kernel.party import read_identity

PHRASE = "correct horse battery"


def run(*words: object, typed: str = "") -> Result:
    """A command as it would be typed; errors of ours are raised, others fail the test."""
    result = CliRunner().invoke(mithaq, [str(word) for word in words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told_json(*words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*words, "--json").stdout)
    return found


class Nation:
    """A home, and three custodians of whom two sign."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder, self.home = folder, home
        self.phrase = folder / "phrase"
        self.phrase.write_text(PHRASE + "\n")
        self.custodians = [folder / f"{n}.key" for n in range(3)]
        for path in self.custodians:
            PersonalKey.create(path, PHRASE.encode(), path.stem)
        self.root = folder / "root.json"
        publics = [path.with_suffix(".public.json") for path in self.custodians]
        run("keys", "root", *publics, "--party", "JO", "--need", 2, "--out", self.root)

    def keys(self, *words: object) -> dict[str, Any]:
        return told_json("--home", self.home.path, "keys", *words)

    def request(self, name: str, *words: object) -> Path:
        path = self.folder / name
        first = [] if read_identity(self.home.card.read_bytes()).root else ["--root", self.root]
        self.keys("request", "--out", path, *first, *words)
        return path

    def approve(self, *files: Path, by: tuple[int, ...] = (0, 1)) -> None:
        for n in by:
            given = ("--key", self.custodians[n], "--passphrase-file", self.phrase, "--root", self.root, "--yes")
            told_json("keys", "approve", *files, *given)

    def install(self, *files: object) -> dict[str, Any]:
        return self.keys("install", *files)

    def rooted(self, *words: object) -> Path:
        first = self.request("manifest-1.json", *words)
        self.approve(first)
        self.install(first, "--root", self.root)
        return first

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.home.manifest.read_bytes(), read_root(self.root.read_bytes()))
