"""What is decided at the door, each in one transaction: the first invitation, its confirmation, every sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import NotAllowed
from mithaq.kernel.people import changes, credential, invitation, permit, session, totp
from mithaq.kernel.people.actor import NODE
from mithaq.kernel.people.credential import Credential
from mithaq.kernel.people.officer import OFFICERS, Officer, keep_officer, officer
from mithaq.kernel.people.paper import find, keep
from mithaq.kernel.people.session import SignedIn
from mithaq.kernel.ports import Transaction

FIRST = "officer/administrator"
NOBODY = "unknown"


class Tried(Struct, frozen=True):
    """A try to sign in. ``kept``: what the password was found to be kept as, empty if it was not the right one.

    ``fresh``: as what to keep it from now on.
    """

    id: str
    code: str
    kept: str = ""
    fresh: str = ""

    def __repr__(self) -> str:
        return f"Tried({self.id})"


def lacks_administrator(tx: Transaction, at: datetime) -> bool:
    """Whether the nation never had an administrator of its own, and none is invited."""
    if permit.is_founded(tx):
        return False
    invited = (find(tx, OFFICERS, each.officer, Officer) for each in invitation.live(tx, at))
    return not any(each is not None and "administrator" in each.roles for each in invited)


def invite_first(tx: Transaction, at: datetime, randomness: Callable[[int], bytes]) -> str | None:
    """The secret of an invitation for the first administrator; None if there is one, or is invited already."""
    if not lacks_administrator(tx, at):
        return None
    found = find(tx, OFFICERS, FIRST, Officer)
    if found is not None and found.state == "suspended":
        return None  # whoever holds the home has invited, or will invite, another
    if found is None:
        keep_officer(tx, Officer(id=FIRST, name="administrator", roles=("administrator",), since=at))
    tx.audit.add(at=at, who=NODE.id, act="first link", subject=FIRST)
    changes.note(tx, "first link", FIRST, at, who=NODE.id)
    return invitation.invite(tx, FIRST, at, randomness).invitation


def confirm(tx: Transaction, secret: str, code: str, at: datetime, randomness: Callable[[int], bytes]) -> SignedIn:
    """Use an invitation up: its officer is active and signed in. The first administrator founds the nation's people."""
    found = invitation.invitation(tx, secret, at)
    if found.pending is None:
        raise NotAllowed("invitation", "no password was set under this invitation yet", hint="accept it first")
    step = totp.matched(found.pending.totp, code, at, last=0)
    if step is None:
        raise NotAllowed("code", "this is not the code of this moment", hint="check the clock of your device")
    confirmed = keep_officer(tx, replace(officer(tx, found.officer), state="active", since=at, returning=False))
    keep(tx, credential.SORT, confirmed.id, replace(found.pending, step=step))
    invitation.withdraw(tx, confirmed.id)
    tx.audit.add(at=at, who=confirmed.id, act="accepted", subject=confirmed.id)
    changes.note(tx, "accepted", confirmed.id, at, who=confirmed.id)
    if "administrator" in confirmed.roles and not permit.is_founded(tx):
        tx.papers.put(permit.SORT, permit.FOUNDED, b"{}")
        tx.audit.add(at=at, who=confirmed.id, act="founded", subject=confirmed.id)
    return session.begin(tx, confirmed.id, at, randomness)


def enter(tx: Transaction, tried: Tried, at: datetime, randomness: Callable[[int], bytes]) -> SignedIn | None:
    """Decide a try by what the store holds now; None if it is refused. Either way it is audited."""
    known, found = find(tx, credential.SORT, tried.id, Credential), find(tx, OFFICERS, tried.id, Officer)
    if known is None or found is None:
        # What was typed as the name of nobody is not kept: people type passwords there.
        return _refused(tx, tried.id if found is not None else "", found.state if found is not None else "", at)
    if known.is_locked(at):
        return _refused(tx, tried.id, "must wait", at)
    step = totp.matched(known.totp, tried.code, at, known.step)
    if step is None or tried.kept != known.password:
        known = known.failed(at)
        keep(tx, credential.SORT, tried.id, known)
        return _refused(tx, tried.id, f"failure {known.failures}", at)
    if not found.is_active:
        return _refused(tx, tried.id, found.state, at)
    kept = replace(known, step=step, failures=0, until=None, password=tried.fresh)
    keep(tx, credential.SORT, tried.id, kept)
    tx.audit.add(at=at, who=tried.id, act="signed in", subject=tried.id)
    return session.begin(tx, tried.id, at, randomness)


def _refused(tx: Transaction, subject: str, why: str, at: datetime) -> SignedIn | None:
    tx.audit.add(at=at, who=NOBODY, act="sign-in failed", subject=subject, reason=why)
    return None
