"""What is installed beside Mithaq: packages that name a capability in entry-point group ``mithaq.capabilities``.

``installed`` only reads the small text files that installers leave on the module path: ``mithaq --help`` lists every
capability without importing one, and without ``importlib.metadata``, which alone would take a third of its time.
``load_foreign`` goes by ``importlib.metadata``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mithaq.errors import Clash, Invalid, NotFound

GROUP = "mithaq.capabilities"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def installed() -> dict[str, tuple[str, ...]]:
    """Every foreign capability by name, with the summary of each distribution that offers it (two are a clash)."""
    found: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for folder in _metadata():
        distribution = _normal(folder.name.rpartition(".")[0].partition("-")[0])
        if distribution in seen:  # an older copy behind it on the path
            continue
        seen.add(distribution)
        for name in _names(folder / "entry_points.txt"):
            found[name] = (*found.get(name, ()), _summary(folder) or f"from {distribution}")
    return dict(sorted(found.items()))


def load_foreign(name: str) -> tuple[object, str]:
    """What the entry point of that name leads to, and the package that it stands in.

    NotFound if there is none, Clash if there are two, Invalid with the reason if it cannot be imported.
    """
    from importlib.metadata import entry_points

    found = list(entry_points(group=GROUP, name=name))
    if not found:
        raise NotFound("capability", f"no capability {name!r} is installed")
    if len(found) > 1:
        offered = ", ".join(sorted(each.dist.name if each.dist else each.value for each in found))
        raise Clash("capability", f"two capabilities are called {name!r}: of {offered}", hint="uninstall one of them")
    try:
        return found[0].load(), found[0].module
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - the edge to code that is not ours: told in one line
        why = " ".join(f"it cannot be loaded: {type(problem).__name__}: {problem}".split())
        raise Invalid("capability", why, where=f"{GROUP} {name} = {found[0].value}") from None


def _metadata() -> Iterator[Path]:
    for place in dict.fromkeys(sys.path):
        try:
            yield from sorted(
                each for each in Path(place or ".").iterdir() if each.suffix in (".dist-info", ".egg-info")
            )
        except OSError:  # not a folder: nothing is installed there
            continue


def _names(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    section = re.search(rf"^\[{re.escape(GROUP)}\]$([^\[]*)", text, re.MULTILINE)
    for line in section[1].splitlines() if section else ():
        name = line.partition("=")[0].strip()
        if _NAME.fullmatch(name):  # no other can be loaded, nor be trusted to be shown
            yield name


def _summary(folder: Path) -> str:
    for file in ("METADATA", "PKG-INFO"):
        try:
            text = (folder / file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line in text.partition("\n\n")[0].splitlines():
            if line.lower().startswith("summary:"):
                summary = line.partition(":")[2].strip()
                return "".join(each if each.isprintable() else "\ufffd" for each in summary)
    return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
