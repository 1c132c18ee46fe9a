"""What the kernel asks of the outside, as small ports. The guarantees are part of each port.

Every port has at least two real implementations, and one conformance suite in ``tests/conformance`` runs over all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from mithaq.kernel.values import Lane

T = TypeVar("T")

Outcome = Literal["waiting", "accepted", "refused", "tombstone"]
"""What became of a numbered message. ``waiting`` exists at the sender only; every number ends as one of the others."""


class Entry(Struct, frozen=True):
    """One line of the node's journal: something happened at home. Views fold over these, in order of ``position``.

    ``what`` is one of record, withheld, deferred, released, received, refused, tombstone; ``subject`` names it (a
    record as ``id/version``, a message as ``link/seq``); ``party`` is the partner concerned, or empty.
    """

    position: int
    at: datetime
    what: str
    subject: str
    party: str
    exercise: bool


class Holding(Struct, frozen=True):
    """A version of a record that this node holds: its own (a Record) or a partner's (a Release), as exact bytes."""

    id: str
    version: int
    kind: str
    origin: str
    exercise: bool
    reference: str  # the officer's own file reference; never released; empty if none
    content: bytes
    position: int = 0  # of the journal entry that brought it; given by the store
    link: str = ""  # for a received one: where its message is
    seq: int = 0


class Message(Struct, frozen=True):
    """One number of a link, as its sender or its receiver keeps it. ``entry`` is what the log commits to."""

    link: str
    seq: int
    lane: Lane
    salt: bytes
    content: bytes | None  # exact signed bytes; None where none is held (refused, tombstone, erased)
    entry: bytes
    outcome: Outcome
    code: str = ""  # why refused or tombstoned
    subject: str = ""  # the record version it carries: id/version
    receipt: int = 0  # at the sender: the receipt that decided it
    position: int = 0  # of the journal entry that numbered or brought it; the order of arrival at the receiver


class Edge(Struct, frozen=True):
    """The right-hand edge of a link's log: its size and, per tile level, the hashes of the last, incomplete tile."""

    size: int = 0
    tiles: tuple[bytes, ...] = ()


class Row(Struct, frozen=True):
    """One row of a View: what a list, a map and a timeline need of it, and the rest as plain JSON data."""

    key: str
    title: str
    time: str = ""
    place: str = ""
    exercise: bool = False
    body: dict[str, Any] = {}


class Records(Protocol):
    """Every version of every record held. Nothing is changed in place."""

    def add(self, holding: Holding) -> None:
        """Keep it. Its job fails with Clash if this id and version is already held."""

    def get(self, id: str, version: int | None = None) -> Holding | None:
        """That version, or the newest."""

    def by_reference(self, kind_base: str, reference: str, exercise: bool) -> Holding | None:
        """The newest version of our own record of that Kind (any version of the Kind) with this reference."""

    def page(self, *, after: int = 0, limit: int = 100) -> Sequence[Holding]:
        """Holdings by position, after the given one."""


class Journal(Protocol):
    """What happened at home, in order. Append only."""

    def add(self, what: str, subject: str, *, at: datetime, party: str = "", exercise: bool = False) -> int:
        """Append; the position given to it. Positions grow by commit order and are never reused."""

    def page(self, *, after: int = 0, limit: int = 1000) -> Sequence[Entry]: ...

    def last(self) -> int:
        """The newest position, 0 when empty."""


