"""The first start: whoever holds the home makes the one-time link by which the nation's first administrator begins."""

from __future__ import annotations

from msgspec import Struct

from mithaq.errors import Clash, NotAllowed
from mithaq.kernel.node import Node
from mithaq.kernel.node_act import NodeAct
from mithaq.kernel.people.actor import Actor


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class FirstLink(Struct, frozen=True):
    """The secret of the invitation. It is told this once."""

    invitation: str


def first_link(node: Node, _: Nothing, who: Actor) -> FirstLink:
    """An invitation for the first administrator. Clash if there is one, or a link that is still good."""
    if who.by == "token":
        raise NotAllowed("program", "people.first-link is not for a program")
    secret = node.door.first_link(node.clock.now())
    if secret is None:
        raise Clash("first", "there is an administrator, or one is invited already", hint="see people.list")
    return FirstLink(secret)


FIRST_LINK = NodeAct(
    "people.first-link", "make the one-time link for the first administrator", Nothing, FirstLink, first_link,
    ("administrator",),
)  # fmt: skip
