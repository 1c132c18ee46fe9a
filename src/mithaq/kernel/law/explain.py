"""Explaining a Decision to two audiences: all of it to its own nation, and to a partner only what is between the two.

A partner never learns of a third agreement, of our private law, or that a record exists which is withheld from it.
"""

from __future__ import annotations

from typing import Any

from mithaq.kernel.law.decision import Decision


def peer_view(decision: Decision) -> dict[str, Any]:
    """What a partner may see of a permit: basis, levels and obligations. Of a denial: that there is nothing."""
    if decision.basis is None:
        return {"decision": "deny"}
    return {
        "decision": "permit",
        "basis": {"law": decision.basis.law, "clause": decision.basis.clause},
        "fields": dict(decision.fields),
        "obligations": [{"what": each.what, "value": each.value} for each in decision.obligations],
    }


def reasons(decision: Decision) -> list[str]:
    """Who decided, in short codes: the basis of a permit, the forbids of a denial, or what was missing for one.

    >>> # ['forbid floor/1 F1'], ['permit JO-SA-border/1 4.1'], ['near JO-SA-border/1 4.1: purpose']
    """
    if decision.basis is not None:
        return [f"permit {decision.basis.law} {decision.basis.clause}"]
    if decision.forbids:
        return [f"forbid {each.law} {each.clause}" for each in decision.forbids]
    if decision.conflict:
        return [f"conflict {what}" for what in decision.conflict]
    near = [f"near {miss.law} {miss.clause}: {', '.join(miss.failing)}" for miss in decision.near_misses]
    return near or ["no clause"]