class Links(Protocol):
    """Messages, log tiles, checkpoints and receipts of every link this node sends or receives on."""

    def add(self, message: Message) -> None:
        """Keep a new number. Its job fails with Clash if it is taken."""

    def settle(self, link: str, verdicts: Iterable[tuple[int, Outcome, str]], receipt: int) -> None:
        """At the sender: give (seq, outcome, code) to messages that wait. Settled ones are left as they are."""

    def get(self, link: str, seq: int) -> Message | None: ...

    def withdraw(self, link: str, seqs: Iterable[int], why: str) -> None:
        """At the sender: those of these messages that still wait are to end as tombstones, for this reason."""

    def page(
        self, link: str, *, after: int = 0, limit: int = 100, outcome: Outcome | None = None, lane: Lane | None = None
    ) -> Sequence[Message]:
        """Messages by number, after the given one. With ``lane``: what waits on it and was not withdrawn."""

    def waiting_about(self, link: str, record: str) -> Sequence[int]:
        """The numbers that wait and carry a version of this record."""

    def carrying(self, subject: str) -> Sequence[Message]:
        """The messages that carry this record version, over all links."""

    def tally(self, link: str) -> dict[str, int]:
        """How many messages have each outcome."""

    def names(self) -> Sequence[str]:
        """Every link that has an edge."""

    def edge(self, link: str) -> Edge:
        """The newest edge, as of this transaction; an empty one for a new link."""

    def put_edge(self, link: str, edge: Edge) -> None: ...

    def add_tiles(self, link: str, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        """Keep full tiles (level, index, 256 hashes)."""

    def tile(self, link: str, level: int, index: int) -> bytes | None:
        """A full tile."""

    def add_checkpoint(self, link: str, size: int, note: str) -> None:
        """Keep a signed checkpoint. The same size may come again with the same root only (the caller checks)."""

    def checkpoint(self, link: str, size: int | None = None) -> str | None:
        """The checkpoint of that size, or of the greatest size."""

    def checkpoints(self, link: str, *, after: int = -1, upto: int | None = None) -> Sequence[tuple[int, str]]:
        """(size, note) by size: all, or those with after < size <= upto."""

    def add_receipt(self, link: str, envelope: bytes) -> int:
        """Keep a partner's signed receipt, or one of our own; the number given to it."""

    def receipt(self, link: str, number: int) -> bytes | None: ...


class Decisions(Protocol):
    """The Decision made for each record version and partner: basis, obligations, forbids, digests of all inputs."""

    def put(self, subject: str, party: str, content: bytes) -> None: ...

    def get(self, subject: str, party: str) -> bytes | None: ...

    def of(self, subject: str) -> Sequence[tuple[str, bytes]]:
        """(party, decision) for every partner that was considered."""


class Views(Protocol):
    """Rows of views with the cursor of each. Derived: may be dropped and folded again from the journal."""

    def cursor(self, view: str) -> tuple[int, int]:
        """(version of the view, last journal position folded); (0, 0) for a new one."""

    def move(self, view: str, version: int, position: int) -> None: ...

    def clear(self, view: str) -> None: ...

    def put(self, view: str, row: Row) -> None:
        """Insert or replace by key."""

    def remove(self, view: str, key: str) -> None: ...

    def get(self, view: str, key: str) -> Row | None: ...

    def page(self, view: str, *, exercise: bool, after: str = "", limit: int = 100) -> Sequence[Row]:
        """Rows by key."""


class AuditLog(Protocol):
    """Own reads and administration: who, what, about what. Append only."""

    def add(self, *, at: datetime, who: str, act: str, subject: str) -> None: ...

    def page(self, *, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, datetime, str, str, str]]: ...


class Memos(Protocol):
    """Small durable facts of the node itself, by name: what is paused, what a restore left open."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str | None) -> None:
        """Keep it in place of what was there; None forgets it."""

    def names(self, prefix: str) -> Sequence[str]: ...


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


def nothing() -> None:
    """Nothing more is to be done."""


class Store(Protocol):
    """Where a node keeps everything. One writer; readers never wait for it.

    - ``write``: jobs run one at a time, in the order given. All that wait share one commit. The future resolves once
      the commit is durable (it survives loss of power), or with the job's own error; a job that raises leaves no trace
      and does not harm the others. If the commit fails, every job of it fails with Unavailable and nothing is kept.
    - ``finish``: runs once per commit after its jobs and inside it; if it raises, the commit fails. ``then`` runs after
      the commit and before the next one.
    - ``read``: a consistent snapshot of what is committed; writing in it is an error.
    """

    def write(self, job: Callable[[Transaction], T]) -> Future[T]: ...

    def finish_with(self, finish: Callable[[Transaction], None], then: Callable[[], None] = nothing) -> None: ...

    def read(self) -> AbstractContextManager[Transaction]: ...

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


class Signature(Struct, frozen=True):
    """One signature: the algorithm (``ed25519`` or ``ml-dsa-65``), the key's id and the raw bytes."""

    algorithm: str
    key: str
    value: bytes


class Signer(Protocol):
    """Signs for the nation. Always with every key of the suite: a half of a hybrid signature is worth nothing."""

    def sign(self, message: bytes) -> tuple[Signature, ...]: ...


class Opener(Protocol):
    """Opens what was sealed to this nation. Untrusted if the seal, the key or the context is not the right one."""

    def open(self, sealed: bytes, context: bytes) -> bytes: ...


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


class NoMetrics:
    """Metrics that nobody reads."""

    def count(self, name: str, value: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, seconds: float, **labels: str) -> None: ...
