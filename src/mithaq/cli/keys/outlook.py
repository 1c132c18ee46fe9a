"""What is to be seen of a nation's keys at a moment: each with its state, and what ends soon. Pure.

A key that ends is no trouble as long as another takes over: warnings speak of the moment until which there is always a
good one, 90, 30 and 7 days before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from mithaq.cli.keys.draft import covered
from mithaq.errors import Unavailable
from mithaq.kernel.clock import write_instant
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.manifest import WARNINGS, Official, SealingKey, SigningKey, pair_id
from mithaq.kernel.party import Identity
from mithaq.kernel.seal import sealing_key_id

URGENT = min(WARNINGS)


class Holder(Protocol):
    """A key store, as far as it is looked at."""

    @property
    def signing(self) -> dict[str, bytes]: ...

    def holds(self, public: VerifyKeys | bytes) -> bool: ...


class KeyRow(Struct, frozen=True):
    """One key. ``within`` is 90, 30 or 7: the days in which it ends; None if that is further off, or past."""

    what: str
    key: str
    start: str
    until: str
    days_left: int
    state: str  # in use, valid, to come, over, revoked
    held: bool
    within: int | None


class Outlook(Struct, frozen=True):
    """All of them. ``urgent``: something that is needed ends within seven days, is over, or is not held."""

    party: str
    serial: int
    expires: str | None
    ends: str | None
    in_grace: bool
    keys: tuple[KeyRow, ...]
    warnings: tuple[str, ...]
    urgent: bool


def outlook(known: Identity, keys: Holder, at: datetime) -> Outlook:
    ring = known.ring
    rooted = ring.expires is not None
    warnings, urgent = [], False
    for what, until in _ends(known, keys, at) if rooted else ():
        within = _within(until, at)
        if until <= at:
            warnings.append(f"{what}: over. Now: mithaq keys request")
        elif within is not None:
            warnings.append(f"{what}: until {write_instant(until)[:10]}, within {within} days: mithaq keys request")
        urgent = urgent or until - at <= URGENT
    if not rooted and not keys.holds(known.card.signing):
        warnings, urgent = ["the signing key on our card is not held here"], True
    return Outlook(
        party=known.party,
        serial=ring.serial,
        expires=write_instant(ring.expires) if ring.expires else None,
        ends=write_instant(ring.expires + ring.grace) if ring.expires else None,
        in_grace=ring.in_grace(at),
        keys=tuple(_rows(known, keys, at)),
        warnings=tuple(warnings),
        urgent=urgent,
    )


def _ends(known: Identity, keys: Holder, at: datetime) -> Iterator[tuple[str, datetime]]:
    """Until when there is always what is needed."""
    ring = known.ring
    if ring.expires is not None:
        yield "manifest", ring.expires
    good = [each for each in ring.signing if each.revoked is None and keys.holds(each.keys)]
    yield "signing keys that are held", covered(((each.start, each.until) for each in good), at)
    held = [each for each in ring.sealing if keys.holds(each.public)]
    yield "sealing keys that are held", covered(((each.start, each.until) for each in held), at)
    for role in sorted({each.role for each in ring.officials}):
        of_role = [each for each in ring.officials if each.role == role]
        yield f"officials of role {role}", _quorate(of_role, ring.quorums.get(role, 1), at)


def _quorate(officials: Iterable[Official], need: int, at: datetime) -> datetime:
    """Until when as many officials speak as must sign."""
    untils = sorted((each.until for each in officials if each.start <= at < each.until), reverse=True)
    return untils[need - 1] if len(untils) >= need else at


def _rows(known: Identity, keys: Holder, at: datetime) -> Iterator[KeyRow]:
    ring = known.ring
    signs = _signs(known, keys, at)
    seals = _seals(known, at)
    for pair in ring.signing:
        state = "revoked" if pair.revoked else "in use" if dict(pair.keys) == signs else _when(pair, at)
        yield _row("signing", pair.id, pair, at, state, keys.holds(pair.keys))
    for key in ring.sealing:
        state = "in use" if key.public == seals else _when(key, at)
        yield _row("sealing", sealing_key_id(key.public), key, at, state, keys.holds(key.public))
    for one in ring.officials:
        yield _row(f"official {one.role}", pair_id(one.keys), one, at, _when(one, at), True)


def _row(what: str, name: str, key: SigningKey | SealingKey | Official, at: datetime, state: str, held: bool) -> KeyRow:
    left = max(0, (key.until - at) // timedelta(days=1))
    within = None if state in ("over", "revoked") else _within(key.until, at)
    told = state if held else f"{state}, not held here"
    return KeyRow(what, name, write_instant(key.start)[:10], write_instant(key.until)[:10], left, told, held, within)


def _within(until: datetime, at: datetime) -> int | None:
    passed = [each.days for each in WARNINGS if until - at <= each]
    return min(passed) if passed and until > at else None


def _signs(known: Identity, keys: Holder, at: datetime) -> dict[str, bytes]:
    """The pair that the node signs with: by its manifest, or without a root the one in the key store."""
    if known.root is None:
        return keys.signing
    try:
        return dict(known.ring.signing_now(at).keys)
    except Unavailable:
        return {}


def _seals(known: Identity, at: datetime) -> bytes:
    """The key that partners seal to."""
    try:
        return known.ring.sealing_now(at)
    except Unavailable:
        return b""


def _when(each: SigningKey | SealingKey | Official, at: datetime) -> str:
    return "to come" if at < each.start else "over" if at >= each.until else "valid"
