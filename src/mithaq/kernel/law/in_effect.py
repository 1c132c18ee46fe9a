"""An agreement in effect: its law as it binds between these parties, from then until then, for those who may release.

The text that was signed stays what it is, and so does its digest, by which decisions and releases name it. What
changes is who is bound and when, and which permits stand still: a party that suspended releases nothing under them,
while forbids, duties and what saves lives go on (VCLT 57, 72).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from msgspec.structs import asdict

from mithaq.kernel.clock import LAST
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.law import InForce, Law
from mithaq.kernel.values import Digest, PartyId


class InEffect(Law, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, dict=True):
    """``law`` is the digest of the law that was signed; ``releasing`` are the parties that may release under it."""

    law: Digest
    releasing: tuple[PartyId, ...]

    @cached_property
    def digest(self) -> Digest:
        return self.law

    def binds(self, sender: str, receiver: str, instant: datetime) -> bool:
        return sender in self.releasing and super().binds(sender, receiver, instant)


def in_effect(
    law: Law,
    *,
    parties: Sequence[str],
    start: datetime,
    until: datetime | None,
    joining: Iterable[tuple[str, datetime]] = (),
    leaving: Iterable[tuple[str, datetime]] = (),
    suspended: Iterable[tuple[str, tuple[str, ...]]] = (),
    digest: str | None = None,
) -> list[InEffect]:
    """What is in effect of a law, as one InEffect for each stretch of time and each way in which its parties release.

    ``suspended``: by party, the permits under which it releases nothing; none named means all. ``digest``: of the law
    that was signed, where reservations have added to it.
    """
    come, gone, stopped = dict(joining), dict(leaving), dict(suspended)
    found = []
    for begin, end in _stretches(start, until, (*come.values(), *gone.values())):
        bound = tuple(each for each in parties if come.get(each, begin) <= begin < gone.get(each, LAST))
        if len(bound) < 2:
            continue
        ways: dict[tuple[str, ...], list[str]] = {}
        for party in bound:
            clauses = _going_on(law.clauses, stopped[party]) if party in stopped else law.clauses
            ways.setdefault(tuple(each.id for each in clauses), []).append(party)
        head = {name: value for name, value in asdict(law).items() if name in Law.__struct_fields__}
        for ids, releasing in ways.items():
            clauses = tuple(each for each in law.clauses if each.id in ids)
            changes = {"parties": bound, "in_force": InForce(begin, end), "clauses": clauses}
            found.append(InEffect(**head | changes, law=digest or law.digest, releasing=tuple(releasing)))
    return found


def _going_on(clauses: tuple[Clause, ...], named: Sequence[str]) -> tuple[Clause, ...]:
    """The clauses that still count for a party that suspended its releases under those named, or under all."""
    return tuple(
        each for each in clauses
        if each.effect != "permit" or each.life_saving or (named and each.id not in named)
    )  # fmt: skip


def _stretches(
    start: datetime, until: datetime | None, cuts: Iterable[datetime]
) -> list[tuple[datetime, datetime | None]]:
    inside = sorted({cut for cut in cuts if cut > start and (until is None or cut < until)})
    ends: list[datetime | None] = [start, *inside, until]
    return [(begin, end) for begin, end in pairwise(ends) if begin is not None and (end is None or begin < end)]
