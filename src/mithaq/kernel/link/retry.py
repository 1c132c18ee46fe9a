"""Retrying: when to try a partner again after it was not reached. Pure arithmetic over a monotonic clock."""

from __future__ import annotations

from mithaq.errors import MithaqError

FIRST, LONGEST = 0.5, 30.0


class Line:
    """The line to one partner as this process sees it: up, or retrying since so many failures."""

    def __init__(self) -> None:
        self.failures = 0
        self.problem = ""
        self._next = 0.0

    @property
    def state(self) -> str:
        return "retrying" if self.failures else "up"

    def due(self, now: float) -> bool:
        return now >= self._next

    def wait(self, now: float) -> float:
        """Seconds until the next attempt is due."""
        return max(0.0, self._next - now)

    def failed(self, now: float, problem: MithaqError) -> None:
        """Wait twice as long as last time, at most ``LONGEST`` seconds."""
        self.problem = str(problem)
        self._next = now + min(LONGEST, FIRST * 2 ** min(self.failures, 10))
        self.failures += 1

    def reached(self) -> None:
        """The partner was reached, or has reached us: try at once."""
        self.failures, self.problem, self._next = 0, "", 0.0
