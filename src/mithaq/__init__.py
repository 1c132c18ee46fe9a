"""Mithaq: border agencies of neighbouring states working together, each under its own law."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mithaq.kernel.node import Node

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(home: str) -> Node:
    """The node that lives in this home folder. Whoever opens it closes ``node.store``."""
    from pathlib import Path

    from mithaq.assembly import open_home
    from mithaq.config import Home

    return open_home(Home(Path(home)))
