"""The vault: what is kept of each record is sealed under a key of that record's own, so that erasing is losing the key.

A copy of the store without its key table (``record_keys``) tells nothing of any record, and with a newer key table it
tells nothing of those that were erased since. The keys themselves are wrapped under one secret that comes from the
node's key file: whoever holds the database alone holds nothing that can be read.

AES-256-GCM throughout, with random nonces of 96 bits; what a value belongs to (record and version, link and number) is
authenticated with it, so that none can be put in the place of another.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, select, tuple_

from mithaq.adapters.store import schema
from mithaq.adapters.store.pending import Pending
from mithaq.adapters.store.prepared import Prepared
from mithaq.errors import Untrusted

SEALED = 1  # the first byte of a sealed value; what a store of before schema 5 kept begins otherwise
MARK = 4  # bytes that tell which key of its owner it was sealed under: one that was erased may come again
NONCE = 12
PAGE = 1000  # rows that are sealed together
OPEN_SECRET = bytes(32)  # of a store that is opened without one: its keys are wrapped and not secret

_K = schema.record_keys
_KEY = select(_K.c.wrapped).where(_K.c.owner == bindparam("o"))
_FORGET = delete(_K).where(_K.c.owner == bindparam("o"))


class Vault:
    """Wraps the keys of records under one secret of 32 bytes. Stateless: any number of transactions share it."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._wrapping = AESGCM(secret or OPEN_SECRET)

    def wrap(self, owner: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._wrapping.encrypt(nonce, key, owner.encode())

    def unwrap(self, owner: str, wrapped: bytes) -> bytes:
        """Untrusted if it was not wrapped for this owner under this secret."""
        try:
            return self._wrapping.decrypt(wrapped[:NONCE], wrapped[NONCE:], owner.encode())
        except InvalidTag:
            raise Untrusted(
                "vault", "the store is not the one of this home's keys: its record keys do not open",
                hint="put back the key file that belongs to it",
            ) from None  # fmt: skip


class SealedShelf:
    """Seals and opens values within one transaction; the keys it met are known until the transaction ends."""

    def __init__(self, vault: Vault, run: Prepared, pending: Pending) -> None:
        self._vault = vault
        self._run = run
        self._pending = pending
        self._known: dict[str, _Key | None] = {}

    def seal(self, owner: str, place: str, value: bytes) -> bytes:
        """The value under its owner's key, which is made if there is none yet."""
        key = self._key(owner) or self._made(owner)
        nonce = os.urandom(NONCE)
        return bytes((SEALED,)) + key.mark + nonce + key.cipher.encrypt(nonce, value, place.encode())

    def open(self, owner: str, place: str, sealed: bytes) -> bytes | None:
        """The value; None if its key is gone. Untrusted if it does not belong in this place."""
        key, mark, rest = self._key(owner), sealed[1 : MARK + 1], sealed[MARK + 1 :]
        if key is None or key.mark != mark:
            return None
        try:
            return key.cipher.decrypt(rest[:NONCE], rest[NONCE:], place.encode())
        except InvalidTag:
            raise Untrusted("vault", f"what is kept as {place} is not what was put there") from None

    def destroy(self, owner: str) -> None:
        """Lose the key of an owner: nothing that was sealed under it can be read again, in any copy."""
        self._pending.write(_K)
        self._run.run(_FORGET, {"o": owner})
        self._known[owner] = None

    def _key(self, owner: str) -> _Key | None:
        if owner not in self._known:
            wrapped = self._run.blob(_KEY, {"o": owner})
            self._known[owner] = _Key(self._vault.unwrap(owner, wrapped)) if wrapped is not None else None
        return self._known[owner]

    def _made(self, owner: str) -> _Key:
        key = os.urandom(32)
        self._pending.add(_K, (owner,), {"owner": owner, "wrapped": self._vault.wrap(owner, key)})
        made = self._known[owner] = _Key(key)
        return made


class _Key:
    """One owner's key, and the mark that values sealed under it bear."""

    def __init__(self, key: bytes) -> None:
        self.cipher = AESGCM(key)
        self.mark = hashlib.sha256(key).digest()[:MARK]


def owner_of(subject: str) -> str:
    """Whose key covers a message: the record or the matter that its subject begins with."""
    return subject.partition("/")[0]


def reseal(run: Prepared, shelf: SealedShelf) -> None:
    """Seal what a store of before schema 5 kept in the clear."""
    for table, column, owner, place in _PLACES:
        keys = table.primary_key.columns
        change = table.update().where(*(key == bindparam(f"k_{key.name}") for key in keys))
        change = change.values({column: bindparam("sealed")})
        after: tuple[Any, ...] = ()
        while page := _page(run, table, after):
            rows = [dict(zip((each.name for each in table.c), row, strict=True)) for row in page]
            given = [
                {f"k_{key.name}": row[key.name] for key in keys}
                | {"sealed": shelf.seal(owner(row), place(row), row[column])}
                for row in rows
                if row[column]
            ]
            if given:
                run.many(change, given)
            after = tuple(rows[-1][key.name] for key in keys)


def _page(run: Prepared, table: Any, after: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Some rows by key, after a key."""
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys).limit(PAGE)
    if after:
        query = query.where(tuple_(*keys) > tuple_(*(bindparam(f"a_{key.name}") for key in keys)))
    return run.all(query, {f"a_{key.name}": value for key, value in zip(keys, after, strict=bool(after))})


def record_place(id: str, version: int) -> str:
    return f"record/{id}/{version}"


def message_place(link: str, seq: int) -> str:
    return f"message/{link}/{seq}"


def blob_owner(hash: bytes) -> str:
    return f"blob/{hash.hex()}"


_PLACES: tuple[tuple[Any, str, Callable[[dict[str, Any]], str], Callable[[dict[str, Any]], str]], ...] = (
    (schema.records, "content", lambda row: row["id"], lambda row: record_place(row["id"], row["version"])),
    (
        schema.messages,
        "content",
        lambda row: owner_of(row["subject"]),
        lambda row: message_place(row["link"], row["seq"]),
    ),
    (schema.blobs, "data", lambda row: blob_owner(row["hash"]), lambda row: blob_owner(row["hash"])),
)
