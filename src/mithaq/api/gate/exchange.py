"""Between the two faces of a gate: partners' deliveries wait, in memory, until the core has taken and answered them.

Nothing is kept on disk. A partner keeps its delivery until it holds our core's signed receipt, so what the gate forgets
is brought again; and what the gate does not hold cannot be taken from it. See docs/gate.md.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from msgspec import Struct

from mithaq.adapters.transport.gate import WAIT, Given, Reply
from mithaq.errors import Unavailable

TAKEN = 5.0  # seconds within which a core that is there takes a delivery
ANSWERED = 25.0  # seconds within which it must be answered: partners wait 30
AWAY = 10.0  # seconds without a turn after which the core is away, and nobody is kept waiting
HELD = 64 * 1024 * 1024  # sealed bytes that may wait at once, of all partners


class _Waiting(Struct, eq=False):
    given: Given
    answer: asyncio.Future[Reply]
    taken: asyncio.Event


class Exchange:
    """For one event loop. Each delivery is given once and answered once, or its partner is told to come again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._given: dict[str, _Waiting] = {}
        self._turns = 0
        self._seen: float | None = None
        self._over = False
        self.held = 0

    @property
    def core(self) -> bool:
        """Whether the core is there: it has a turn open, works on something, or had one a moment ago."""
        recently = self._seen is not None and self._monotonic() - self._seen < AWAY
        return self._turns > 0 or recently

    @property
    def seen(self) -> float | None:
        """Seconds since the core was last heard of; None if never."""
        if self._turns:
            return 0.0
        return None if self._seen is None else self._monotonic() - self._seen

    @property
    def waiting(self) -> int:
        """Deliveries that are held for the core, taken or not."""
        return self._waiting.qsize() + len(self._given)

    async def carry(self, sealed: bytes) -> Reply:
        """The core's answer. Unavailable if it is away, busy or slow: then nothing is known of what it did."""
        if not self.core or self._over:
            raise Unavailable("core-away", "the core has not called for a while")
        if self.held + len(sealed) > HELD:
            raise Unavailable("full", "too much waits for the core")
        answer = asyncio.get_running_loop().create_future()
        one = _Waiting(Given(secrets.token_hex(16), sealed), answer, asyncio.Event())
        self.held += len(sealed)
        self._waiting.put_nowait(one)
        try:
            async with asyncio.timeout(ANSWERED):
                async with asyncio.timeout(TAKEN):
                    await one.taken.wait()
                return await one.answer
        except TimeoutError:
            raise Unavailable("core-slow", "the core did not take or answer it in time") from None
        finally:
            one.answer.cancel()  # without effect if it was answered; else whoever takes it from the queue passes it by
            self._given.pop(one.given.number, None)
            self.held -= len(sealed)

    async def turn(self) -> Given | None:
        """The next delivery for the core; None if none came in ``WAIT`` seconds."""
        self._turns += 1
        try:
            async with asyncio.timeout(WAIT):
                while True:
                    one = None if self._over else await self._waiting.get()
                    if one is None:
                        return None
                    if not one.answer.done():
                        self._given[one.given.number] = one
                        one.taken.set()
                        return one.given
        except TimeoutError:
            return None
        finally:
            self._turns -= 1
            self._seen = self._monotonic()

    def end(self) -> None:
        """The gate stops: every open turn ends now, with nothing."""
        self._over = True
        for _ in range(self._turns):
            self._waiting.put_nowait(None)

    def answer(self, reply: Reply) -> bool:
        """Whether somebody still waits for this answer. One that comes too late is dropped."""
        self._seen = self._monotonic()
        one = self._given.pop(reply.number, None)
        if one is None or one.answer.done():
            return False
        one.answer.set_result(reply)
        return True
