"""The shelves of a node's store, and what stands on them: what one transaction reads and writes.

``ports.Transaction`` holds one of each. Every store has the same, and one conformance suite runs over all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct

from mithaq.kernel.values import Lane

Outcome = Literal["waiting", "accepted", "refused", "tombstone"]
"""What became of a numbered message. ``waiting`` exists at the sender only; every number ends as one of the others."""


class Entry(Struct, frozen=True):
    """One line of the node's journal: something happened at home. Views fold over these, in order of ``position``.

    ``what`` is one of record, withheld, deferred, released, received, refused, tombstone, said, recalled, escalated,
    attachment (a partner's is complete), erased (one is gone, or a record is); ``subject`` names it (a record as
    ``id/version``, a message as ``link/seq``, an attachment by its digest); ``party`` is the partner concerned, or
    empty. Of what partners say of our records: deleted, held, acted, passed_on; of ours that are held: restricted.
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
    content: bytes  # nothing where it was erased
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
    terms: tuple[str, ...] = ()  # folded words by which it is found
    position: int = 0  # of the journal entry that changed it last; given by the view


class Audited(Struct, frozen=True):
    """One line of the audit log. ``chain`` is SHA-256 over the chain of the line before and this line's contents."""

    number: int
    at: datetime
    who: str
    act: str
    subject: str
    reason: str
    chain: bytes


class Filed(Struct, frozen=True):
    """A signed statement as this node keeps it: one number of one party's chain in one matter, as exact bytes."""

    matter: str
    party: str
    number: int
    kind: str  # of the matter
    says: str
    digest: str  # of the statement's canonical bytes; the next of the chain names it
    envelope: bytes
    at: datetime  # when this node took it, not when it says it was made
    position: int = 0  # given by the store; grows by commit order


class Clocked(Struct, frozen=True):
    """A duty as the store keeps it: what is owed, by when, and where it stands (open, escalated, discharged, void)."""

    id: str
    due: datetime
    state: str
    content: bytes


class Records(Protocol):
    """Every version of every record held, sealed under a key of the record's own. Nothing is changed in place."""

    def add(self, holding: Holding) -> None:
        """Keep it. Its job fails with Clash if this id and version is already held."""

    def get(self, id: str, version: int | None = None) -> Holding | None:
        """That version, or the newest."""

    def versions(self, id: str) -> Sequence[int]:
        """The versions that are held, the earliest first."""

    def kind(self, id: str, version: int) -> str | None:
        """The Kind of that version, without opening what it says."""

    def by_reference(self, kind_base: str, reference: str, exercise: bool) -> Holding | None:
        """The newest version of our own record of that Kind (any version of the Kind) with this reference."""

    def page(self, *, after: int = 0, limit: int = 100) -> Sequence[Holding]:
        """Holdings by position, after the given one."""

    def erase(self, id: str) -> None:
        """Lose the record's key, and with it the content of every version and of every message that carries one.

        What is left says that there was one: ids, versions, Kind, origin, and the entries of the logs.
        """


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

    def add_checkpoint(self, link: str, size: int, note: str, *, anew: bool = False) -> None:
        """Keep a signed checkpoint. The same size may come again with the same root only (the caller checks).

        Then the first is kept; with ``anew``, this one takes its place: it is signed with a newer key.
        """

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

    def forget(self, key: str) -> None:
        """Remove the row of this key, and what it is found by, from every view."""

    def get(self, view: str, key: str) -> Row | None: ...

    def page(self, view: str, *, exercise: bool, after: str = "", limit: int = 100) -> Sequence[Row]:
        """Rows by key."""

    def newest(
        self, view: str, *, exercise: bool, terms: Sequence[str] = (), before: int = 0, limit: int = 100
    ) -> Sequence[Row]:
        """Rows that have every one of these terms, the last changed first; ``before`` a position, to go on.

        A term that ends in ``*`` stands for every term that begins so. Rows come without their own terms.
        """


class AuditLog(Protocol):
    """Own reads and administration: who, what, about what, and why where a reason was asked. Append only, chained."""

    def add(self, *, at: datetime, who: str, act: str, subject: str, reason: str = "") -> None: ...

    def page(self, *, after: int = 0, limit: int = 1000, who: str = "", subject: str = "") -> Sequence[Audited]:
        """Lines by number; with ``who`` those of one actor, with ``subject`` those about one thing."""


class Memos(Protocol):
    """Small durable facts of the node itself, by name: what is paused, what a restore left open."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str | None) -> None:
        """Keep it in place of what was there; None forgets it."""

    def names(self, prefix: str) -> Sequence[str]: ...


class Statements(Protocol):
    """Every signed statement of every matter held. Append only."""

    def add(self, filed: Filed) -> None:
        """Keep it. Its job fails with Clash if this number of the chain is taken."""

    def get(self, matter: str, party: str, number: int) -> Filed | None: ...

    def of(self, matter: str) -> Sequence[Filed]:
        """All of a matter, by party and number."""

    def matters(self, kind: str = "") -> Sequence[str]:
        """The ids of all matters of a kind, or of every kind, in the order they became known."""

    def mark(self, kind: str = "") -> tuple[int, str]:
        """(position, digest) of the newest statement, of all or of one kind of matter; (0, "") when there is none."""


class Duties(Protocol):
    """Everything with a clock. One row a duty, changed only in its state."""

    def put(self, duty: Clocked) -> None:
        """Keep it in place of what was there under its id."""

    def get(self, id: str) -> Clocked | None: ...

    def due(self, upto: datetime, *, limit: int = 100) -> Sequence[Clocked]:
        """Those still open whose time has come, the oldest first."""

    def page(self, *, after: str = "", limit: int = 100) -> Sequence[Clocked]:
        """All by id."""


class Papers(Protocol):
    """What a node keeps of its own running, by sort and id: people, sessions, held acts, answers already given.

    Changed in place, and forgotten once they expire.
    """

    def put(self, sort: str, id: str, content: bytes, *, expires: datetime | None = None) -> None:
        """Keep it in place of what was there."""

    def get(self, sort: str, id: str) -> bytes | None: ...

    def remove(self, sort: str, id: str) -> None: ...

    def page(self, sort: str, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, bytes]]:
        """(id, content) by id."""

    def expire(self, upto: datetime) -> int:
        """Forget what has expired; how many."""


class Blobs(Protocol):
    """Larger bytes by their SHA-256: the parts of attachments."""

    def put(self, hash: bytes, data: bytes) -> None:
        """Keep it; the same again changes nothing."""

    def get(self, hash: bytes) -> bytes | None: ...

    def has(self, hash: bytes) -> bool: ...

    def remove(self, hash: bytes) -> None: ...
