"""Permissions that belong to no command or question: what a node serves beside them. Given and taken as all others."""

from __future__ import annotations

from msgspec import Struct

from mithaq.kernel.people.roles import OPERATIONAL


class Served(Struct, frozen=True):
    """What is served, by its name as a permission, and the roles that hold it by default."""

    name: str
    roles: tuple[str, ...]


FOLLOW = Served("events", (*OPERATIONAL, "oversight"))
"""To follow what happens at home, entry by entry of the journal."""
FIGURES = Served("metrics", ("administrator", "oversight"))
"""To read the node's figures."""
SERVED: dict[str, Served] = {each.name: each for each in (FOLLOW, FIGURES)}
