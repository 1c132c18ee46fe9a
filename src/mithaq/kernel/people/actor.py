"""Who acts: a person, a program, or whoever holds the node's home. Known before anything is done or told.

The id of an actor stays at home: in the audit log, in held acts, in sessions. What crosses a border names a nation, and
a role where a role is needed.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.kernel.people.roles import EVERYONE


class Actor(Struct, frozen=True, kw_only=True):
    """``by`` is how the actor was made known: a session after sign-in, a program's token, the home itself."""

    id: str
    roles: tuple[str, ...] = ()
    agency: str | None = None
    authority: str | None = None
    by: Literal["session", "token", "home", "node"]
    session: str = ""


HOME = Actor(id="home", roles=EVERYONE, by="home")
"""Whoever holds the files of the home, and so could read the store itself. Stands in for every role until the nation
has an administrator of its own; from then on an administrator only."""

NODE = Actor(id="node", by="node")
"""The node itself: what it does by the clock or because a partner's message came."""
