"""The releases that wait for a second person, or went at once and are looked at afterwards: what is kept of each, and
the duty that goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.duty import Duty, renew
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.people.officer import behind
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant

SORT = "review"
WITHIN = timedelta(hours=24)
WITHIN_FLASH = timedelta(minutes=30)


class Waiting(Struct, frozen=True, forbid_unknown_fields=True):
    """One release that waits: of which version, to whom, since when, and who stated the record."""

    id: str
    version: int
    to: str
    who: str
    at: Instant
    flash: bool = False
    gone: bool = False  # it went at once, because it may save a life, and is reviewed afterwards
    behind: tuple[str, ...] = ()  # the people behind whoever stated it, when it began to wait


def is_asked(decision: Decision) -> bool:
    """Whether the releasing side must look at it before it goes."""
    return any(each.what == "review" and "releasing" in _words(each.value) for each in decision.obligations)


def hold(tx: Transaction, waiting: Waiting) -> None:
    """Let it wait, in place of an earlier version; it is owed within a day, for a danger that is now within minutes.

    Who is behind whoever stated it is kept, if it was not told: a program may have another keeper by the time.
    """
    waiting = replace(waiting, behind=waiting.behind or tuple(sorted(behind(tx, waiting.who))))
    tx.papers.put(SORT, f"{waiting.id}/{waiting.to}", msgspec.json.encode(waiting))
    renew(
        tx,
        Duty(
            id=duty_id(waiting.id, waiting.to),
            what="review_release",
            about=f"{waiting.id}/{waiting.version} to {waiting.to}",
            since=waiting.at,
            due=waiting.at + (WITHIN_FLASH if waiting.flash else WITHIN),
            owed_by="supervisor",
            escalates_to="legal_officer",
            discharged_by=("release_review",),
        ),
    )


def waiting(tx: Transaction) -> Iterator[Waiting]:
    """Every release that waits."""
    after = ""
    while page := tx.papers.page(SORT, after=after):
        yield from (msgspec.json.decode(content, type=Waiting) for _, content in page)
        after = page[-1][0]


def forget(tx: Transaction, id: str) -> list[str]:
    """Let nothing of this record wait any more; the partners for whom it did."""
    gone = [each.to for each in waiting(tx) if each.id == id]
    for to in gone:
        tx.papers.remove(SORT, f"{id}/{to}")
    return gone


def duty_id(id: str, to: str) -> str:
    return f"review_release/{id}/{to}"


def _words(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
