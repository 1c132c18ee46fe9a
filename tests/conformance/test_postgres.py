"""What the Store promises where its database is a server, and where several processes have it open."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.adapters.store.postgres.address import Address, check_url
from mithaq.adapters.store.postgres.open import open_postgres
from mithaq.adapters.store.sql import SqlStore
from mithaq.config import _holds_password
from mithaq.errors import Clash, Invalid, MithaqError, Unavailable, Untrusted
from mithaq.kernel.audit import broken
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Blobs
from tests.postgres import Server, own_server, server

AT = datetime(2026, 1, 1, tzinfo=UTC)


def note(subject: str = "a") -> object:
    return lambda tx: tx.journal.add("record", subject, at=AT)


@contextlib.contextmanager
def opened(url: str) -> Iterator[SqlStore]:
    store = open_postgres(Address(url))
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def url() -> str:
    return server().fresh()


@pytest.fixture(scope="module")
def fragile() -> Iterator[Server]:
    with own_server() as made:
        yield made


def subjects(store: SqlStore) -> list[str]:
    with store.read() as tx:
        return [entry.subject for entry in tx.journal.page(limit=100_000)]


def add(store: SqlStore, subject: str) -> int:
    return store.write(lambda tx: tx.journal.add("record", subject, at=AT)).result(60)


def test_two_processes_share_one_order_and_one_chain(url: str) -> None:
    with opened(url) as one, opened(url) as other:

        def work(store: SqlStore, mark: str) -> None:
            for n in range(40):
                store.write(lambda tx, n=n: tx.audit.add(at=AT, who=mark, act=str(n), subject="s"))  # type: ignore[misc]
                add(store, f"{mark}{n}")

        threads = [threading.Thread(target=work, args=each) for each in ((one, "a"), (other, "b"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = subjects(one)
        assert sorted(found) == sorted(f"{mark}{n}" for mark in "ab" for n in range(40))
        assert [each for each in found if each[0] == "a"] == [f"a{n}" for n in range(40)]
        with other.read() as tx:
            assert [entry.position for entry in tx.journal.page()] == list(range(1, 81))
            assert broken(tx) is None


def test_what_a_job_reads_holds_until_its_commit_whoever_else_writes(url: str) -> None:
    """Two processes count up what they read: no count is lost."""
    with opened(url) as one, opened(url) as other:

        def count(tx: Transaction) -> None:
            tx.memos.put("n", str(int(tx.memos.get("n") or 0) + 1))

        futures = [store.write(count) for _ in range(50) for store in (one, other)]
        assert [each.result(60) for each in futures] == [None] * 100
        with one.read() as tx:
            assert tx.memos.get("n") == "100"


def test_a_process_looks_anew_only_where_another_has_written(url: str) -> None:
    looked: list[int] = []
    with opened(url) as one, opened(url) as other:
        one.begin_with(lambda tx: looked.append(tx.journal.last()))
        add(one, "a")
        seen = len(looked)  # the first time it knows nobody
        add(one, "b")
        other.write(lambda tx: tx.journal.last()).result()  # changed nothing
        add(one, "c")
        assert len(looked) == seen
        add(other, "d")
        add(one, "e")
        assert looked[seen:] == [4]
        one.begin_with(refuse)
        add(other, "f")
        with pytest.raises(Unavailable, match="not now"):
            add(one, "g")
        assert subjects(other) == ["a", "b", "c", "d", "e", "f"]


def refuse(_: Transaction) -> None:
    raise Unavailable("no", "not now")


def test_others_hear_of_a_commit_and_of_what_was_announced(url: str) -> None:
    heard: list[str] = []
    told, ready = threading.Event(), threading.Event()
    with opened(url) as one, opened(url) as other:

        def listen(what: Collection[str]) -> None:
            ready.set()
            heard.extend(what)
            if what:
                told.set()

        other.follow(listen)
        assert ready.wait(30)  # it listens from here on
        one.announce("reached/SA")
        one.write(lambda tx: tx.journal.last()).result()  # changes nothing, and tells nothing
        assert not heard
        add(one, "a")
        assert told.wait(30)
        assert heard == ["reached/SA"]


def test_what_is_taken_is_free_when_it_is_given_back_or_its_process_is_killed(url: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with opened(url) as one, opened(url) as other:
        assert not one.take("JO>SA")
        assert one.take("JO>IQ")
        assert (one.take("JO>IQ"), other.take("JO>IQ")) == (True, False)
        one.give("JO>IQ")
        assert other.take("JO>IQ")
        gone = os.pidfd_open(holder.pid)
        holder.kill()
        holder.wait()
        os.close(gone)
        deadline = threading.Event()
        while not one.take("JO>SA"):
            assert not deadline.wait(0.01)  # the server closes the session of a process that is gone
        server().ask("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted")
        assert not one.take("JO>SA")  # what was lost with the connection is not ours
        assert one.take("JO>SA")
    holder.stdout.close()


HOLDER = """
import sys, threading
from mithaq.adapters.store.postgres.address import Address
from mithaq.adapters.store.postgres.open import open_postgres
store = open_postgres(Address(sys.argv[1]))
print(store.take("JO>SA"), flush=True)
threading.Event().wait()
"""


def test_a_server_that_is_lost_fails_what_it_had_not_kept_and_the_writer_comes_back(fragile: Server) -> None:
    with opened(fragile.fresh()) as store:
        add(store, "a")

        def cut(tx: Transaction) -> None:
            tx.journal.add("record", "lost", at=AT)
            fragile.stop(signal.SIGQUIT)

        failing = store.write(cut)
        with pytest.raises(Unavailable, match="the commit failed"):
            failing.result(60)
        with pytest.raises(Unavailable):
            add(store, "lost too")
        with pytest.raises(Unavailable), store.read() as tx:
            tx.journal.last()
        fragile.start()
        add(store, "b")
        assert subjects(store) == ["a", "b"]


def test_a_connection_that_was_ended_between_two_commits_is_not_noticed_by_anyone(url: str) -> None:
    with opened(url) as store:
        add(store, "a")
        assert subjects(store) == ["a"]
        others = "from pg_stat_activity where pid <> pg_backend_pid() and datname = 'postgres'"
        server().ask(f"select pg_terminate_backend(pid) {others}")
        assert subjects(store) == ["a"]
        with contextlib.suppress(Unavailable):
            add(store, "b")
        add(store, "c")
        assert subjects(store)[-1] == "c"


def test_what_was_kept_although_its_connection_broke_is_told_as_kept(url: str) -> None:
    """The connection ends after the server has committed and before we hear of it: a commit is then asked about."""
    with opened(url) as store:
        add(store, "a")
        turns, real = store._writer._turns, store._writer._turns.ending

        def ending(connection: object, wrote: bool) -> None:
            real(connection, wrote)  # type: ignore[arg-type]
            driver = store._connection.connection.dbapi_connection
            assert driver is not None
            driver.execute("commit")
            driver.close()

        turns.ending = ending  # type: ignore[method-assign]
        assert add(store, "b") == 2
        turns.ending = real  # type: ignore[method-assign]
        assert add(store, "c") == 3
        assert subjects(store) == ["a", "b", "c"]


def fill(blobs: Blobs) -> None:
    for n in range(40):
        blobs.put(bytes([n]), os.urandom(1024 * 1024))


def test_a_full_disk_is_told_and_survived(fragile: Server) -> None:
    """The limit is the operating system's, on every file of the server."""
    fragile.stop()
    fragile.start(largest=20 * 1024 * 1024)
    with opened(fragile.fresh()) as store:
        add(store, "a")
        with pytest.raises(Unavailable, match=r"the commit failed: could not (extend|write)") as caught:
            store.write(lambda tx: fill(tx.blobs)).result(60)
        assert "free some space" in caught.value.hint
        add(store, "b")
        assert subjects(store) == ["a", "b"]
    fragile.stop()
    fragile.start()


