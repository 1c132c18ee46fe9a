"""What is owed: every consignment is inspected within a day, our own before it leaves and a partner's once it is told."""

from __future__ import annotations

from datetime import timedelta

from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty, open_duty
from mithaq.kernel.plug import Answer, DutyRule
from mithaq.kernel.shelves import Holding

from animal_health.records import CONSIGNMENT

INSPECTED_WITHIN = timedelta(hours=24)


def duty_id(consignment: str) -> str:
    """The duty to inspect this consignment."""
    return f"animal_inspection/{consignment}"


def owe_inspection(desk: Desk, holding: Holding) -> None:
    """Begin the clock of an inspection; a later version of the notice does not begin it again."""
    made = Duty(
        id=duty_id(holding.id),
        what="inspect_animals",
        about=holding.id,
        since=desk.at,
        due=desk.at + INSPECTED_WITHIN,
        owed_by="customs_officer",
        escalates_to="supervisor",
    )
    open_duty(desk.tx, made)


DUTIES = (DutyRule("animal-health.inspect-own", CONSIGNMENT.base, owe_inspection),)
ANSWERS = (Answer("animal-health.inspect-partners", CONSIGNMENT.base, owe_inspection),)
