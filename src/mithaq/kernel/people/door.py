"""The door: how an officer becomes known. First link, invitation, sign-in, session.

Hashing happens outside the store's writer, two at a time; what is decided on its result is decided in one transaction,
with what the store holds by then. So of two that race only one uses a code, and no failure goes uncounted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct

from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel.clock import Clock
from mithaq.kernel.people import credential, entry, session, totp
from mithaq.kernel.people import invitation as invitations
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.credential import Credential
from mithaq.kernel.people.officer import OFFICER, officer
from mithaq.kernel.people.paper import find
from mithaq.kernel.people.password import check_password, hash_password, is_dated, is_password, normal
from mithaq.kernel.people.secret import hashed
from mithaq.kernel.people.session import SignedIn
from mithaq.kernel.ports import Store, Transaction

AT_ONCE = 2  # hashings, each of 64 MiB
PATIENCE = 30.0  # seconds that one waits for its turn


class Enrolment(Struct, frozen=True):
    """For whom a password was set, and the secret for a device, to be confirmed by a code. It is told this once."""

    officer: str
    totp_uri: str

    def __repr__(self) -> str:
        return f"Enrolment({self.officer})"


class Door:
    """Makes officers and programs known. Blocking; thread-safe."""

    def __init__(self, store: Store, clock: Clock, randomness: Callable[[int], bytes]) -> None:
        self._store, self._clock, self._randomness = store, clock, randomness
        self._hashing = threading.BoundedSemaphore(AT_ONCE)

    def first_link(self, at: datetime) -> str | None:
        """The secret of an invitation for the first administrator; None if there is one, or is invited already."""
        with self._store.read() as tx:
            if not entry.lacks_administrator(tx, at):
                return None
        return self._store.write(lambda tx: entry.invite_first(tx, at, self._randomness)).result()

    def accept(self, invitation: str, password: str) -> Enrolment:
        """Set the password of an invited officer. May be done again until it is confirmed; the last one counts.

        NotAllowed ``invitation`` if it cannot be accepted; Invalid ``password`` with the reason.
        """
        at = self._clock.now()
        with self._store.read() as tx:
            invited = officer(tx, invitations.invitation(tx, invitation, at).officer)
        check_password(password, (invited.id.partition("/")[2], invited.name))
        with self._turn():
            kept = hash_password(password, self._randomness)
        pending = Credential(password=kept, totp=self._randomness(totp.SECRET))
        self._store.write(lambda tx: invitations.set_pending(tx, invitation, pending, at)).result()
        return Enrolment(invited.id, totp.uri(pending.totp, invited.id.partition("/")[2]))

    def confirm(self, invitation: str, code: str) -> SignedIn:
        """Show by a code that the device is set up: the officer is active and signed in, and the invitation is used.

        NotAllowed ``code`` if it is not the code; ``invitation`` if nothing was accepted under it.
        """
        at = self._clock.now()
        return self._store.write(lambda tx: entry.confirm(tx, invitation, code, at, self._randomness)).result()

    def sign_in(self, name: str, password: str, code: str) -> SignedIn:
        """A session for whoever knows the password and holds the device.

        NotAllowed ``sign-in``, in the same words and time, whatever was wrong: the name, the password, the code, a code
        that was used before, or that this account must wait after failures.
        """
        at = self._clock.now()
        id = _account(name)
        with self._store.read() as tx:
            known = find(tx, credential.SORT, id, Credential)
        with self._turn():
            tried = self._try(id, password, code, known)
        entered = self._store.write(lambda tx: entry.enter(tx, tried, at, self._randomness)).result()
        if entered is None:
            raise NotAllowed(
                "sign-in", "the name, the password or the code is not right",
                hint="each code is good once; after 5 failures each try must wait, at first a minute, at most an hour",
            )  # fmt: skip
        return entered

    def known(self, token: str) -> Actor:
        """Who holds this token of a session or program, with the roles of this moment; NotAllowed ``token``."""
        at = self._clock.now()
        try:
            with self._store.read() as tx:
                actor, noted = session.holder(tx, token, at)
        except NotAllowed:
            self._lapse(token, at)
            raise
        if noted:
            self._store.write(lambda tx: session.touch(tx, actor.session, at)).result()
        return actor

    def sign_out(self, token: str) -> None:
        """End a session at once. One that has ended stays so."""
        at = self._clock.now()

        def job(tx: Transaction) -> None:
            ended = session.end(tx, hashed(token))
            if ended is not None:
                tx.audit.add(at=at, who=ended.officer, act="signed out", subject=ended.officer)

        self._store.write(job).result()

    def _lapse(self, token: str, at: datetime) -> None:
        with self._store.read() as tx:
            over = session.is_over(tx, token, at)
        if over:
            self._store.write(lambda tx: session.lapse(tx, hashed(token), at)).result()

    def _try(self, id: str, password: str, code: str, known: Credential | None) -> entry.Tried:
        """Whether the password is the one that is kept; for a name of nobody it takes as long, and is not."""
        if known is None:
            hash_password(password, self._randomness)
            return entry.Tried(id, code)
        if not is_password(password, known.password):
            return entry.Tried(id, code)
        fresh = hash_password(password, self._randomness) if is_dated(known.password) else known.password
        return entry.Tried(id, code, known.password, fresh)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._hashing.acquire(timeout=PATIENCE):
            raise Unavailable("busy", "too many sign in at this moment", hint="try again in a minute")
        try:
            yield
        finally:
            self._hashing.release()


def _account(name: str) -> str:
    """The id of an account by what was typed as its name; of nobody, if no account can have that name."""
    id = f"officer/{normal(name).strip().casefold().removeprefix('officer/')}"
    return id if OFFICER.fullmatch(id) else "officer/"
