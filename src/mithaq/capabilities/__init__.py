"""The capabilities of a node, by name: those that come with Mithaq, and those of other packages by entry point.

A foreign one is whatever ``[project.entry-points."mithaq.capabilities"]`` of an installed package names. Both are
loaded when they are used, held to the same rules (``kernel/declaration.py``), and use the same plug.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from mithaq.capabilities.installed import installed, load_foreign
from mithaq.errors import Clash, Invalid, MithaqError, NotFound
from mithaq.lib.nearest import nearest

if TYPE_CHECKING:
    from mithaq.kernel.plug import Capability

BUILT_IN = {"intelligence": "alerts: raise, correct, look up, import, export"}
"""Name and summary of each that comes with Mithaq; it is a package here."""

ALWAYS = {"oversight": "who saw what, on both sides; complaints, corrections and redress; statistics"}
"""Those that every node has, whatever its configuration says: nobody who runs a node can leave them out."""

RESERVED = frozenset({
    "act", "acts", "adoption", "attachment", "audit", "backup", "bundle", "core", "demo", "doctor", "duty", "events",
    "exercise", "export", "gate", "import", "key", "keys", "law", "link", "matter", "mithaq", "new", "node",
    "oversight", "party", "people", "plain", "preview", "record", "release", "session", "sign-in", "sign-out",
    "standby", "statement", "token", "view", "why", "witness",
})  # fmt: skip
"""What no capability may be called: words of the command line, and of what every node answers."""


def known() -> dict[str, str]:
    """Every capability that can be loaded, with its summary in a line. None of them is imported for it."""
    foreign = {name: summaries[0] for name, summaries in installed().items()}
    return {**foreign, **BUILT_IN}


def load(name: str) -> Capability:
    """The capability of that name. NotFound, naming what is installed; Clash; or Invalid with the place.

    One from outside is checked each time it is loaded; ours are checked by our tests.
    """
    from mithaq.kernel.core import core
    from mithaq.kernel.declaration import check, check_together
    from mithaq.kernel.plug import Capability

    if name in ALWAYS:
        found = import_module(f"mithaq.capabilities.{name}").capability
        assert isinstance(found, Capability)  # noqa: S101 - our own module
        return found
    if name in RESERVED:
        raise Clash("capability", "Mithaq keeps this name for itself", where=name, hint="rename the capability")
    loaded, package = _found(name)
    if name in BUILT_IN and isinstance(loaded, Capability):
        return loaded
    if not isinstance(loaded, Capability):
        raise Invalid("capability", f"{package} holds no Capability", where=name, hint="see docs/capability.md")
    if loaded.name != name:
        raise Invalid("capability", f"it calls itself {loaded.name!r}", where=name, hint="one name in both places")
    try:
        check(loaded, package)
    except MithaqError as problem:
        raise problem.at(f"capability {name}") from None
    check_together((core, *map(load, ALWAYS), loaded))
    return loaded


def load_all(names: Iterable[str]) -> tuple[Capability, ...]:
    """These capabilities after those that every node has. Clash if one takes a name of another, or is named twice."""
    from mithaq.kernel.declaration import check_together

    found = tuple(load(name) for name in (*ALWAYS, *(name for name in names if name not in ALWAYS)))
    check_together(found)
    return found


def _found(name: str) -> tuple[object, str]:
    if name not in BUILT_IN:
        try:
            return load_foreign(name)
        except NotFound as problem:
            there = known()
            near = nearest(name, there)
            meant = f"did you mean {near!r}? " if near else ""
            raise NotFound(problem.code, problem.message, hint=f"{meant}installed: {', '.join(there)}") from None
    if name in installed():
        raise Clash("capability", f"an installed package brings another {name!r}", hint="uninstall it, or rename it")
    package = f"mithaq.capabilities.{name}"
    return import_module(package).capability, package
