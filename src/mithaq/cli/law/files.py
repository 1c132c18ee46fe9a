"""Files of law that a command names: a path, or the bare name of an example that Mithaq ships."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from mithaq.assembly import read_law
from mithaq.config import Home
from mithaq.errors import Invalid, MithaqError
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary
from mithaq.lib.nearest import did_you_mean

vocabulary_option = click.option(
    "--vocabulary", "words", metavar="FILE", help="The words. Default: this node's, else the shipped ones."
)
floor_option = click.option("--floor", metavar="FILE", help="The floor. Default: this node's, else the shipped one.")


def find(name: str) -> Path:
    """The file at this path, else the shipped example of this name; Invalid names those there are."""
    path = Path(name)
    if path.exists():
        return path
    shipped = {each.name.removesuffix(".json"): each for each in resources.files("mithaq.laws").iterdir()}
    example = shipped.get(name.removesuffix(".json"))
    if example is None or not example.name.endswith(".json"):
        names = sorted(each for each, file in shipped.items() if file.name.endswith(".json"))
        hint = did_you_mean(name, names) or f"a file, or one of {', '.join(names)}"
        raise Invalid("file", "no such file", where=name, hint=hint)
    return Path(str(example))


def read_words(home: Home, given: str | None) -> Vocabulary:
    """The vocabulary that was named, else this node's, else the shipped one."""
    path = find(given) if given is not None else _own(home, "vocabulary.json")
    try:
        return load_vocabulary(path.read_bytes())
    except MithaqError as problem:
        raise problem.at(str(path)) from None
    except OSError as problem:
        raise Invalid("file", f"cannot be read: {problem.strerror}", where=str(path)) from None


def read_floor(home: Home, given: str | None, words: Vocabulary) -> Law:
    """The floor that was named, else this node's, else the shipped one."""
    return read_text(find(given) if given is not None else _own(home, "floor.json"), words)


def read_text(path: Path, words: Vocabulary) -> Law:
    """The law in a file; every error is one of ours and names the file."""
    try:
        return read_law(path, words)
    except OSError as problem:
        raise Invalid("file", f"cannot be read: {problem.strerror}", where=str(path)) from None


def _own(home: Home, name: str) -> Path:
    own = home.law / name
    return own if own.exists() else find(name)
