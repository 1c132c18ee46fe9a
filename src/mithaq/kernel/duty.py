"""Duties: anything with a clock. What is owed, by when, to whom it escalates, and which statement discharges it.

The one clock mechanism of a node: an answer to an offer, an objection to a reservation, a key that expires, and later
retention, reply-by, review. A duty is opened once, is discharged by what was awaited, and *lapses* when its time comes
first: then it goes to whom it escalates to and stays on the list until it is discharged after all, or void.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Clocked
from mithaq.kernel.values import Code, Instant

DutyId = Annotated[str, Meta(pattern=r"^[a-z_]+(/[A-Za-z0-9:._>-]{1,80}){1,4}(?!\n)$")]


class Duty(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """``what`` is owed about ``about`` by the role ``owed_by``, until ``due``; else it goes to ``escalates_to``."""

    id: DutyId
    what: Code
    about: str
    since: Instant
    due: Instant
    owed_by: Code
    escalates_to: Code
    discharged_by: tuple[Code, ...] = ()
    state: Literal["open", "escalated", "discharged", "void"] = "open"
    ended_by: str | None = None  # the statement, command or reason that ended it
    ended_at: Instant | None = None


def open_duty(tx: Transaction, duty: Duty) -> bool:
    """Begin its clock, unless it is known already. Whether it is new."""
    if tx.duties.get(duty.id) is not None:
        return False
    _keep(tx, duty)
    return True


def renew(tx: Transaction, duty: Duty) -> None:
    """Keep it in place of what was there: the same thing is owed anew, by another time."""
    known = tx.duties.get(duty.id)
    if known is None or known.state not in ("open", "escalated") or _read(known) != duty:
        _keep(tx, duty)


def discharge(tx: Transaction, id: str, by: str, at: datetime) -> bool:
    """What was owed has been done, in time or late. Whether that ended anything."""
    return _end(tx, id, "discharged", by, at)


def void(tx: Transaction, id: str, why: str, at: datetime) -> bool:
    """It is not owed any more: what it was about has ended."""
    return _end(tx, id, "void", why, at)


def lapse(tx: Transaction, at: datetime) -> list[Duty]:
    """Escalate every open duty whose time has come, each once. They are noted in the journal in this transaction."""
    lapsed = []
    for row in tx.duties.due(at):
        duty = replace(_read(row), state="escalated")
        _keep(tx, duty)
        tx.journal.add("escalated", duty.id, at=at)
        lapsed.append(duty)
    return lapsed


def duties(tx: Transaction, *, ended: bool = False) -> list[Duty]:
    """Those that are still owed, the most urgent first; with ``ended``, all."""
    found: list[Duty] = []
    after = ""
    while page := tx.duties.page(after=after):
        found += [_read(row) for row in page if ended or row.state in ("open", "escalated")]
        after = page[-1].id
    return sorted(found, key=lambda duty: (duty.due, duty.id))


def reconcile(tx: Transaction, prefix: str, owed: Iterable[Duty], done: dict[str, str], at: datetime) -> None:
    """Bring the duties under a prefix to what follows from a State: open what is new, end what was done or is moot.

    ``done`` gives, for ids of duties, what discharged them. Doing it again changes nothing.
    """
    wanted = {duty.id: duty for duty in owed}
    for duty in wanted.values():
        open_duty(tx, duty)
    for id, by in done.items():
        discharge(tx, id, by, at)
    for duty in duties(tx):
        if duty.id.startswith(prefix) and duty.id not in wanted and duty.id not in done:
            void(tx, duty.id, "moot", at)


def _end(tx: Transaction, id: str, state: Literal["discharged", "void"], by: str, at: datetime) -> bool:
    row = tx.duties.get(id)
    if row is None or row.state not in ("open", "escalated"):
        return False
    _keep(tx, replace(_read(row), state=state, ended_by=by, ended_at=at))
    return True


def _keep(tx: Transaction, duty: Duty) -> None:
    tx.duties.put(Clocked(duty.id, duty.due, duty.state, canonical.encode(duty)))


def _read(row: Clocked) -> Duty:
    return canonical.decode(row.content, Duty)
