"""The same row again: a file or a system beside us gives what it gave before, and knows nothing of what became of it.

What an officer corrected, or a review ended, stands as long as the row stays as it was. A row that did change becomes
the next version, but takes back no safeguard: only ``correct-…`` does that.
"""

from __future__ import annotations

from typing import Any

from mithaq.capabilities.intelligence.forms import body_of, release_texts_of
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.record import Kind, Marking, Record

CONTESTED, MISUSED = "contested", "misused_identity"


def row_digest(kind: Kind, given: Any) -> str:
    """The digest of what a form asks for, whatever is made of it."""
    surrounding = {"purpose": given.purpose, "caveats": sorted(set(given.caveats)), "exercise": given.exercise}
    return canonical.digest_of([body_of(kind, given), release_texts_of(kind, given), surrounding])


def last_taken(desk: Desk, id: str) -> str | None:
    """The digest of the row that was last taken as this record of ours."""
    return desk.tx.memos.get(_memo(id))


def note_taken(desk: Desk, id: str, digest: str) -> None:
    """Remember which row was taken as this record."""
    desk.tx.memos.put(_memo(id), digest)


def is_ended(record: Record) -> bool:
    """Whether a version says that the alert ended when it was made."""
    return record.body.get("expires") == write_instant(record.made)


def carry_over(desk: Desk, known: Record, body: dict[str, Any], marking: Marking) -> Marking:
    """Keep in a body what protects somebody in the version before, and give the marking that does."""
    if MISUSED in known.body.get("flags", ()):
        body["flags"] = sorted({*body.get("flags", ()), MISUSED})
    if is_ended(known):
        body["expires"] = write_instant(desk.at)
    contested = {CONTESTED} & set(known.marking.caveats)
    caveats = tuple(sorted({*marking.caveats, *contested}))
    sources = tuple(sorted({*marking.sources, *known.marking.sources}))
    return Marking(marking.exercise, caveats, sources)


def _memo(id: str) -> str:
    return f"intelligence.row/{id}"
