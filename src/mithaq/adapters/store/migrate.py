"""Bringing a database to the tables of this program, once, in the transaction that finds it behind."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.schema import CreateIndex, CreateTable

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import DIALECTS, Prepared
from mithaq.adapters.store.vault import SealedShelf, Vault, reseal
from mithaq.errors import Clash

MOVING, MOVED = "moving", "moved"  # in meta: a copy that is not finished, and a store that another has taken over


def check_schema(connection: Connection, vault: Vault, *, moving: bool = False) -> None:
    """Make or change what is missing. A database that is up to date is only read.

    Clash if it is of a newer program, or, unless it is opened for ``moving``, if it is not in use; Untrusted if its
    record keys are wrapped under another secret.
    """
    found = None
    there = set(connection.exec_driver_sql(_THERE[connection.dialect.name]).scalars())
    if schema.meta.name in there:
        found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "schema"))
    number = schema.SCHEMA if found is None else int(found)
    if number > schema.SCHEMA:
        raise Clash(
            "schema", f"the store has schema {found}; this program knows {schema.SCHEMA}", hint="upgrade Mithaq"
        )
    if found is not None and not moving:
        _ensure_in_use(connection)
    if found == str(schema.SCHEMA):
        _check_secret(connection, vault)
        return
    for name, statements in _tables(connection.dialect.name).items():
        for statement in statements if name not in there else ():  # one that is there is left to ``STEPS``
            connection.exec_driver_sql(statement)
    steps = schema.STEPS[connection.dialect.name]
    for step in range(number + 1, schema.SCHEMA + 1):
        for statement in steps[step]:
            connection.exec_driver_sql(statement)
    if number < 5:
        run = Prepared(connection)
        pending = Pending(run, readonly=False)
        reseal(run, SealedShelf(vault, run, pending))
        pending.flush()
    _check_secret(connection, vault)
    connection.execute(delete(schema.meta).where(schema.meta.c.name == "schema"))
    connection.execute(insert(schema.meta), {"name": "schema", "value": str(schema.SCHEMA)})


_THERE = {
    "sqlite": "select name from sqlite_master where type = 'table'",
    "postgresql": "select tablename::text from pg_tables where schemaname = current_schema()",
}


@cache
def _tables(dialect: str) -> dict[str, tuple[str, ...]]:
    """By table, what makes it and its indexes: compiled once for all stores of a process, which is most of the work."""
    made: dict[str, tuple[str, ...]] = {}
    for table in schema.metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements: list[CreateTable | CreateIndex] = [CreateTable(table), *map(CreateIndex, indexes)]
        made[table.name] = tuple(str(each.compile(dialect=DIALECTS[dialect])) for each in statements)
    return made


def _check_secret(connection: Connection, vault: Vault) -> None:
    """Untrusted unless the record keys are wrapped under the secret that this store was first opened with."""
    found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "vault"))
    if found is None:
        connection.execute(insert(schema.meta), {"name": "vault", "value": vault.wrap("vault", b"").hex()})
    else:
        vault.unwrap("vault", bytes.fromhex(found))


def _ensure_in_use(connection: Connection) -> None:
    for name, value in connection.execute(select(schema.meta).where(schema.meta.c.name.in_((MOVING, MOVED)))):
        if name == MOVING:
            raise Clash("moving", "a move into this store was not finished", hint="do mithaq node move-store again")
        raise Clash(
            "moved", f"this store was moved to {value}", hint="what happened since is there: see docs/postgresql.md"
        )
