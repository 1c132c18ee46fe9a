"""What would become of a draft if it were stated now: the same answers and the same refusals, and nothing is kept."""

from __future__ import annotations

from mithaq.errors import Clash, Invalid
from mithaq.kernel import canonical, reviews
from mithaq.kernel.attachment import cross, hold
from mithaq.kernel.attachment.descriptor import named, uncaptioned
from mithaq.kernel.desk import LARGEST, Desk, Stated
from mithaq.kernel.law.clause import LIFE_SAVING
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.record import Record


def foresee(desk: Desk, record: Record) -> Stated:
    """What would become of a draft. A new one has no id yet."""
    _check(desk, record)
    released: list[str] = []
    reviewing: list[str] = []
    deferred: list[str] = []
    withheld: dict[str, tuple[str, ...]] = {}
    for partner in desk.node.partners:
        if partner in desk.node.unsure:
            deferred.append(partner)
            continue
        decision, copy = desk.consider(record, partner)
        if copy is not None:
            (reviewing if _waits(desk, record, decision) else released).append(partner)
        else:
            withheld[partner] = tuple(f"{each.law} {each.clause}" for each in decision.forbids)
    return Stated(
        record.id if record.version > 1 else "", record.version, tuple(released), withheld, tuple(deferred),
        tuple(reviewing), without_attachments=tuple(to for to in released if cross.stay_here(desk, record, to)),
    )  # fmt: skip


def _waits(desk: Desk, record: Record, decision: Decision) -> bool:
    """Whether it would wait for a review: not with a second person, and not where waiting may cost a life."""
    agreed = desk.second is not None or bool(desk.glass)
    return reviews.is_asked(decision) and not agreed and record.purpose not in LIFE_SAVING


def _check(desk: Desk, record: Record) -> None:
    """Refuse what could not be stated."""
    if record.version > 1 and recalled(desk.tx, record.id) is not None:
        raise Clash("recalled", f"{record.id} was recalled", hint="state what holds now as a new record")
    if len(canonical.encode(record)) > LARGEST:
        raise Invalid("too-large", f"a record has at most {LARGEST} bytes", where="$", hint="say less, or attach it")
    for where, attachment in named(record.body, desk.kind(record.kind)):
        held = hold.held(desk.tx, record.origin, attachment.digest)
        if held is None or not held.complete or held.attachment != uncaptioned(attachment):
            message = f"no attachment {attachment.digest} of ours is held here as it is described"
            raise Invalid("attachment", message, where=f"$.body.{where}")
