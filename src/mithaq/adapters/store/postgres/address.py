"""Where a PostgreSQL database is, and how it is reached: in the clear on this machine only, durable or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mithaq.errors import Clash, Invalid, MithaqError, Unavailable

if TYPE_CHECKING:
    import psycopg

OLDEST = 140000  # PostgreSQL 14
SCHEMES = ("postgresql://", "postgres://")
PATIENCE = 10  # seconds to connect
STUCK = "60s"  # after which the server ends a transaction in which its process does nothing: others wait for it
TURN = "30s"  # to wait for another process's commit
ALIVE: Mapping[str, int] = {  # a peer that is gone is noticed within about 25 s, on both sides
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip


class Address(Struct, frozen=True):
    """A database by the URL that libpq understands, without a password; that is read from ``password_file``."""

    url: str
    password: str = ""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"  # never the password

    def connect(self) -> psycopg.Connection[Any]:
        """A connection on which nothing has begun and every commit is durable. Unavailable if there is none."""
        driver = load_driver()
        given: dict[str, Any] = {"password": self.password} if self.password else {}
        try:
            connection: psycopg.Connection[Any] = driver.connect(
                self.url,
                autocommit=True,
                connect_timeout=PATIENCE,
                application_name=f"mithaq {os.getpid()}",
                **ALIVE,
                **given,
            )
        except driver.Error as problem:
            raise self.unavailable(problem) from None
        try:
            _settle(connection)
        except driver.Error as problem:
            connection.close()
            raise self.unavailable(problem) from None
        except MithaqError:
            connection.close()
            raise
        return connection

    def unavailable(self, problem: BaseException) -> MithaqError:
        """What is told when the database cannot be reached: the server's words, which name no password."""
        told = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        return Unavailable("store", f"the database cannot be used: {told}", where=self.url, hint="docs/postgresql.md")


def check_url(url: str) -> str:
    """The URL, if it names a database, holds no password, and crosses no network in the clear; else Invalid."""
    driver = load_driver()
    if not url.startswith(SCHEMES):
        raise Invalid("store-url", "not a postgresql:// address", hint="postgresql://mithaq@db.example/mithaq")
    try:
        parts = driver.conninfo.conninfo_to_dict(url)
    except driver.Error:
        raise Invalid("store-url", "libpq cannot read this address", hint="docs/postgresql.md") from None
    if "password" in parts:
        raise Invalid(
            "store-password", "a password does not belong into an address: it is shown, logged and kept in backups",
            hint="put it into a file of mode 600, and name that with password_file in [store] or with PGPASSFILE",
        )  # fmt: skip
    if not parts.get("dbname"):
        raise Invalid("store-url", "the address names no database", hint="postgresql://mithaq@db.example/mithaq")
    hosts = str(parts.get("hostaddr") or parts.get("host") or "").split(",")
    if not all(map(_is_here, hosts)) and parts.get("sslmode") != "verify-full":
        raise Invalid(
            "store-tls", "the database is on another machine, and the line to it is not verified",
            hint="add ?sslmode=verify-full&sslrootcert=FILE to its address",
        )  # fmt: skip
    return url


def load_driver() -> Any:
    """psycopg. Unavailable if it is not installed."""
    try:
        import psycopg
    except ImportError:
        raise Unavailable(
            "psycopg", "PostgreSQL needs psycopg, which is not here", hint="pip install 'mithaq[postgresql]'"
        ) from None
    return psycopg


def key_of(schema: str, what: str) -> int:
    """The number under which the server knows a lock: 32 bits with a sign."""
    return int.from_bytes(hashlib.sha256(f"mithaq|{schema}|{what}".encode()).digest()[:4], signed=True)


def _is_here(host: str) -> bool:
    """Whether it is this machine: a socket in its file system, or loopback."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _settle(connection: psycopg.Connection[Any]) -> None:
    """Refuse a server that does not keep what it acknowledges, or would not keep our text as it is."""
    if connection.info.server_version < OLDEST:
        raise Clash("store-version", f"PostgreSQL {connection.info.server_version // 10000} is too old", hint="use 14")
    found = connection.execute(
        "select current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes'),"
        " current_setting('synchronous_commit')"
    ).fetchone()
    encoding, fsync, whole, durable = found or ("", "", "", "")
    if encoding != "UTF8":
        raise Invalid("store-encoding", f"the database has encoding {encoding}", hint="createdb -E UTF8 -T template0")
    if (fsync, whole) != ("on", "on"):
        raise Invalid(
            "store-durable", "the server may lose what it has acknowledged (fsync or full_page_writes is off)",
            hint="set both to on, and restart it",
        )  # fmt: skip
    if durable in ("off", "local"):  # what waits for replicas as well (remote_apply) is left as it is
        connection.execute("set synchronous_commit = on")
    connection.execute(f"set idle_in_transaction_session_timeout = '{STUCK}'")
    connection.execute(f"set lock_timeout = '{TURN}'")
    connection.execute("set timezone = 'UTC'")
    if connection.info.host and not connection.info.host.startswith("/"):
        connection.execute("set tcp_keepalives_idle = 10")
        connection.execute("set tcp_keepalives_interval = 5")
        connection.execute("set tcp_keepalives_count = 3")
