"""A capability whose one page brings its own template, as a foreign one would."""

from __future__ import annotations

from msgspec import Struct

from mithaq.kernel.desk import Desk
from mithaq.kernel.plug import Capability, Page, Question


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing."""


class Shifts(Struct, frozen=True):
    """Who is on duty."""

    shifts: tuple[str, ...]


def shifts(desk: Desk, _: Nothing) -> Shifts:
    return Shifts(("day", "<script>night</script>"))


SHIFTS = Question("board.shifts", "who is on duty", Nothing, Shifts, shifts, personal=False, roles=("duty_officer",))
capability = Capability(
    name="board",
    summary="the board at the door",
    questions=(SHIFTS,),
    pages=(Page("board.shifts", "shifts", "list", "board.shifts", template="shifts.html"),),
)
