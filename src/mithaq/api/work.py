"""Working: a process without faces that delivers to partners, until it is asked to stop. Others of its home serve."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from mithaq.api.couriers import Couriers
from mithaq.kernel.node import Node


def work(node: Node, ready: Callable[[], None]) -> None:
    """Deliver until SIGINT or SIGTERM. ``ready`` is called once it does."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    couriers = Couriers(node)
    couriers.start()
    try:
        ready()
        stopping.wait()
    finally:
        couriers.stop()
