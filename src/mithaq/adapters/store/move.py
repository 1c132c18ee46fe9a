"""Moving a store from one engine to another: every row is copied in pages, and nothing is believed of the copy.

The copy is marked as unfinished from its first row until it was compared: a store that is so marked is not opened. What
is compared is what each side reads from its own tables: how many rows each has and their digest, every log of a link
rebuilt from its messages, the chain of the audit log and those of the statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, tuple_

from mithaq.adapters.store import schema
from mithaq.adapters.store.migrate import MOVED, MOVING
from mithaq.adapters.store.sql import SqlStore
from mithaq.errors import Clash, MithaqError
from mithaq.kernel.audit import broken
from mithaq.kernel.link.log.tree import append, root
from mithaq.kernel.matter.said import read_said
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Edge

TABLES = tuple(each for each in schema.metadata.sorted_tables if each is not schema.meta)
PAGE, LARGE = 2000, 100  # rows that are held at once, and of those that may be of a megabyte each
_LARGE = frozenset({schema.blobs, schema.messages, schema.records, schema.papers})
ENTRIES = 1000

Progress = Callable[[str, int, int], None]
"""Called with a table, how many of its rows are copied, and how many it has."""


class Moved(Struct, frozen=True):
    """What was copied and found equal on both sides: rows by table, and the root of each link's log by its name."""

    rows: dict[str, int]
    roots: dict[str, str]


def copy(source: SqlStore, target: SqlStore, progress: Progress) -> Moved:
    """Copy everything into an empty store, or one in which this was begun before, and compare both.

    The target is then a store of its own. Clash, and it stays marked as unfinished, if anything differs.
    """
    with target.alone_writing() as connection:
        _ensure_free(connection)
    rows, digests = {}, {}
    with source.reading() as reading:
        for table in TABLES:
            rows[table.name], digests[table.name] = _copy_table(reading, target, table, progress)
    with source.read() as ours, target.read() as theirs:
        before, after = _verified(ours, "here"), _verified(theirs, "there")
    with target.reading() as reading:
        for table in TABLES:
            found = _digest(reading, table)
            if found != (rows[table.name], digests[table.name]):
                raise Clash("move", f"{table.name} is not the same there", hint=AGAIN)
    if before != after:
        raise Clash("move", "the logs of the links are not the same there", hint=AGAIN)
    with target.alone_writing() as connection:
        connection.execute(delete(schema.meta).where(schema.meta.c.name == MOVING))
    return Moved(rows, before)


AGAIN = "the store that was in use still is; nothing was changed in it. Try again, or look at the other database"


def leave(source: SqlStore, where: str) -> None:
    """Mark a store as one that was moved: it is not opened again by mistake."""
    with source.alone_writing() as connection:
        connection.execute(insert(schema.meta), {"name": MOVED, "value": where})


def _ensure_free(connection: Connection) -> None:
    """Empty what an earlier move left. Clash if the store is somebody's."""
    begun = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == MOVING))
    if begun is not None:
        for table in reversed(TABLES):
            connection.execute(delete(table))
        return
    used = [table.name for table in TABLES if connection.scalar(select(func.count()).select_from(table))]
    if used:
        raise Clash("move", f"the other store is not empty: {', '.join(used)}", hint="name an empty database")
    connection.execute(insert(schema.meta), {"name": MOVING, "value": "yes"})


def _copy_table(reading: Connection, target: SqlStore, table: Table, progress: Progress) -> tuple[int, str]:
    total = reading.scalar(select(func.count()).select_from(table)) or 0
    done, digest = 0, hashlib.sha256()
    for page in _pages(reading, table):
        with target.alone_writing() as connection:
            connection.execute(insert(table), page)
        _update(digest, page)
        done += len(page)
        progress(table.name, done, total)
    return done, digest.hexdigest()


def _digest(reading: Connection, table: Table) -> tuple[int, str]:
    done, digest = 0, hashlib.sha256()
    for page in _pages(reading, table):
        _update(digest, page)
        done += len(page)
    return done, digest.hexdigest()


def _update(digest: Any, page: list[dict[str, Any]]) -> None:
    for row in page:
        digest.update(msgspec.json.encode(list(row.values())))


def _pages(reading: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """All rows by key, some at a time: the same order in every engine."""
    keys = tuple(table.primary_key.columns)
    first = select(table).order_by(*keys).limit(LARGE if table in _LARGE else PAGE)
    after = tuple_(*keys) > tuple_(*(bindparam(f"a_{key.name}", type_=key.type) for key in keys))
    page = [dict(row._mapping) for row in reading.execute(first)]
    while page:
        yield page
        last = {f"a_{key.name}": page[-1][key.name] for key in keys}
        page = [dict(row._mapping) for row in reading.execute(first.where(after), last)]


def _verified(tx: Transaction, where: str) -> dict[str, str]:
    """The root of each link's log, rebuilt from its messages. Clash if a log or a chain of this store does not hold."""
    line = broken(tx)
    if line is not None:
        raise Clash("move", f"the audit log {where} is broken at line {line}", hint=AGAIN)
    for matter in tx.statements.matters():
        _check_chains(tx, matter, where)
    return {link: _root(tx, link, where) for link in tx.links.names()}


def _root(tx: Transaction, link: str, where: str) -> str:
    stored, edge, after = tx.links.edge(link), Edge(), 0
    while edge.size < stored.size and (page := tx.links.page(link, after=after, limit=ENTRIES)):
        after = page[-1].seq
        in_log = [each for each in page if each.seq <= stored.size]
        if [each.seq for each in in_log] != list(range(edge.size + 1, edge.size + 1 + len(in_log))):
            break
        edge, full = append(edge, [each.entry for each in in_log])
        if any(tx.links.tile(link, level, index) != hashes for level, index, hashes in full):
            raise Clash("move", f"a tile of the log of {link} {where} is not the one of its messages", hint=AGAIN)
    if edge != stored:
        raise Clash("move", f"the log of {link} {where} is not the one of its messages", hint=AGAIN)
    return root(edge).hex()


def _check_chains(tx: Transaction, matter: str, where: str) -> None:
    """Each statement is the one that its digest names, and names the one before it."""
    before: dict[tuple[str, int], str] = {}
    for filed in tx.statements.of(matter):
        before[filed.party, filed.number] = filed.digest
        if "/" in matter:
            continue  # manifests and revocations: each stands for itself, and is verified whenever it is used
        try:
            said = read_said(filed.envelope)
        except MithaqError:
            said = None
        previous = before.get((filed.party, filed.number - 1))
        if said is None or said.digest != filed.digest or previous not in (None, said.previous):
            name = f"{matter}/{filed.party}/{filed.number}"
            raise Clash("move", f"the statement {name} {where} does not follow on the one before", hint=AGAIN)
