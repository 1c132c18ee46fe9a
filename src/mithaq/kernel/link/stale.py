"""What may no longer be sent although it waits: its agreement has ended, or its time to be kept has passed.

Asked of every message at dispatch, so that stopping an agreement stops the queue too. Such a number ends as a
tombstone. A part of an attachment carries the terms of the release that named it, and stops with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.clock import after
from mithaq.kernel.law.decision import Basis
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.link.message import Carried, Delivery, Tombstone
from mithaq.kernel.link.receive import entry
from mithaq.kernel.values import Instant


class _Terms(Struct, frozen=True):
    basis: Basis | None = None
    made: Instant | None = None
    handling: dict[str, Any] = {}


class _Peeked(Struct, frozen=True):
    body: _Terms


_NONE = _Terms()
_PEEK = msgspec.json.Decoder(_Peeked)


def stale(delivery: Delivery, book: Rulebook, at: datetime) -> dict[int, Tombstone]:
    """Number to reason, for each message of a delivery that may no longer be sent."""
    found: dict[int, Tombstone] = {}
    binding: dict[Basis, bool] = {}
    for carried in delivery.messages:
        terms = _PEEK.decode(carried.content).body if carried.content is not None else _NONE
        if terms.basis is None:
            continue
        basis = terms.basis
        if basis not in binding:
            binding[basis] = _binds(book, basis, delivery, at)
        retain = terms.handling.get("retain")
        if not binding[basis]:
            found[carried.seq] = "suspended"
        elif terms.made is not None and isinstance(retain, str) and after(terms.made, retain) <= at:
            found[carried.seq] = "expired"
    return found


def bury(delivery: Delivery, reasons: Mapping[int, Tombstone]) -> Delivery:
    """The delivery with a tombstone in place of each of these messages."""
    buried = (
        Carried(seq=one.seq, entry=entry(one), tombstone=reasons[one.seq]) if one.seq in reasons else one
        for one in delivery.messages
    )
    return replace(delivery, messages=tuple(buried))


def _binds(book: Rulebook, basis: Basis, delivery: Delivery, at: datetime) -> bool:
    """Whether the clause that gave the basis is still there: a suspension may have left some of its agreement."""
    named = [law for law in book.agreements if law.digest == basis.digest]
    return any(law.binds(delivery.sender, delivery.receiver, at) and law.find(basis.clause) for law in named)
