"""Evidence: what was received that does not hold, kept so that another can judge it.

What a partner *signed* and contradicts itself with proves something to a third party: the file has what it sent and
what we held. What was *turned away* proves nothing about anybody (it may be anyone's), and helps to find out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.values import Instant

SHOWN = 64 * 1024  # bytes of what was turned away that are kept; its digest and length are of the whole


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One event. ``given``: the exact bytes received; ``held``: what we held against them (a note, or a message)."""

    format: Literal["mithaq-evidence/1"]
    kind: Literal["signed", "turned-away"]
    at: Instant
    partner: str  # who signed it; of what was turned away, who it claims to be from, if that can be read
    code: str
    what: str
    sha256: str
    size: int
    given: bytes
    held: tuple[str, ...] = ()
    root: bytes = b""  # of a split view: the root that the log held here has at the size of the note given
    consistency: tuple[bytes, ...] = ()  # and the path that joins it to the note held


Keep = Callable[[Evidence], None]
"""Where evidence goes. It is bounded there, and never raises."""


def signed(
    at: Instant,
    partner: str,
    code: str,
    what: str,
    given: bytes,
    held: tuple[str, ...] = (),
    *,
    root: bytes = b"",
    consistency: tuple[bytes, ...] = (),
) -> Evidence:
    """What a partner signed, whole."""
    return replace(
        _made("signed", at, partner, code, what, given, held), root=root, consistency=consistency
    )  # fmt: skip


def turned_away(at: Instant, partner: str, code: str, what: str, given: bytes, size: int | None = None) -> Evidence:
    """What was not taken, its first ``SHOWN`` bytes; ``size`` where the rest was not even read."""
    whole = _made("turned-away", at, partner, code, what, given)
    return replace(whole, size=size or len(given), given=given[:SHOWN])


def _made(
    kind: Literal["signed", "turned-away"],
    at: Instant,
    partner: str,
    code: str,
    what: str,
    given: bytes,
    held: tuple[str, ...] = (),
) -> Evidence:
    return Evidence(
        format="mithaq-evidence/1",
        kind=kind,
        at=at,
        partner=partner,
        code=code,
        what=what,
        sha256=hashlib.sha256(given).hexdigest(),
        size=len(given),
        given=given,
        held=held,
    )
