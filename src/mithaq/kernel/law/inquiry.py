"""Inquiries: a question about other Kinds is permitted by one clause that speaks of the question and of all of them.

So a nation says in one clause who may ask it, in which cases, about which alerts and how often; and a question that
asks for one Kind too many is not cut down to what is left of it but refused, so that an officer knows what was asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from mithaq.kernel.law import obligation
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.law.obligation import Obligation
from mithaq.kernel.law.request import Cited, Request


def inquire(law: Compiled, request: Request, kinds: Iterable[str] = ()) -> Decision:
    """What the law says of the request, and of the same act on each of these Kinds by the same clause.

    A denial of one is the denial of all. The obligations are the join of all of them.
    """
    found = law.decide(request)
    if found.basis is None:
        return found
    cited = Cited(found.basis.law, found.basis.clause)
    asked = [found]
    for kind in kinds:
        each = law.decide(replace(request, kind=kind, fields=(), cited=cited))
        if each.basis is None:
            return each
        asked.append(each)
    return _together(asked) if len(asked) > 1 else found


def _together(asked: list[Decision]) -> Decision:
    """The first of these decisions, with what any of them asks for."""
    first, obligations = asked[0], list[Obligation]()
    for what in dict.fromkeys(each.what for decision in asked for each in decision.obligations):
        stated = [each for decision in asked for each in decision.obligations if each.what == what]
        joined = obligation.join(what, [each.value for each in stated])
        if joined is None:
            denied: dict[str, Any] = {"decision": "deny", "basis": None, "fields": {}, "fields_by": {}}
            return replace(first, **denied, obligations=(), conflict=(what,))
        imposing = [each.by for each in stated if each.value == joined] or [each.by for each in stated]
        obligations.append(Obligation(what, joined, ", ".join(dict.fromkeys(imposing))))
    return replace(first, obligations=tuple(obligations))
