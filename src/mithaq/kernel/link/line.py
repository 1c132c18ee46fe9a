"""The line to one partner as this process sees it: how it is, when to try next, and how much to send at once.

Pure arithmetic over a monotonic clock. What must outlive the process (a pause) is in the store.
"""

from __future__ import annotations

from collections.abc import Callable

from mithaq.errors import MithaqError

FIRST, LONGEST = 0.5, 30.0  # seconds to wait after the first failure, and at most
SMALLEST, LARGEST = 16 * 1024, 1024 * 1024  # bytes of content in one delivery
QUICK, SLOW = 2.0, 8.0  # seconds of a round trip below which the next delivery grows, above which it shrinks


class Line:
    """Up, retrying since so many failures, or paused by either side."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter  # a fresh number in [0, 1)
        self._next = 0.0
        self.failures = 0
        self.problem = ""
        self.paused_by_us = False
        self.paused_by_them = False
        self.size = 256 * 1024
        self.speaks = 3  # the newest delivery format that the partner may take, as far as we know
        self.knows = 0  # the serial of our manifest that it is known to hold
        self.asked = False  # whether it answered a question since we were started, or told of a restore
        self.head: int | None = None  # how much of our link it holds, as it last signed; None until it was asked
        self.uncosigned = False  # its last receipt that could have cosigned did not
        self.ours = True  # whether this process delivers on it, and so knows how it is
        self.bytes_out = 0
        self.bytes_in = 0
        self.news = 0  # counts what an attempt may have to do: something was numbered, or the head is to be asked for
        self.seen = -1  # how many of these the last attempt that was left with nothing to do had begun with

    @property
    def state(self) -> str:
        if self.paused_by_us:
            return "paused by us"
        if self.paused_by_them:
            return "paused by them"
        return "retrying" if self.failures else "up"

    @property
    def quiet(self) -> bool:
        """Whether there was nothing left to do and nothing has come since: nobody need be woken for this partner."""
        return self.seen == self.news and self.state == "up"

    def due(self, now: float) -> bool:
        return now >= self._next

    def wait(self, now: float) -> float:
        """Seconds until the next attempt is due."""
        return max(0.0, self._next - now)

    def failed(self, now: float, problem: MithaqError) -> None:
        """Wait twice as long as last time, at most ``LONGEST`` seconds, less up to half by chance; send less at once.

        Chance keeps partners that failed together from coming back together.
        """
        self.problem = str(problem)
        full = min(LONGEST, FIRST * 2 ** min(self.failures, 10))
        self._next = now + full * (1 - self._jitter() / 2)
        self.failures += 1
        self.size = max(SMALLEST, self.size // 2)

    def reached(self) -> bool:
        """The partner was reached, or has reached us: try at once. Whether that is news."""
        news = self.failures > 0 or self.paused_by_them
        self.failures, self.problem, self._next, self.paused_by_them = 0, "", 0.0, False
        return news

    def again(self) -> None:
        """The way to it may be open again: it is due at once."""
        self._next = 0.0

    def forget(self) -> None:
        """What the partner holds and takes is not known any more: ask it."""
        self.ask_again()
        self.knows, self.speaks = 0, 3

    def ask_again(self) -> None:
        """How far the partner has come is not known any more."""
        self.head = None
        self.news += 1

    def refused(self, now: float) -> None:
        """The partner has paused: ask again now and then."""
        self.paused_by_them, self.failures, self.problem = True, 0, ""
        self._next = now + LONGEST

    def took(self, seconds: float) -> None:
        """A round trip with a full delivery took so long."""
        if seconds < QUICK:
            self.size = min(LARGEST, self.size * 2)
        elif seconds > SLOW:
            self.size = max(SMALLEST, self.size // 2)
