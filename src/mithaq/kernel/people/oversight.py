"""The audit log at the desk, for oversight alone: who did, saw, or was refused what. Reading it is a line of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mithaq.kernel import audit
from mithaq.kernel.canonical import MAX_INT
from mithaq.kernel.desk import Desk
from mithaq.kernel.link.desk import STORED, Nothing
from mithaq.kernel.plug import Question
from mithaq.kernel.shelves import Audited
from mithaq.kernel.values import Instant, Line

Position = Annotated[int, Meta(ge=0, le=MAX_INT, description="the number of a line; 0 is before the first")]


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines after a number; of one actor, about one thing, or all."""

    after: Position = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    who: str = ""
    subject: str = ""


class About(Struct, frozen=True, forbid_unknown_fields=True):
    """A record, an officer, or whatever else an act names by an id."""

    id: Line
    after: Position = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Told(Struct, frozen=True):
    """One line of the log; ``chain`` in hex."""

    number: int
    at: Instant
    who: str
    act: str
    subject: str
    reason: str
    chain: str


class Lines(Struct, frozen=True):
    """Some lines, and the number after which to go on; nothing when these were the last."""

    lines: tuple[Told, ...]
    after: int | None


class Verified(Struct, frozen=True):
    """Whether every line follows on the one before, and the newest line to note down, outside of the node.

    ``broken``: the first line that does not follow.
    """

    whole: bool
    broken: int | None
    number: int
    chain: str
    at: Instant | None


def lines(desk: Desk, given: Which) -> Lines:
    """Some lines of the log."""
    found = desk.tx.audit.page(after=given.after, limit=given.limit, who=given.who, subject=given.subject)
    return Lines(tuple(map(_told, found)), found[-1].number if len(found) == given.limit else None)


def about(desk: Desk, given: About) -> Lines:
    """Who saw, did, or was refused anything about one record."""
    return lines(desk, Which(after=given.after, limit=given.limit, subject=given.id))


def verify(desk: Desk, _: Nothing) -> Verified:
    """Check the chain of the whole log, line by line."""
    broken, last = audit.broken(desk.tx), None
    for line in audit.lines(desk.tx):
        last = line
    if last is None:
        return Verified(True, None, 0, "", None)
    return Verified(broken is None, broken, last.number, last.chain.hex(), last.at)


def _told(line: Audited) -> Told:
    return Told(line.number, line.at, line.who, line.act, line.subject, line.reason, line.chain.hex())


_OVERSIGHT = ("oversight",)
QUESTIONS = (
    Question("audit.list", "lines of the audit log", Which, Lines, lines, roles=_OVERSIGHT, **STORED),
    Question("audit.about", "who saw or did anything about one record", About, Lines, about,
             roles=_OVERSIGHT, **STORED),
    Question("audit.verify", "check the chain of the audit log", Nothing, Verified, verify,
             roles=_OVERSIGHT, **STORED),
)  # fmt: skip
