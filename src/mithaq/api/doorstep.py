"""The doorstep: what those share who are not known yet, by whichever face of the node they come.

Hashing a password is meant to be dear, so few do it at once and the rest wait, without a thread of their own. Each
address may fail so often and no more, before the door itself counts.
"""

from __future__ import annotations

from collections.abc import Callable

from anyio import CapacityLimiter

from mithaq.api.rate import Buckets

SLOW = 2  # sign-ins at once
BURST, EVERY = 60, 6.0  # failures at once from one address (a whole shift may share it), and seconds until one more


class Doorstep:
    """One for each node that is served."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.slowly = CapacityLimiter(SLOW)
        self.tries = Buckets(BURST, EVERY, monotonic)
