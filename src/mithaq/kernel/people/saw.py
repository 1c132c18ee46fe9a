"""What was seen: one line of the audit log for each record that an answer showed, with the clause that let it be seen.

A list or search shows many records, and each of them was seen. The line says in which answer, which version, under
which clause of our own law (nothing where our law does not speak of reading), and as what the reader read: their roles
and authority of that moment, which later changes of the officer do not change.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from mithaq.kernel.people.actor import Actor
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reading import Reading
from mithaq.kernel.shelves import Audited

ACT = "saw"
_ID = re.compile(rb"[A-Z]{2}-[0-9A-HJKMNP-TV-Z]{26}")

Seen = dict[str, tuple[int, str]]
"""Version and clause by which a record was read, by its id."""


class Saw(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename={"by": "in"}):
    """The reason of such a line, as JSON. ``by`` is written ``in``: the question that showed it."""

    by: str
    version: int
    under: str = ""
    roles: tuple[str, ...] = ()
    authority: str = ""


def note(seen: Seen, id: str, version: int, reading: Reading) -> None:
    """Remember that the law let a record be read, should the answer show it."""
    basis = reading.basis
    seen[id] = version, f"{basis.law} {basis.clause}" if basis is not None else ""


def shown(seen: Seen, answer: Any) -> Seen:
    """Of what was read to answer, that which the answer tells of: a search looks at more than it shows."""
    if not seen:
        return {}
    told = {each.decode() for each in _ID.findall(msgspec.json.encode(answer))}
    return {id: each for id, each in sorted(seen.items()) if id in told}


def keep(tx: Transaction, seen: Seen, question: str, actor: Actor, at: datetime) -> None:
    """One line for each record."""
    for id, (version, under) in seen.items():
        saw = Saw(
            by=question, version=version, under=under, roles=actor.roles, authority=actor.authority or ""
        )  # fmt: skip
        reason = msgspec.json.encode(saw).decode()
        tx.audit.add(at=at, who=actor.id, act=ACT, subject=id, reason=reason)


def saw(line: Audited) -> Saw | None:
    """What such a line says; None for every other line."""
    if line.act != ACT:
        return None
    try:
        return msgspec.json.decode(line.reason, type=Saw)
    except msgspec.MsgspecError:
        return None
