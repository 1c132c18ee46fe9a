"""Alarms: what a capability does at an instant that it chose, by the node's clock. Durable, and each rings once.

A duty says what a *person* owes; an alarm is what the node does by itself. It rings at the first ``tick`` at or after
its instant, in a transaction of its own, so that one which fails holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.ports import Transaction
from mithaq.kernel.view import skipping

if TYPE_CHECKING:
    from mithaq.kernel.desk import Desk
    from mithaq.kernel.plug import Capability

SORT = "alarm"
AT_ONCE = 200  # alarms that ring in one tick

Run = Callable[["Desk", str], None]


def set_alarm(tx: Transaction, at: datetime, name: str, subject: str) -> None:
    """Let the alarm of this name ring at that instant about this subject. The same again changes nothing."""
    tx.papers.put(SORT, f"{write_instant(at)}/{name}/{subject}", b"")


def of(capabilities: Iterable[Capability]) -> Mapping[str, Run]:
    """What each alarm of these capabilities does, by its name."""
    return {each.name: each.run for capability in capabilities for each in capability.alarms}


def due(tx: Transaction, at: datetime) -> list[str]:
    """The alarms whose instant has come, the oldest first."""
    found = (id for id, _ in tx.papers.page(SORT, limit=AT_ONCE))
    return [id for id in found if read_instant(id[:20]) <= at]


def ring(desk: Desk, id: str, runs: Mapping[str, Run]) -> None:
    """Let one ring. It does not ring again, whatever comes of it; what breaks is noted for ``node.status``."""
    name, _, subject = id[21:].partition("/")
    desk.tx.papers.remove(SORT, id)
    run = runs.get(name)
    if run is not None:
        skipping(desk.tx, f"alarm {name}", desk.tx.journal.last(), lambda: run(desk, subject))
