"""What crosses a link although one side has paused or removed the other: the Charter's statements, and nothing else.

That it was paused, removed or taken back; that a record is recalled, so that nobody acts on what is wrong; that one was
deleted, held or passed on, which its origin is owed; and new keys, so that a lost one harms nobody. They are told in
both directions. No release and no other matter is among them; nor is what was done on a record.
"""

from __future__ import annotations

import json

from mithaq.errors import MithaqError
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.matter.said import read_said

CROSSES: dict[str, tuple[str, ...]] = {
    "matter.link": (),
    "matter.record": (),
    "matter.holding": ("deleted", "held", "freed", "passed_on"),
}
"""Kinds of matter of the Charter, in every version, and which of their verbs cross (none named: all)."""


def crosses(content: bytes) -> bool:
    """Whether a message, by its exact bytes, is one of those statements."""
    try:
        message = json.loads(content)
        what, body = message["what"], message["body"]
        if what != "statement" or len(body) != 1:
            return False
        if "manifest" in body or "revocation" in body:
            return True
        said = read_said(body["statement"].encode())
        verbs = CROSSES.get(said.kind.rpartition("/")[0])
        return verbs is not None and (not verbs or said.says in verbs)
    except (MithaqError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def only(delivery: Delivery) -> bool:
    """Whether a delivery carries nothing else: such statements, and numbers without their messages. Not a question."""
    told = (one.content is None or crosses(one.content.encode()) for one in delivery.messages)
    return bool(delivery.messages) and all(told)
