"""The shelf of links in SQL: messages, the edge and tiles of each log, checkpoints and receipts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import asdict, replace
from sqlalchemy import ColumnElement, bindparam, func, insert, literal_column, select, update

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.adapters.store.vault import SealedShelf, message_place, owner_of
from mithaq.errors import Untrusted
from mithaq.kernel.shelves import Edge, Message, Outcome
from mithaq.kernel.values import Lane

_WAITS: ColumnElement[str] = literal_column("'waiting'")  # spelt out, so that the partial indexes are used

_M, _E, _T, _C, _R = schema.messages, schema.edges, schema.tiles, schema.checkpoints, schema.receipts

_SETTLE = (
    update(_M)
    .where(_M.c.link == bindparam("l"), _M.c.seq == bindparam("s"), _M.c.outcome == _WAITS)
    .values(outcome=bindparam("new"), code=bindparam("why"), receipt=bindparam("r"))
)
_ONE = select(_M).where(_M.c.link == bindparam("l"), _M.c.seq == bindparam("s"))
_AFTER = (
    select(_M)
    .where(_M.c.link == bindparam("l"), _M.c.seq > bindparam("after"))
    .order_by(_M.c.seq)
    .limit(bindparam("limit"))
)
_AFTER_OUTCOME = _AFTER.where(_M.c.outcome == bindparam("outcome"))
_AFTER_WAITING = _AFTER.where(_M.c.outcome == _WAITS)
_AFTER_LANE = _AFTER_WAITING.where(_M.c.lane == bindparam("lane"), _M.c.code == "")
_WITHDRAW = (
    update(_M)
    .where(
        _M.c.link == bindparam("l"),
        _M.c.seq == bindparam("s"),
        _M.c.outcome == _WAITS,
        _M.c.code == "",
    )
    .values(code=bindparam("why"))
)
_ABOUT = (
    select(_M.c.seq)
    .where(_M.c.link == bindparam("l"), _M.c.outcome == _WAITS, _M.c.subject.like(bindparam("like")))
    .order_by(_M.c.seq)
)
_CARRYING = select(_M).where(_M.c.subject == bindparam("subject")).order_by(_M.c.link, _M.c.seq)
_TALLY = select(_M.c.outcome, func.count()).where(_M.c.link == bindparam("l")).group_by(_M.c.outcome)
_NAMES = select(_E.c.link).order_by(_E.c.link)
_EDGE = select(_E.c.size, _E.c.tiles).where(_E.c.link == bindparam("l"))
_EDGE_ADD = insert(_E)
_EDGE_MOVE = update(_E).where(_E.c.link == bindparam("l")).values(size=bindparam("to"), tiles=bindparam("new"))
_TILE_ADD = insert(_T)
_TILE_ONE = select(_T.c.hashes).where(
    _T.c.link == bindparam("l"), _T.c.level == bindparam("level"), _T.c.number == bindparam("number")
)
_CHECKPOINT_ADD = insert(_C)
_CHECKPOINT_ANEW = (
    update(_C).where(_C.c.link == bindparam("l"), _C.c.size == bindparam("s")).values(note=bindparam("new"))
)
_CHECKPOINT_AT = select(_C.c.note).where(_C.c.link == bindparam("l"), _C.c.size == bindparam("size"))
_CHECKPOINT_LAST = select(_C.c.note).where(_C.c.link == bindparam("l")).order_by(_C.c.size.desc()).limit(1)
_CHECKPOINTS_WITHIN = (
    select(_C.c.size, _C.c.note)
    .where(_C.c.link == bindparam("l"), _C.c.size > bindparam("after"), _C.c.size <= bindparam("upto"))
    .order_by(_C.c.size)
)
_CHECKPOINTS = select(_C.c.size, _C.c.note).where(_C.c.link == bindparam("l")).order_by(_C.c.size)
_RECEIPT_LAST = select(func.max(_R.c.number)).where(_R.c.link == bindparam("l"))
_RECEIPT_ADD = insert(_R)
_RECEIPT = select(_R.c.envelope).where(_R.c.link == bindparam("l"), _R.c.number == bindparam("number"))


class SqlLinks:
    def __init__(self, run: Prepared, pending: Pending, sealed: SealedShelf) -> None:
        self._run = run
        self._pending = pending
        self._sealed = sealed
        self._edges: dict[str, Edge] = {}
        self._moved: set[str] = set()

    def add(self, message: Message) -> None:
        row, place = asdict(message), message_place(message.link, message.seq)
        if message.content is not None:
            row["content"] = self._sealed.seal(owner_of(message.subject), place, message.content)
        self._pending.add(_M, (message.link, message.seq), row)

    def settle(self, link: str, verdicts: Iterable[tuple[int, Outcome, str]], receipt: int) -> None:
        given = [{"l": link, "s": seq, "new": new, "why": code, "r": receipt} for seq, new, code in verdicts]
        if given:
            self._pending.write(_M)
            self._run.many(_SETTLE, given)

    def withdraw(self, link: str, seqs: Iterable[int], why: str) -> None:
        given = [{"l": link, "s": seq, "why": why} for seq in seqs]
        if given:
            self._pending.write(_M)
            self._run.many(_WITHDRAW, given)

    def get(self, link: str, seq: int) -> Message | None:
        waiting = self._pending.of(_M).get((link, seq))
        if waiting is not None:
            return self._opened(Message(**waiting))
        row = self._run.first(_ONE, {"l": link, "s": seq})
        return self._opened(Message(*row)) if row else None

    def page(
        self, link: str, *, after: int = 0, limit: int = 100, outcome: Outcome | None = None, lane: Lane | None = None
    ) -> Sequence[Message]:
        self._pending.write(_M)
        given: dict[str, object] = {"l": link, "after": after, "limit": limit}
        statement = _AFTER
        if outcome == "waiting":  # the literal lets the partial index be used
            statement = _AFTER_WAITING if lane is None else _AFTER_LANE
        elif outcome is not None:
            statement = _AFTER_OUTCOME
        given |= {"outcome": outcome, "lane": lane}
        return [self._opened(Message(*row)) for row in self._run.all(statement, given)]

    def carrying(self, subject: str) -> Sequence[Message]:
        self._pending.write(_M)
        return [self._opened(Message(*row)) for row in self._run.all(_CARRYING, {"subject": subject})]

    def _opened(self, message: Message) -> Message:
        """With its content in the clear; with none where the record it carries was erased."""
        if message.content is None:
            return message
        place = message_place(message.link, message.seq)
        try:
            content = self._sealed.open(owner_of(message.subject), place, message.content)
        except Untrusted:
            content = b""  # somebody put something else there: no entry of the log commits to nothing
        return replace(message, content=content)

    def waiting_about(self, link: str, record: str) -> Sequence[int]:
        self._pending.write(_M)
        return [row[0] for row in self._run.all(_ABOUT, {"l": link, "like": f"{record}/%"})]

    def tally(self, link: str) -> dict[str, int]:
        self._pending.write(_M)
        return dict(self._run.all(_TALLY, {"l": link}))

    def names(self) -> Sequence[str]:
        self._pending.flush()
        return [row[0] for row in self._run.all(_NAMES, {})]

    def edge(self, link: str) -> Edge:
        known = self._edges.get(link)
        if known is None:
            row = self._run.first(_EDGE, {"l": link})
            known = self._edges[link] = Edge(row[0], _split(row[0], row[1])) if row else Edge()
        return known

    def put_edge(self, link: str, edge: Edge) -> None:
        self._pending.finally_do("edges", self._write_edges)
        self._edges[link] = edge
        self._moved.add(link)

    def _write_edges(self) -> None:
        for link in sorted(self._moved):
            edge = self._edges[link]
            tiles = b"".join(edge.tiles)
            if self._run.run(_EDGE_MOVE, {"l": link, "to": edge.size, "new": tiles}) == 0:
                self._run.run(_EDGE_ADD, {"link": link, "size": edge.size, "tiles": tiles})
        self._moved.clear()

    def add_tiles(self, link: str, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        given = [{"link": link, "level": level, "number": number, "hashes": all_of} for level, number, all_of in tiles]
        if given:
            self._run.many(_TILE_ADD, given)

    def tile(self, link: str, level: int, index: int) -> bytes | None:
        return self._run.blob(_TILE_ONE, {"l": link, "level": level, "number": index})

    def add_checkpoint(self, link: str, size: int, note: str, *, anew: bool = False) -> None:
        if self._run.text(_CHECKPOINT_AT, {"l": link, "size": size}) is None:
            self._run.run(_CHECKPOINT_ADD, {"link": link, "size": size, "note": note})
        elif anew:
            self._run.run(_CHECKPOINT_ANEW, {"l": link, "s": size, "new": note})

    def checkpoint(self, link: str, size: int | None = None) -> str | None:
        if size is None:
            return self._run.text(_CHECKPOINT_LAST, {"l": link})
        return self._run.text(_CHECKPOINT_AT, {"l": link, "size": size})

    def checkpoints(self, link: str, *, after: int = -1, upto: int | None = None) -> Sequence[tuple[int, str]]:
        if upto is not None:
            given = {"l": link, "after": after, "upto": upto}
            return [(row[0], row[1]) for row in self._run.all(_CHECKPOINTS_WITHIN, given)]
        return [(row[0], row[1]) for row in self._run.all(_CHECKPOINTS, {"l": link})]

    def add_receipt(self, link: str, envelope: bytes) -> int:
        number = self._run.number(_RECEIPT_LAST, {"l": link}) + 1
        self._run.run(_RECEIPT_ADD, {"link": link, "number": number, "envelope": envelope})
        return number

    def receipt(self, link: str, number: int) -> bytes | None:
        return self._run.blob(_RECEIPT, {"l": link, "number": number})


def _split(size: int, tiles: bytes) -> tuple[bytes, ...]:
    """The partial tile of each level: how long each is follows from the size."""
    parts, at = [], 0
    while size:
        end = at + size % 256 * 32
        parts.append(tiles[at:end])
        size, at = size // 256, end
    return tuple(parts)
