"""What the kernel asks of the outside, as small ports. The guarantees are part of each port.

Every port has at least two real implementations, and one conformance suite in ``tests/conformance`` runs over all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from mithaq.errors import Unavailable
from mithaq.kernel.shelves import (
    AuditLog,
    Blobs,
    Decisions,
    Duties,
    Journal,
    Links,
    Memos,
    Papers,
    Records,
    Statements,
    Views,
)

T = TypeVar("T")


class Transaction(Protocol):
    """The shelves of one transaction. What a job reads, it may rely on until the commit: there is one writer."""

    @property
    def records(self) -> Records: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def links(self) -> Links: ...

    @property
    def decisions(self) -> Decisions: ...

    @property
    def views(self) -> Views: ...

    @property
    def audit(self) -> AuditLog: ...

    @property
    def memos(self) -> Memos: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def duties(self) -> Duties: ...

    @property
    def papers(self) -> Papers: ...

    @property
    def blobs(self) -> Blobs: ...


def nothing() -> None:
    """Nothing more is to be done."""


class Store(Protocol):
    """Where a node keeps everything. One writer; readers never wait for it.

    Several processes of one node may share a store that allows it. Their writers take turns, a commit at a time, so all
    that is promised of one holds for all together.

    - ``write``: jobs run one at a time, in the order given. All that wait share one commit. The future resolves once
      the commit is durable (it survives loss of power), or with the job's own error; a job that raises leaves no trace
      and does not harm the others. If the commit fails, every job of it fails with Unavailable and nothing is kept.
    - ``finish``: runs once per commit after its jobs and inside it; if it raises, the commit fails. ``then`` runs after
      the commit and before the next one.
    - ``read``: a consistent snapshot of what is committed; writing in it is an error.
    - ``begin``: runs in a commit before its jobs, if another process has committed since this one did.
    - ``follow``: the listener is called, from any thread, after another process has committed something, with what that
      one announced; now and then also when nothing was heard. It may come late, or for several commits at once.
    - ``announce``: a word without spaces, told to the others with the next commit that changes something. It may be
      lost: nothing may rest on it.
    - ``take``: whether this process may work on what is so named, until it gives it back or ends. One process at a time
      may; that it still is this one is only known by asking again.
    """

    def write(self, job: Callable[[Transaction], T]) -> Future[T]: ...

    def finish_with(self, finish: Callable[[Transaction], None], then: Callable[[], None] = nothing) -> None: ...

    def read(self) -> AbstractContextManager[Transaction]: ...

    @property
    def shared(self) -> bool:
        """Whether other processes may have it open as well."""

    def begin_with(self, begin: Callable[[Transaction], None]) -> None: ...

    def follow(self, listener: Callable[[Collection[str]], None]) -> None: ...

    def announce(self, what: str) -> None: ...

    def take(self, name: str) -> bool: ...

    def give(self, name: str) -> None: ...

    def close(self) -> None:
        """Finish what waits, then let go. Safe to call twice."""


class Transport(Protocol):
    """Carries a sealed delivery to a partner and brings back the sealed reply. Delivers at least once, or raises.

    Unavailable: the partner was not reached, or its answer was lost: it may or may not have acted; send again.
    NotAllowed: the partner answered, and will not deal with us: sending the same again will not help.
    """

    def deliver(self, partner: str, sealed: bytes) -> bytes: ...

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""


@runtime_checkable
class Gated(Transport, Protocol):
    """A transport that goes through a gate of our own."""

    def gate(self) -> str:
        """``up``, or why it was not reached when it was last called."""


class Signature(Struct, frozen=True):
    """One signature: the algorithm (``ed25519`` or ``ml-dsa-65``), the key's id and the raw bytes."""

    algorithm: str
    key: str
    value: bytes


class Signer(Protocol):
    """Signs for the nation. Always with every key of the suite: a half of a hybrid signature is worth nothing."""

    def sign(self, message: bytes) -> tuple[Signature, ...]: ...


class Opener(Protocol):
    """Opens what was sealed to this nation. Untrusted if the seal, the key or the context is not the right one.

    ``key`` names which of our sealing keys it was sealed to; several are held while partners change over.
    """

    def open(self, key: str, sealed: bytes, context: bytes) -> bytes: ...


class Keyed(Protocol):
    """HMAC-SHA256 under a secret of the node that never leaves it: pseudonyms that only we can make again."""

    def mac(self, message: bytes) -> bytes: ...


class Metrics(Protocol):
    """Figures of a running node, for whoever watches it. No name, plate or place of anybody ever goes in."""

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Add to a counter."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Note how long something took."""


@runtime_checkable
class Shown(Metrics, Protocol):
    """Metrics that can be shown."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set what is looked at when somebody asks."""

    def text(self) -> bytes: ...


class Picture(Struct, frozen=True):
    """A picture that tells nothing but what is seen on it. ``scaled``: it was larger, and is shown smaller."""

    media_type: str
    data: bytes
    width: int
    height: int
    scaled: bool = False


class Pictures(Protocol):
    """Makes a picture anew from what is seen on it, so that nothing else of the file is left.

    Safe to call from many threads at once, and to call again: it keeps nothing. What it is given is not trusted.
    """

    def clean(self, data: bytes) -> Picture:
        """The picture in these bytes. Invalid, with its name, if they are something else or are too large a picture;
        Malformed if they are a picture that cannot be read to its end.
        """


class NoPictures:
    """Where nothing can read pictures: none is taken."""

    def clean(self, data: bytes) -> Picture:
        raise Unavailable("pictures", "this node cannot read pictures", hint="install it with Pillow")


class NoMetrics:
    """Metrics that nobody reads."""

    def count(self, name: str, value: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, seconds: float, **labels: str) -> None: ...
