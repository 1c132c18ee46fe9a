"""What one party owes in a matter, by when, and what of it was done: the deadlines of the kind, applied to a State."""

from __future__ import annotations

from mithaq.kernel.clock import after
from mithaq.kernel.duty import Duty
from mithaq.kernel.matter.fold import State
from mithaq.kernel.matter.kind import Deadline, MatterKind
from mithaq.kernel.matter.said import Said


def owed(kind: MatterKind, state: State, me: str) -> tuple[list[Duty], dict[str, str]]:
    """(what this party owes or owed, what discharged it by duty id), from what others and it have said.

    The clock of a deadline starts when the other party says it spoke; a node that hears late owes no later.
    """
    duties, done = [], {}
    for said in state.effective:
        if said.party == me:
            continue
        for deadline in kind.deadlines:
            if deadline.after == said.says:
                duty = _duty(deadline, said)
                duties.append(duty)
                answer = _answer(deadline, said, state, me)
                if answer is not None:
                    done[duty.id] = answer.digest
    return duties, done


def _duty(deadline: Deadline, said: Said) -> Duty:
    return Duty(
        id=f"{deadline.what}/{said.matter}/{said.party}/{said.number}",
        what=deadline.what,
        about=said.matter,
        since=said.at,
        due=after(said.at, deadline.within),
        owed_by=deadline.role,
        escalates_to=deadline.escalates_to,
        discharged_by=deadline.discharged_by,
    )


def _answer(deadline: Deadline, said: Said, state: State, me: str) -> Said | None:
    """Our first statement after this one that discharges it: about the same text, about it, or a text of our own."""
    for each in state.effective:
        if each.party != me or each.says not in deadline.discharged_by or each.at < said.at:
            continue
        if each.about in (said.about, said.digest) or each.terms.get("against") == said.about:
            return each
    return None
