"""An act with the node itself, which no desk could do: it seals, takes or decodes, and not within one transaction.

Called as a command is: the same permission, an audit line before anything is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mithaq.kernel import canonical
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import Actor


class NodeAct(Struct, frozen=True):
    """What it takes and gives, and who may by default. ``about``: the field of its input that the audit log names."""

    name: str
    summary: str
    takes: type[Struct]
    gives: Any
    run: Callable[[Node, Any, Actor], Any]
    roles: tuple[str, ...]
    about: str = "party"

    def do(self, node: Node, given: object, *, who: Actor) -> Any:
        """Do it. NotAllowed, which is audited, if the actor may not."""
        taken = canonical.fit(given, self.takes)
        subject = str(getattr(taken, self.about, ""))
        actor, at = node.permit(who, self, subject), node.clock.now()
        node.store.write(lambda tx: tx.audit.add(at=at, who=actor.id, act=self.name, subject=subject)).result()
        return self.run(node, taken, actor)
