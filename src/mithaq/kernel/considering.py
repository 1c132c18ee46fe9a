"""Considering: a record as the newest version of its Kind that a partner reads and the law lets it have."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from mithaq.kernel import hits
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.law.request import Given
from mithaq.kernel.ports import Keyed
from mithaq.kernel.record import Kind, Record, earlier
from mithaq.kernel.release import Carried, Release, nothing, release


class Recipient(Struct, frozen=True):
    """For whom it is: a partner, the Kinds that it reads (none named: all), and whether it confirmed a hit on it."""

    party: str
    reads: Collection[str] = ()
    hit: bool = False

    @property
    def extra(self) -> dict[str, Given]:
        return {hits.CONFIRMED: True} if self.hit else {}


def considered(
    record: Record, kind: Kind, to: Recipient, *, law: Compiled, at: datetime, keyed: Keyed, carried: Carried
) -> tuple[Decision, Release | None]:
    """What the law says of releasing it, and what they would see. What is said of a confirmed hit comes first."""
    found: tuple[Decision, Release | None] | None = None
    for each, one in earlier(record, kind):
        if one.before is not None and to.reads and one.name not in to.reads and one.before.name in to.reads:
            continue
        for cited in hits.cited(law.book, record.origin, to.party, one.name, at) if to.hit else (None,):
            tried = release(
                each, one, receiver=to.party, law=law, at=at, keyed=keyed, cited=cited, carried=carried, extra=to.extra
            )
            if tried[1] is not None:
                return tried
        found = found or tried
    if found is None:  # the partner reads an earlier version only, and this record cannot be made into that
        return release(record, kind, receiver=to.party, law=law, at=at, keyed=keyed)[0], None
    return found


def may_have(record: Record, kind: Kind, to: Recipient, *, law: Compiled, at: datetime, keyed: Keyed) -> bool:
    """Whether the law would let a partner have it now, whatever it refers to and whatever the partner reads."""
    open_to = Recipient(to.party, (), to.hit)
    return considered(record, kind, open_to, law=law, at=at, keyed=keyed, carried=nothing)[1] is not None
