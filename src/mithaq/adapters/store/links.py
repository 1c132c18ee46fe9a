"""The shelf of links in SQL: messages, the edge and tiles of each log, checkpoints and receipts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mithaq.adapters.store import schema
from mithaq.errors import Clash
from mithaq.kernel.ports import Edge, Message, Outcome

_M, _E, _T, _C, _R = schema.messages, schema.edges, schema.tiles, schema.checkpoints, schema.receipts

_ADD = insert(_M)
_SETTLE = (
    update(_M)
    .where(_M.c.link == bindparam("l"), _M.c.seq == bindparam("s"), _M.c.outcome == "waiting")
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
_AFTER_WAITING = _AFTER.where(_M.c.outcome == "waiting")
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
_CHECKPOINT_AT = select(_C.c.note).where(_C.c.link == bindparam("l"), _C.c.size == bindparam("size"))
_CHECKPOINT_LAST = select(_C.c.note).where(_C.c.link == bindparam("l")).order_by(_C.c.size.desc()).limit(1)
_CHECKPOINTS = select(_C.c.size, _C.c.note).where(_C.c.link == bindparam("l")).order_by(_C.c.size)
_RECEIPT_LAST = select(func.max(_R.c.number)).where(_R.c.link == bindparam("l"))
_RECEIPT_ADD = insert(_R)
_RECEIPT = select(_R.c.envelope).where(_R.c.link == bindparam("l"), _R.c.number == bindparam("number"))


class SqlLinks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, message: Message) -> None:
        values = {name: getattr(message, name) for name in Message.__struct_fields__}
        try:
            self._connection.execute(_ADD, values)
        except IntegrityError:
            raise Clash("numbered", f"{message.link}/{message.seq} is already taken") from None

    def settle(self, link: str, verdicts: Iterable[tuple[int, Outcome, str]], receipt: int) -> None:
        given = [{"l": link, "s": seq, "new": new, "why": code, "r": receipt} for seq, new, code in verdicts]
        if given:
            self._connection.execute(_SETTLE, given)

    def get(self, link: str, seq: int) -> Message | None:
        row = self._connection.execute(_ONE, {"l": link, "s": seq}).first()
        return _message(row) if row else None

    def page(self, link: str, *, after: int = 0, limit: int = 100, outcome: Outcome | None = None) -> Sequence[Message]:
        given: dict[str, object] = {"l": link, "after": after, "limit": limit}
        if outcome == "waiting":  # the literal lets the partial index be used
            return [_message(row) for row in self._connection.execute(_AFTER_WAITING, given)]
        if outcome is None:
            return [_message(row) for row in self._connection.execute(_AFTER, given)]
        return [_message(row) for row in self._connection.execute(_AFTER_OUTCOME, given | {"outcome": outcome})]

    def carrying(self, subject: str) -> Sequence[Message]:
        return [_message(row) for row in self._connection.execute(_CARRYING, {"subject": subject})]

    def tally(self, link: str) -> dict[str, int]:
        return {row[0]: row[1] for row in self._connection.execute(_TALLY, {"l": link})}

    def names(self) -> Sequence[str]:
        return list(self._connection.scalars(_NAMES))

    def edge(self, link: str) -> Edge:
        row = self._connection.execute(_EDGE, {"l": link}).first()
        return Edge(row.size, _split(row.size, row.tiles)) if row else Edge()

    def put_edge(self, link: str, edge: Edge) -> None:
        tiles = b"".join(edge.tiles)
        if self._connection.execute(_EDGE_MOVE, {"l": link, "to": edge.size, "new": tiles}).rowcount == 0:
            self._connection.execute(_EDGE_ADD, {"link": link, "size": edge.size, "tiles": tiles})

    def add_tiles(self, link: str, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        given = [{"link": link, "level": level, "number": number, "hashes": all_of} for level, number, all_of in tiles]
        if given:
            self._connection.execute(_TILE_ADD, given)

    def tile(self, link: str, level: int, index: int) -> bytes | None:
        return self._connection.scalar(_TILE_ONE, {"l": link, "level": level, "number": index})

    def add_checkpoint(self, link: str, size: int, note: str) -> None:
        if self._connection.scalar(_CHECKPOINT_AT, {"l": link, "size": size}) is None:
            self._connection.execute(_CHECKPOINT_ADD, {"link": link, "size": size, "note": note})

    def checkpoint(self, link: str, size: int | None = None) -> str | None:
        if size is None:
            return self._connection.scalar(_CHECKPOINT_LAST, {"l": link})
        return self._connection.scalar(_CHECKPOINT_AT, {"l": link, "size": size})

    def checkpoints(self, link: str) -> Sequence[tuple[int, str]]:
        return [(row.size, row.note) for row in self._connection.execute(_CHECKPOINTS, {"l": link})]

    def add_receipt(self, link: str, envelope: bytes) -> int:
        number = (self._connection.scalar(_RECEIPT_LAST, {"l": link}) or 0) + 1
        self._connection.execute(_RECEIPT_ADD, {"link": link, "number": number, "envelope": envelope})
        return number

    def receipt(self, link: str, number: int) -> bytes | None:
        return self._connection.scalar(_RECEIPT, {"l": link, "number": number})


def _message(row: Row[Any]) -> Message:
    return Message(**row._mapping)


def _split(size: int, tiles: bytes) -> tuple[bytes, ...]:
    """The partial tile of each level: how long each is follows from the size."""
    parts, at = [], 0
    while size:
        end = at + size % 256 * 32
        parts.append(tiles[at:end])
        size, at = size // 256, end
    return tuple(parts)
