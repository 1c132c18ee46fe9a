"""Sessions: that an officer has signed in, for 12 hours at most, and not beyond 30 minutes without an act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import NotAllowed, NotFound
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.officer import PROGRAMS, OfficerId, Program, present
from mithaq.kernel.people.paper import every, find, keep
from mithaq.kernel.people.secret import PROGRAM, SESSION, hashed, make_secret
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant

SORT = "session"
LASTS, IDLE = timedelta(hours=12), timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)


class Session(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``seen``: about when it was last used, to a minute."""

    officer: OfficerId
    since: Instant
    seen: Instant
    until: Instant

    def is_live(self, at: datetime) -> bool:
        return at < self.until and at - self.seen < IDLE


class SignedIn(Struct, frozen=True):
    """A session's token, until when it is good at most, and whose it is. The token is told this once."""

    token: str
    until: Instant
    officer: str

    def __repr__(self) -> str:
        return f"SignedIn({self.officer})"


def begin(tx: Transaction, officer: str, at: datetime, randomness: Callable[[int], bytes]) -> SignedIn:
    token = make_secret(SESSION, randomness)
    made = Session(officer=officer, since=at, seen=at, until=at + LASTS)
    _keep(tx, hashed(token), made)
    return SignedIn(token, made.until, officer)


def touch(tx: Transaction, hash: str, at: datetime) -> None:
    """Note that it is in use, if it has not ended meanwhile."""
    found = find(tx, SORT, hash, Session)
    if found is not None and found.is_live(at):
        _keep(tx, hash, replace(found, seen=at))


def end(tx: Transaction, hash: str) -> Session | None:
    """The session that ended, if it was one."""
    found = find(tx, SORT, hash, Session)
    tx.papers.remove(SORT, hash)
    return found


def lapse(tx: Transaction, hash: str, at: datetime) -> None:
    """Forget a session that is over, so that it does not live again where the clock is set back."""
    found = find(tx, SORT, hash, Session)
    if found is not None and not found.is_live(at):
        tx.papers.remove(SORT, hash)


def is_over(tx: Transaction, token: str, at: datetime) -> bool:
    """Whether this is the token of a session that is over and not forgotten yet."""
    found = find(tx, SORT, hashed(token), Session)
    return found is not None and not found.is_live(at)


def end_all(tx: Transaction, whose: Callable[[str], bool]) -> int:
    """End every session of these officers; how many that were."""
    ended = [hash for hash, each in every(tx, SORT, Session) if whose(each.officer)]
    for hash in ended:
        tx.papers.remove(SORT, hash)
    return len(ended)


def sessions(tx: Transaction, at: datetime) -> list[Session]:
    """Those that are live, by officer."""
    found = [each for _, each in every(tx, SORT, Session) if each.is_live(at)]
    return sorted(found, key=lambda each: (each.officer, each.since))


def holder(tx: Transaction, token: str, at: datetime) -> tuple[Actor, bool]:
    """Whose token it is, with the roles of this moment, and whether its use is to be noted.

    NotAllowed ``token``, always in the same words, if it is not known, is over or revoked, or its officer suspended.
    """
    hash = hashed(token)
    try:
        if token.startswith(PROGRAM):
            return _program(tx, hash, at), False
        session = find(tx, SORT, hash, Session)
        if session is None or not session.is_live(at):
            raise _unknown()
        actor = present(tx, Actor(id=session.officer, by="session", session=hash))
    except (NotAllowed, NotFound):
        raise _unknown() from None
    return actor, at - session.seen >= NOTED_EVERY


def _program(tx: Transaction, hash: str, at: datetime) -> Actor:
    found = find(tx, PROGRAMS, hash, Program)
    if found is None or found.until <= at:
        raise _unknown()
    return present(tx, Actor(id=found.id, by="token", session=hash))


def _keep(tx: Transaction, hash: str, session: Session) -> None:
    keep(tx, SORT, hash, session, until=min(session.until, session.seen + IDLE))


def _unknown() -> NotAllowed:
    return NotAllowed("token", "this token is not known, is over, or was revoked", hint="sign in again")
