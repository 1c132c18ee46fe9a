"""Token buckets: how often each caller may do what is dear."""

from __future__ import annotations

import threading
from collections.abc import Callable

MAX_CALLERS = 10_000


class Buckets:
    """One bucket for each caller: ``burst`` at once, then one more every ``every`` seconds. Safe between threads.

    Only callers whose bucket is not full take any room, and no more than ``MAX_CALLERS`` of them: then the one that
    has waited longest is forgotten.
    """

    def __init__(self, burst: int, every: float, monotonic: Callable[[], float]) -> None:
        self._span = burst * every
        self._every = every
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._full_at: dict[str, float] = {}  # when the bucket of a caller is full again

    def take(self, caller: str) -> float:
        """0 if the caller may; else after how many seconds it may try again, and nothing was taken."""
        with self._lock:
            now = self._monotonic()
            full_at = max(now, self._full_at.pop(caller, now)) + self._every
            wait = full_at - self._span - now
            self._full_at[caller] = full_at - self._every if wait > 0 else full_at
            self._forget(now)
            return max(0.0, wait)

    def give_back(self, caller: str) -> None:
        """What was taken was not used."""
        with self._lock:
            if caller in self._full_at:
                self._full_at[caller] -= self._every

    def _forget(self, now: float) -> None:
        while self._full_at:
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= MAX_CALLERS:
                return
            del self._full_at[oldest]
