"""The other processes of this node, as a store sees them: what they tell each other, and who works on what."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

Listener = Callable[[Collection[str]], None]


class Others(Protocol):
    """See ``kernel.ports.Store`` for what is promised."""

    def follow(self, listener: Listener) -> None: ...

    def announce(self, what: str) -> None: ...

    def take(self, name: str) -> bool: ...

    def give(self, name: str) -> None: ...

    def close(self) -> None:
        """Tell and hear no more, and give back everything that was taken. Safe to call twice."""


class Nobody:
    """There are no others: this process may work on everything."""

    def follow(self, listener: Listener) -> None: ...

    def announce(self, what: str) -> None: ...

    def take(self, name: str) -> bool:
        return True

    def give(self, name: str) -> None: ...

    def close(self) -> None: ...
