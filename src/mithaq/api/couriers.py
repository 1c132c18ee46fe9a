"""Couriers: one thread per partner that delivers what waits, at once when something is new, later after a failure."""

from __future__ import annotations

import threading

import structlog

from mithaq.errors import Unavailable
from mithaq.kernel.node import Node

log = structlog.get_logger("mithaq.courier")
TICK = 30.0  # seconds between looks at what is due
IDLE = 5.0  # seconds after which a courier looks even if nobody woke it


class Couriers:
    """Runs from ``start`` until ``stop`` returns. A partner that is slow or down delays no other."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stopping = threading.Event()
        self._wake = {party: threading.Event() for party in node.partners}
        self._threads = [
            threading.Thread(target=self._run, args=(party,), name=f"courier-{party}", daemon=True)
            for party in node.partners
        ]
        self._threads.append(threading.Thread(target=self._clock, name="mithaq-clock", daemon=True))

    def start(self) -> None:
        self._node.on_change(self.wake)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something new may wait: for those partners with whom nothing is left to do, nobody gets up."""
        for party, event in self._wake.items():
            if not self._node.line(party).quiet:
                event.set()

    def stop(self) -> None:
        self._stopping.set()
        for event in self._wake.values():
            event.set()
        for thread in self._threads:
            thread.join()

    def _clock(self) -> None:
        """Look at what is due, now and then: minutes matter here, not seconds."""
        while not self._stopping.wait(TICK):
            try:
                self._node.tick()
            except Exception as problem:  # as of a courier: what is due must not be forgotten for one error
                log.error("clock", error=type(problem).__name__, exc_info=True)

    def _run(self, party: str) -> None:
        woken = self._wake[party]
        while not self._stopping.is_set():
            line, now = self._node.line(party), self._node.clock.monotonic()
            before = line.state
            if line.due(now):
                self._attempt(party)
            if line.state != before:
                log.info("line", partner=party, state=line.state, failures=line.failures)
            # After a failure this wakes early if the partner shows up, and then it is due at once.
            woken.wait(line.wait(self._node.clock.monotonic()) or IDLE)
            woken.clear()

    def _attempt(self, party: str) -> None:
        try:
            self._node.attempt(party)
        except Exception as problem:  # whatever it is: a courier that dies is not noticed, and its partner gets nothing
            log.error("courier", partner=party, error=type(problem).__name__, exc_info=True)
            unforeseen = Unavailable("unforeseen", f"{type(problem).__name__}: see the log")
            self._node.line(party).failed(self._node.clock.monotonic(), unforeseen)
