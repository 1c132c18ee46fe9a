"""The port to witnesses outside: those that an agreement names and the settings say where to reach."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct


class Told(Struct, frozen=True):
    """What a witness answered, as HTTP says it."""

    status: int
    body: str


class Witnesses(Protocol):
    """Speaks C2SP tlog-witness. Unavailable if a witness was not reached; safe to ask again, whatever became of it."""

    @property
    def names(self) -> Collection[str]: ...

    def add_checkpoint(self, name: str, body: bytes) -> Told: ...

    def newest(self, name: str, origin: str) -> str:
        """The newest checkpoint of a log that it cosigned, as a note; empty if there is none."""

    def close(self) -> None: ...


class NoWitnesses:
    """No witness outside is known here."""

    names: tuple[str, ...] = ()

    def add_checkpoint(self, name: str, body: bytes) -> Told:
        return Told(404, "")

    def newest(self, name: str, origin: str) -> str:
        return ""

    def close(self) -> None: ...
