"""``mithaq new capability NAME``: a package that works as it is written, to be changed into what is needed."""

from __future__ import annotations

import keyword
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from mithaq.cli.common import json_option
from mithaq.cli.show import emit
from mithaq.errors import Clash, Invalid

LONGEST = 32
_TEMPLATE = ".in"  # so that nothing takes a template for a module


@click.group()
def new() -> None:
    """Begin something: a capability of your own."""


@new.command()
@click.argument("name")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=".", help="Where to put it. Default: here.")
@json_option
def capability(name: str, folder: Path, as_json: bool) -> None:
    """Write a package NAME that brings a capability: records, commands, a view, pages and tests that pass.

    NAME is lower-case words joined by dashes: animal-health.
    """
    check_name(name)
    made = write_capability(name, folder / name)
    text = f"{folder / name}: {len(made)} files\n  next: pip install -e {folder / name}, then add {name!r} to node.toml"
    emit({"dir": str(folder / name), "files": made}, as_json=as_json, text=text)


def check_name(name: str) -> None:
    """Invalid or Clash unless a new capability may be called this."""
    from mithaq.capabilities import BUILT_IN, RESERVED
    from mithaq.kernel.declaration import NAME

    if not NAME.fullmatch(name) or len(name) > LONGEST:
        hint = "such as animal-health"
        raise Invalid("name", f"lower-case words joined by dashes, at most {LONGEST} letters", where=name, hint=hint)
    if keyword.iskeyword(_module(name)) or _module(name) == "mithaq":
        raise Invalid("name", "Python keeps this word for itself", where=name, hint="add a word")
    if name in RESERVED or name in BUILT_IN:
        raise Clash("name", "Mithaq has something of this name", where=name, hint="choose another")


def write_capability(name: str, folder: Path) -> list[str]:
    """The files of a new capability in a new folder; their names. Clash if the folder is there already."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Clash("folder", "there is something here already", where=str(folder), hint="use another --dir") from None
    except OSError as problem:
        raise Invalid("folder", f"cannot be made: {problem.strerror}", where=str(folder)) from None
    made = []
    for path, text in _templates(resources.files("mithaq") / "scaffold", ""):
        target = folder / _fill(path, name).removesuffix(_TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_fill(text, name), encoding="utf-8")
        made.append(str(target.relative_to(folder)))
    return made


def _templates(folder: Traversable, path: str) -> list[tuple[str, str]]:
    found = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        here = f"{path}{each.name}"
        if each.is_dir():
            found += _templates(each, f"{here}/")
        elif here.endswith(_TEMPLATE):
            found.append((here, each.read_text(encoding="utf-8")))
    return found


def _fill(text: str, name: str) -> str:
    """A template with the name in each of its spellings: wild-fire, wild_fire, WildFire, wild fire."""
    words = name.split("-")
    spellings = {
        "@name@": name,
        "@module@": _module(name),
        "@MODULE@": _module(name).upper(),
        "@Name@": "".join(word.capitalize() for word in words),
        "@words@": " ".join(words),
    }
    for mark, spelling in spellings.items():
        text = text.replace(mark, spelling)
    return text


def _module(name: str) -> str:
    return name.replace("-", "_")