WRITER = """
import sys
from datetime import UTC, datetime
from mithaq.adapters.store.postgres.address import Address
from mithaq.adapters.store.postgres.open import open_postgres
store = open_postgres(Address(sys.argv[1]))
n = 0
while True:
    n += 1
    store.write(lambda tx: tx.journal.add("record", str(n), at=datetime(2026, 1, 1, tzinfo=UTC))).result()
    print(n, flush=True)
"""


def test_what_was_acknowledged_survives_a_crash_of_the_server(fragile: Server) -> None:
    url = fragile.fresh()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(40)]
    fragile.stop(signal.SIGQUIT)
    fragile.start()  # and whoever was about to commit asks what became of it
    while len(told) < 80 and (line := writer.stdout.readline()):
        told.append(int(line))
    writer.kill()
    told += [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.wait()
    writer.stdout.close()
    with opened(url) as store:
        kept = subjects(store)
    assert kept[: len(told)] == [str(n) for n in told]
    assert len(kept) - len(told) in (0, 1)


def test_a_process_that_may_only_write_rows_opens_a_store_that_is_there(url: str) -> None:
    schema = url.rpartition("%3D")[2]
    with opened(url) as store:
        add(store, "a")
    with psycopg.connect(server().url(), autocommit=True) as admin:
        admin.execute(f"create role {schema} login")
        admin.execute(f"grant usage on schema {schema} to {schema}")
        admin.execute(f"grant select, insert, update, delete on all tables in schema {schema} to {schema}")
    with opened(url.replace("postgres@", f"{schema}@")) as store:
        add(store, "b")
        assert subjects(store) == ["a", "b"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("mysql://a/b", "store-url"),
        ("postgresql://a@localhost", "store-url"),
        ("postgresql://a:secret@localhost/b", "store-password"),
        ("postgresql://a@localhost/b?password=secret", "store-password"),
        ("postgresql://a@db.example/b", "store-tls"),
        ("postgresql://a@db.example/b?sslmode=require", "store-tls"),
        ("postgresql://a@localhost,db.example/b", "store-tls"),
        ("postgresql://a@localhost/b?hostaddr=192.0.2.1", "store-tls"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(address: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_url(address)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


def test_an_address_that_is_safe_is_taken() -> None:
    for address in (
        "postgresql://a@localhost/b", "postgresql:///b?host=/run/postgresql", "postgresql://a@[::1]:5433/b",
        "postgresql://a@db.example/b?sslmode=verify-full",
    ):  # fmt: skip
        assert check_url(address) == address


PIECES = ["a", "b.example", ":", "@", "/", "?", "&", "=", "%41", "[::1]", ",", "password", "pass%77ord", "host"]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_no_password_is_overlooked_without_the_driver(rest: str) -> None:
    """The settings are read where psycopg may be missing: what libpq finds to be a password is found there too."""
    url = f"postgresql://{rest}"
    with contextlib.suppress(psycopg.Error):
        if "password" in psycopg.conninfo.conninfo_to_dict(url):
            assert _holds_password(url)


def test_a_server_that_is_not_there_or_another_nations_secret_is_told(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        open_postgres(Address("postgresql://a@/b?host=/nonexistent", password="secret"))
    assert "secret" not in f"{caught.value}{caught.value.where}{Address('x', password='secret')!r}"
    open_postgres(Address(url), b"s" * 32).close()
    with pytest.raises(Untrusted):
        open_postgres(Address(url), b"o" * 32)


def test_a_store_of_a_newer_program_is_refused(url: str) -> None:
    with opened(url) as store, store.alone_writing() as connection:
        connection.exec_driver_sql("update meta set value = '99' where name = 'schema'")
    with pytest.raises(Clash, match="schema 99"):
        open_postgres(Address(url))


def test_a_server_that_may_lose_what_it_acknowledged_is_refused(fragile: Server) -> None:
    fragile.stop()
    fragile.start("fsync=off")
    with pytest.raises(MithaqError, match="may lose"):
        open_postgres(Address(fragile.fresh()))
    fragile.stop()
    fragile.start()
