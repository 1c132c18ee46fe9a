"""What a node says by itself in a matter: drafted, signed and addressed in one go, where no official has to."""

from __future__ import annotations

from typing import Any

from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.matter.desk import ToDraft, ToState, draft, say


def speak(desk: Desk, kind: str, says: str, matter: str | None = None, **terms: Any) -> str:
    """Say it, and give the matter. NotAllowed if it would have no effect."""
    drafted = draft(desk, ToDraft(says, matter, kind, None, canonical.plain(terms)), by_node=True)
    return say(desk, ToState(drafted.envelope)).matter
