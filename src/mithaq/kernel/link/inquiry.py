"""Judging a question that a partner puts: not by what its sender attests, but by asking our own book the same.

Whether the clause, our law and the floor let it be asked is decided here from what was shown to us, before anything is
looked for; so is whether the day's quota is used up. So a refusal says nothing of what would have been found.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mithaq.errors import NotAllowed
from mithaq.kernel import quota
from mithaq.kernel.law import level as levels
from mithaq.kernel.law import obligation
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decide import matching
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.law.inquiry import inquire
from mithaq.kernel.law.request import Cited, Given, Request
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Kind
from mithaq.kernel.release import Release
from mithaq.kernel.values import link_id


def check(tx: Transaction, release: Release, kind: Kind, law: Compiled, me: str, at: datetime) -> None:
    """Count the question, or raise NotAllowed: ``own_law``, ``not_covered``, ``handling`` or ``quota_used``."""
    request = _request(release, kind, me, at)
    decision = inquire(law, request, _asked(release, kind))
    if not decision.permits:
        raise _refusal(decision)
    _check_duties(release, request, law)
    if not quota.take(tx, link_id(release.origin, me), decision, at):
        raise NotAllowed("quota_used", "no more questions by this clause today")


def _request(release: Release, kind: Kind, me: str, at: datetime) -> Request:
    shown = {name: value for name, value in release.fields.items() if release.levels.get(name) == levels.CLEAR}
    given: dict[str, Given] = {
        name: _given(shown[field]) for name, field in kind.attributes.items() if shown.get(field) is not None
    }
    derived = kind.derives(shown) if kind.derives is not None else {}
    return Request(
        act=kind.act, sender=release.origin, receiver=me, kind=release.kind, purpose=release.purpose, instant=at,
        origin=release.origin, exercise=release.marking.exercise, caveats=release.marking.caveats,
        attributes=given | derived, fields=tuple(kind.fields), cited=Cited(release.basis.law, release.basis.clause),
    )  # fmt: skip


def _asked(release: Release, kind: Kind) -> tuple[str, ...]:
    """The Kinds that it asks about. One that asks about none asks about nothing that a clause could permit."""
    found = release.fields.get(kind.asks) if release.levels.get(kind.asks) == levels.CLEAR else None
    if not (isinstance(found, list | tuple) and found):
        raise NotAllowed("not_covered", "the question does not say what it asks about")
    return tuple(found)


def _refusal(decision: Decision) -> NotAllowed:
    agreed = decision.basis is None and not decision.forbids
    if agreed:
        return NotAllowed("not_covered", "the clause does not let this question be asked")
    return NotAllowed("own_law", "our own law, or the floor, does not let this question be asked")


def _check_duties(release: Release, request: Request, law: Compiled) -> None:
    """What the agreement adds to its clause for a question like this one is carried too: its clocks."""
    agreement = law.book.law(release.basis.law)
    for clause in matching(agreement, "duty", request, law.book) if agreement is not None else ():
        for what, value in clause.obligations.items():
            carried = release.handling.get(what)
            if carried is None or not obligation.protects(what, carried, value):
                raise NotAllowed("handling", f"the question does not carry the agreed {what}")


def _given(field: Any) -> Any:
    return tuple(field) if isinstance(field, list) else field
