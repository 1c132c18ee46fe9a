"""Accesses: who had access to a record at home, from the audit log, with names for oversight and by role for a partner.

What crosses to a partner is counted by the hour and by role; a role or authority that the common vocabulary does not
know is told as *other*, and of a clause that the nation has not published only that there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import cast, get_args

from msgspec import Struct

from mithaq.capabilities.oversight.records import MOST, Access, Act
from mithaq.kernel import audit
from mithaq.kernel.desk import Desk
from mithaq.kernel.people import saw
from mithaq.kernel.people.officer import AGENCIES, OFFICERS, Agency, Officer
from mithaq.kernel.people.paper import find
from mithaq.kernel.shelves import Audited
from mithaq.kernel.values import Instant

OTHER = "other"
UNPUBLISHED = "unpublished"
OUT = ("export",)
"""Words in the name of a question by which records leave the node in a file."""


class Line(Struct, frozen=True, kw_only=True):
    """One line about a record, as oversight reads it. ``act``: read, exported, handled; else it is no access."""

    number: int
    at: Instant
    who: str
    act: str
    what: str  # the question that showed it, or the command that was given
    version: int = 0
    under: str = ""
    roles: tuple[str, ...] = ()
    authority: str = ""
    reason: str = ""


def at_home(desk: Desk, id: str) -> Iterator[Line]:
    """Every line of the audit log about a record, in order. A question that named it is told by what it showed."""
    lines = list(audit.lines(desk.tx, subject=id))
    shown = {(line.who, found.by, line.at) for line in lines if (found := saw.saw(line)) is not None}
    for line in lines:
        if (line.who, line.act, line.at) not in shown:
            yield _line(desk, line)


def for_partner(desk: Desk, id: str, purpose: str) -> tuple[Access, ...]:
    """The accesses by hour, roles, authority, act and clause; the newest, where one account cannot hold all."""
    counts: Counter[tuple[datetime, tuple[str, ...], str, str, str]] = Counter()
    for line in at_home(desk, id):
        if line.act in get_args(Act):
            hour = line.at.replace(minute=0, second=0, microsecond=0)
            counts[hour, _roles(desk, line), _authority(desk, line), line.act, _clause(desk, line.under)] += 1
    told = [
        Access(
            at=hour, roles=roles, authority=authority or None, act=cast(Act, act), under=under or None,
            purpose=purpose, count=count,
        )
        for (hour, roles, authority, act, under), count in sorted(counts.items())
    ]  # fmt: skip
    return tuple(told[-MOST:])


def _line(desk: Desk, line: Audited) -> Line:
    found = saw.saw(line)
    if found is not None:
        act = "exported" if any(word in found.by for word in OUT) else "read"
        return Line(
            number=line.number, at=line.at, who=line.who, act=act, what=found.by, version=found.version,
            under=found.under, roles=found.roles, authority=found.authority,
        )  # fmt: skip
    roles, authority = _as_now(desk, line.who)
    return Line(
        number=line.number, at=line.at, who=line.who, act=_act(desk, line.act), what=line.act, roles=roles,
        authority=authority, reason=line.reason,
    )  # fmt: skip


def _act(desk: Desk, act: str) -> str:
    """What sort of act a line is of: what oversight looked into, and what was refused or only asked, is no access."""
    if act.startswith(("audit.", "oversight.", "release.why")):
        return "looked_into"
    if act.startswith(("refused ", "asked ", "declined ", "withdrew ", "reviewed ")) or act.endswith(" because"):
        return "noted"
    return "read" if act in desk.node.questions else "handled"


def _as_now(desk: Desk, who: str) -> tuple[tuple[str, ...], str]:
    """Roles and authority of an officer as of now: a command's line does not say them as of then."""
    found = find(desk.tx, OFFICERS, who, Officer)
    if found is None:
        return (), ""
    agency = find(desk.tx, AGENCIES, found.agency, Agency) if found.agency is not None else None
    return found.roles, agency.authority if agency is not None else ""


def _roles(desk: Desk, line: Line) -> tuple[str, ...]:
    known = desk.law.book.vocabulary.values("reader.roles")
    return tuple(sorted({role if role in known else OTHER for role in line.roles})) or (OTHER,)


def _authority(desk: Desk, line: Line) -> str:
    known = desk.law.book.vocabulary.authorities
    return line.authority if line.authority in known else OTHER if line.authority else ""


def _clause(desk: Desk, under: str) -> str:
    ref = under.partition(" ")[0]
    published = {law.ref for law in desk.law.book.laws if law.published}
    return under if not under or ref in published else UNPUBLISHED
