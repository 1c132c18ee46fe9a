"""What follows by itself at a node: recalls and recoveries are told, and what is not to be kept any more is erased.

Asked often, and mostly finds nothing: it reads first and writes only where something waits.
"""

from __future__ import annotations

from collections.abc import Callable

from mithaq.errors import Unavailable
from mithaq.kernel.clock import Clock
from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping import begin, follow
from mithaq.kernel.link import recall, recovery
from mithaq.kernel.ports import Store, Transaction
from mithaq.kernel.view import UNFORESEEN

DeskIn = Callable[[Transaction], Desk]


def run(store: Store, clock: Clock, desk_in: DeskIn) -> None:
    """Do all of it that waits now."""
    with store.read() as tx:
        watching, answers, begins = recall.is_watching(tx), recovery.is_waiting(tx), begin.waits(tx)
        waits = begins or follow.waits(tx, clock.now())
    if watching:
        store.write(lambda tx: recall.follow(desk_in(tx))).result()
    if answers:
        store.write(lambda tx: recovery.follow(desk_in(tx))).result()
    while begins and store.write(lambda tx: begin.begin(desk_in(tx))).result():
        pass
    if waits:
        _keep(store, clock, desk_in)


def _keep(store: Store, clock: Clock, desk_in: DeskIn) -> None:
    """Many at once; one by one where that breaks, and what breaks alone is put aside: it must not stop the others."""
    some = follow.SOME
    while True:
        try:
            if not store.write(lambda tx, some=some: follow.follow(desk_in(tx), some)).result():  # type: ignore[misc]
                return
        except UNFORESEEN as problem:
            if isinstance(problem, Unavailable):
                raise
            if some == 1:
                why = type(problem).__name__
                store.write(lambda tx, why=why: follow.park(tx, clock.now(), why)).result()  # type: ignore[misc]
            some = 1
