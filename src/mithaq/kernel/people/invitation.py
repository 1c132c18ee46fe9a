"""Invitations: a secret told once, with which an officer sets a password and a device, within 72 hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import NotAllowed
from mithaq.kernel.people.credential import Credential
from mithaq.kernel.people.officer import OfficerId
from mithaq.kernel.people.paper import every, find, keep
from mithaq.kernel.people.secret import INVITATION, hashed, make_secret
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant

SORT = "invitation"
VALID = timedelta(hours=72)


class Invitation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom it is for. ``pending``: what was set so far and is not confirmed by a code yet."""

    officer: OfficerId
    until: Instant
    pending: Credential | None = None


class Invited(Struct, frozen=True, kw_only=True):
    """An invitation to hand to its officer, by a safe way. The secret is told this once."""

    id: str
    invitation: str
    until: Instant

    def without_secret(self) -> Invited:
        return Invited(id=self.id, invitation="", until=self.until)

    def __repr__(self) -> str:
        return f"Invited({self.id})"


def invite(tx: Transaction, officer: str, at: datetime, randomness: Callable[[int], bytes]) -> Invited:
    """One invitation for an officer, in place of every earlier one."""
    withdraw(tx, officer)
    secret = make_secret(INVITATION, randomness)
    made = Invitation(officer=officer, until=at + VALID)
    keep(tx, SORT, hashed(secret), made, until=made.until)
    return Invited(id=officer, invitation=secret, until=made.until)


def withdraw(tx: Transaction, officer: str) -> None:
    for hash, each in list(every(tx, SORT, Invitation)):
        if each.officer == officer:
            tx.papers.remove(SORT, hash)


def live(tx: Transaction, at: datetime) -> list[Invitation]:
    """Those that can still be accepted."""
    return [each for _, each in every(tx, SORT, Invitation) if at < each.until]


def invitation(tx: Transaction, secret: str, at: datetime) -> Invitation:
    """The one with this secret; NotAllowed, always in the same words, if it cannot be accepted."""
    found = find(tx, SORT, hashed(secret), Invitation)
    if found is None or found.until <= at:
        raise NotAllowed(
            "invitation", "this invitation is not known, was used, or is over", hint="ask an administrator for another"
        )
    return found


def set_pending(tx: Transaction, secret: str, pending: Credential, at: datetime) -> None:
    """Keep what its officer has set so far, in place of what was set before."""
    found = invitation(tx, secret, at)
    keep(tx, SORT, hashed(secret), replace(found, pending=pending), until=found.until)
