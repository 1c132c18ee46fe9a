"""What an officer signs in with, and how often that failed of late."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.values import Instant

SORT = "credential"
FREE = 5  # failures before each further try must wait
LONGEST = timedelta(hours=1)


class Credential(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``step``: the last step of the code that was used. ``failures`` since the last sign-in; none before ``until``."""

    password: str
    totp: bytes
    step: int = 0
    failures: int = 0
    until: Instant | None = None

    def is_locked(self, at: datetime) -> bool:
        return self.until is not None and at < self.until

    def failed(self, at: datetime) -> Credential:
        """One more failure: from the fifth on, the next try must wait."""
        failures = self.failures + 1
        wait = pause(failures)
        return replace(self, failures=failures, until=at + wait if wait else None)

    def __repr__(self) -> str:
        return f"Credential(failures={self.failures})"


def pause(failures: int) -> timedelta:
    """How long the next try must wait: 1, 2, 4, … minutes from the fifth failure on, and never longer than an hour.

    >>> [pause(n) // timedelta(minutes=1) for n in (4, 5, 6, 7, 10, 11, 12, 1000)]
    [0, 1, 2, 4, 32, 60, 60, 60]
    """
    if failures < FREE:
        return timedelta()
    return min(timedelta(minutes=2 ** min(failures - FREE, 6)), LONGEST)
