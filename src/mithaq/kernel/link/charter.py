"""What crosses a link although one side has paused or removed the other: the Charter's statements, and nothing else.

That it was paused, removed or taken back; that a record is recalled, so that nobody acts on what is wrong; and new
keys, so that a lost one harms nobody. They are told in both directions. No release and no other matter is among them.
"""

from __future__ import annotations

import json

from mithaq.errors import MithaqError
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.matter.said import read_said

CROSSES = ("matter.link", "matter.record")
"""Kinds of matter of the Charter, in every version."""


def crosses(content: bytes) -> bool:
    """Whether a message, by its exact bytes, is one of those statements."""
    try:
        message = json.loads(content)
        what, body = message["what"], message["body"]
        if what != "statement" or len(body) != 1:
            return False
        if "manifest" in body or "revocation" in body:
            return True
        return read_said(body["statement"].encode()).kind.rpartition("/")[0] in CROSSES
    except (MithaqError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def only(delivery: Delivery) -> bool:
    """Whether a delivery carries nothing else: such statements, and numbers without their messages. Not a question."""
    told = (one.content is None or crosses(one.content.encode()) for one in delivery.messages)
    return bool(delivery.messages) and all(told)
