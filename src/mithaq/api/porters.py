"""Porters: in a core, they fetch what partners have brought to the gate and hand back the signed receipts.

Each has one call open to the gate; there are as many as may be worked on at once. If the gate goes away they try again;
what was under way is brought again by the partner, and gets its verdict again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from anyio import to_thread

from mithaq.adapters.transport.gate import GateTransport, Reply
from mithaq.api.link import settled
from mithaq.errors import Unavailable
from mithaq.kernel.node import Node

FEWEST, MOST = 2, 16
AGAIN, LONGEST = 0.2, 5.0  # seconds before a gate that is away is called again: at first, and at most
log = structlog.get_logger("mithaq.porter")


class Porters:
    """Run in one event loop, until cancelled. ``woken`` is called when the gate is there again."""

    def __init__(self, node: Node, gate: GateTransport, woken: Callable[[], None]) -> None:
        self._node = node
        self._gate = gate
        self._woken = woken
        self._there = True  # until it is found otherwise: only a change is told

    async def run(self) -> None:
        count = min(MOST, max(FEWEST, len(self._node.partners) + 1))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(self._turns())
        finally:
            await self._gate.leave()

    async def _turns(self) -> None:
        reply: Reply | None = None
        failures = 0
        while True:
            answering, reply = reply, None
            try:
                given = await self._gate.turn(answering)
            except Unavailable as problem:
                self._noted(False, problem.message)
                await asyncio.sleep(min(LONGEST, AGAIN * 2**failures))
                failures = min(failures + 1, 10)
                continue
            except Exception as problem:  # whatever it is: a porter that dies is not noticed, and nothing is taken
                log.error("porter", error=type(problem).__name__, exc_info=True)
                await asyncio.sleep(LONGEST)
                continue
            failures = 0
            self._noted(True)
            if given is not None:
                status, sealed = await to_thread.run_sync(settled, self._node, given.sealed)
                reply = Reply(given.number, status, sealed)  # and with it the next is asked for

    def _noted(self, there: bool, reason: str = "") -> None:
        if there == self._there:
            return
        self._there = there
        if there:
            log.info("gate", state="up")
            for party in self._node.partners:
                self._node.line(party).again()
            self._woken()
        else:
            log.warning("gate", state="away", reason=reason)
