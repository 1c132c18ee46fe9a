"""What is asked of complaints: the list with its clocks, one complaint, and the requests for accounts both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.capabilities.oversight import clocks
from mithaq.capabilities.oversight.cases import CASES
from mithaq.capabilities.oversight.records import sort_of
from mithaq.errors import NotFound
from mithaq.kernel.desk import Desk
from mithaq.kernel.duty import Duty
from mithaq.kernel.plug import Question
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import Instant, RecordId

Position = Annotated[int, Meta(ge=0, le=2**53 - 1)]
CLOCKS = ("acknowledge_complaint", "answer_complaint", "await_decision", "decide_complaint")
REQUEST_CLOCKS = {"own": "await_account", "received": "give_account"}


class Listing(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Complaints made here and received from partners, newest first; with ``open`` only those not decided on."""

    side: Literal["own", "received"] | None = None
    open: bool = False
    exercise: bool = False
    before: Position = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """One complaint."""

    id: RecordId


class Clock(Struct, frozen=True):
    """One clock of a complaint."""

    what: str
    due: Instant
    owed_by: str
    state: str
    late: bool
    ended_at: Instant | None = None


class Item(Struct, frozen=True, kw_only=True):
    """A complaint in short: no name stands in it. ``due`` is the next clock that runs."""

    id: str
    side: str
    origin: str
    asks: str
    about: str
    state: str
    due: Instant | None
    late: bool
    exercise: bool


class Items(Struct, frozen=True):
    """Some of them; ``next`` goes on, and is nothing after the last."""

    items: tuple[Item, ...]
    next: int | None = None


class One(Struct, frozen=True, kw_only=True):
    """A complaint as this reader may read it, with every clock, what its origin decided, and how it ended."""

    id: str
    side: str
    origin: str
    state: str
    exercise: bool
    fields: dict[str, Any]
    hidden: tuple[str, ...]
    clocks: tuple[Clock, ...]
    decision: dict[str, Any] | None = None
    closing: dict[str, Any] | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """A request for an account, ours or a partner's, and whether it was answered."""

    id: str
    side: str
    partner: str
    about: str
    ground: str
    state: str
    due: Instant | None
    late: bool
    exercise: bool


class AskedItems(Struct, frozen=True):
    """Some requests; ``next`` goes on."""

    items: tuple[Asked, ...]
    next: int | None = None


def complaints(desk: Desk, given: Listing) -> Items:
    """A page of complaints that may be read."""
    items: list[Item] = []
    for position, holding in _newest(desk, "complaint", given):
        seen = _item(desk, holding)
        if seen is None or (given.open and seen.state in ("closed", "decided")):
            continue
        items.append(seen)
        if len(items) == given.limit:
            return Items(tuple(items), position)
    return Items(tuple(items))


def complaint(desk: Desk, given: Which) -> One:
    """One complaint; NotFound alike if there is none and if it may not be read."""
    holding = desk.tx.records.get(given.id)
    reading = desk.reading(holding) if holding is not None and sort_of(holding.kind) == "complaint" else None
    if holding is None or reading is None:
        raise NotFound("record", f"no complaint {given.id}")
    decision, closing = clocks.decision_on(desk, holding), clocks.closing_of(desk, holding)
    return One(
        id=holding.id, side=_side(holding), origin=holding.origin, state=_state(desk, holding), fields=reading.fields,
        hidden=reading.hidden, exercise=holding.exercise, clocks=tuple(map(_clock, _clocks(desk, holding))),
        decision=_read(desk, decision), closing=_read(desk, closing),
    )  # fmt: skip


def requests(desk: Desk, given: Listing) -> AskedItems:
    """A page of requests for accounts."""
    items: list[Asked] = []
    for position, holding in _newest(desk, "account_request", given):
        reading = desk.reading(holding)
        found = clocks.duty(desk, REQUEST_CLOCKS[_side(holding)], holding.id)
        if reading is None or (given.open and (found is None or found.state not in ("open", "escalated"))):
            continue
        fields = reading.fields
        items.append(
            Asked(
                id=holding.id, side=_side(holding), about=str(fields.get("about", "")),
                ground=str(fields.get("ground")),
                partner=holding.origin if holding.link else str(fields.get("addressee")), late=clocks.is_late(found),
                state=found.state if found is not None else "not_released",
                due=found.due if found is not None else None,
                exercise=holding.exercise,
            )
        )  # fmt: skip
        if len(items) == given.limit:
            return AskedItems(tuple(items), position)
    return AskedItems(tuple(items))


def _newest(desk: Desk, sort: str, given: Listing) -> Any:
    terms = (f"=both:{sort}:{given.side}",) if given.side else (f"=sort:{sort}",)
    before = given.before
    while page := desk.tx.views.newest(CASES, exercise=given.exercise, terms=terms, before=before, limit=100):
        for row in page:
            before = row.position
            holding = desk.tx.records.get(row.key)
            if holding is not None:
                yield row.position, holding


def _item(desk: Desk, holding: Holding) -> Item | None:
    reading = desk.reading(holding)
    if reading is None:
        return None
    running = [each for each in _clocks(desk, holding) if each.state in ("open", "escalated")]
    return Item(
        id=holding.id, side=_side(holding), origin=holding.origin, asks=str(reading.fields.get("asks", "")),
        about=str(reading.fields.get("about") or ""), state=_state(desk, holding), exercise=holding.exercise,
        due=min((each.due for each in running), default=None), late=any(map(clocks.is_late, _clocks(desk, holding))),
    )  # fmt: skip


def _state(desk: Desk, holding: Holding) -> str:
    if clocks.closing_of(desk, holding) is not None:
        return "decided" if holding.link else "closed"
    if clocks.decision_on(desk, holding) is not None:
        return "decided_at_origin"
    return "waits_for_origin" if clocks.duty(desk, "await_decision", holding.id) is not None else "open"


def _clocks(desk: Desk, holding: Holding) -> list[Duty]:
    found = (clocks.duty(desk, what, holding.id) for what in CLOCKS)
    return [each for each in found if each is not None]


def _clock(duty: Duty) -> Clock:
    return Clock(duty.what, duty.due, duty.owed_by, duty.state, clocks.is_late(duty), duty.ended_at)


def _read(desk: Desk, holding: Holding | None) -> dict[str, Any] | None:
    reading = desk.reading(holding) if holding is not None else None
    return {"id": holding.id, **reading.fields} if holding is not None and reading is not None else None


def _side(holding: Holding) -> str:
    return "received" if holding.link else "own"


_SEES = ("legal_officer", "oversight")
QUESTIONS = (
    Question("oversight.complaints", "complaints and their clocks", Listing, Items, complaints, roles=_SEES),
    Question("oversight.complaint", "one complaint with its clocks", Which, One, complaint, roles=_SEES),
    Question(
        "oversight.account-requests", "requests for accounts of accesses, both ways", Listing, AskedItems, requests,
        roles=_SEES,
    ),
)  # fmt: skip
