"""Every promise of the Store port, over every store there is."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from mithaq.adapters.store import writer
from mithaq.adapters.store.sql import SqlStore, open_store
from mithaq.errors import Clash, Unavailable
from mithaq.kernel.audit import broken
from mithaq.kernel.link.log.tree import append
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Edge, Holding, Message, Row

AT = datetime(2026, 1, 1, tzinfo=UTC)
LINK = "JO>SA"
T = TypeVar("T")


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(":memory:" if request.param == "memory" else tmp_path / "node.db")
    yield opened
    opened.close()


def note(subject: str) -> Callable[[Transaction], int]:
    return lambda tx: tx.journal.add("record", subject, at=AT)


def message(seq: int, outcome: str = "waiting") -> Message:
    return Message(LINK, seq, "record", b"s" * 32, b"content", b"e" * 32, outcome, subject=f"JO-1/{seq}")  # type: ignore[arg-type]


def holding(version: int = 1, **changes: object) -> Holding:
    given = {"id": "JO-1", "version": version, "kind": "a.b/1", "origin": "JO", "exercise": False,
             "reference": "R", "content": b"x", "position": version}  # fmt: skip
    return Holding(**{**given, **changes})  # type: ignore[arg-type]


def each(do: Callable[[T], None], *given: T) -> None:
    for one in given:
        do(one)


def subjects(store: SqlStore) -> list[str]:
    with store.read() as tx:
        return [entry.subject for entry in tx.journal.page()]


def test_a_write_is_seen_once_its_future_resolves(store: SqlStore) -> None:
    assert store.write(note("a")).result() == 1
    assert subjects(store) == ["a"]


def test_a_job_that_raises_leaves_no_trace_and_harms_no_other(store: SqlStore) -> None:
    def bad(tx: Transaction) -> None:
        note("bad")(tx)
        tx.links.put_edge(LINK, append(Edge(), [b"x" * 32])[0])
        raise ValueError("mine")

    before, failing, after = store.write(note("a")), store.write(bad), store.write(note("b"))
    with pytest.raises(ValueError, match="mine"):
        failing.result()
    assert before.result() < after.result()
    assert subjects(store) == ["a", "b"]
    with store.read() as tx:
        assert tx.links.edge(LINK) == Edge()


def test_a_finish_that_raises_fails_the_whole_commit(store: SqlStore) -> None:
    broken = [True]

    def finish(_: Transaction) -> None:
        if broken[0]:
            raise Unavailable("signer", "no key")

    store.finish_with(finish)
    with pytest.raises(Unavailable):
        store.write(note("a")).result()
    broken[0] = False
    store.write(note("b")).result()
    assert subjects(store) == ["b"]


def test_many_callers_share_commits_and_none_is_lost(store: SqlStore) -> None:
    def caller(n: int) -> None:
        for k in range(5):
            store.write(note(f"{n}-{k}")).result()

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(subjects(store)) == sorted(f"{n}-{k}" for n in range(64) for k in range(5))
    assert store.commits < 320


def test_a_reader_sees_one_moment(store: SqlStore, tmp_path: Path) -> None:
    store.write(note("a")).result()
    if not (tmp_path / "node.db").exists():
        return  # in memory a writer waits until the reader has left, so there is only one moment to see
    with store.read() as tx:
        assert tx.journal.last() == 1
        store.write(note("b")).result()
        assert tx.journal.last() == 1
    assert subjects(store) == ["a", "b"]


def test_writing_while_reading_is_an_error(store: SqlStore) -> None:
    with pytest.raises(Exception, match="readonly"), store.read() as tx:
        tx.journal.add("record", "a", at=AT)
    assert subjects(store) == []


def test_a_job_may_not_wait_for_another(store: SqlStore) -> None:
    with pytest.raises(Clash):
        store.write(lambda _: store.write(note("a")).result()).result()


def test_callers_are_asked_to_come_again_when_too_much_waits(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING", 3)
    go = threading.Event()
    held = store.write(lambda _: go.wait(30))
    waiting: list[Future[int]] = []

    def more() -> None:
        for n in range(10):
            waiting.append(store.write(note(str(n))))

    with pytest.raises(Unavailable, match="too much waits"):
        more()
    go.set()
    assert held.result()
    assert [each.result() for each in waiting] == list(range(1, len(waiting) + 1))


def test_records_are_kept_once_by_version_and_found_by_reference(store: SqlStore) -> None:
    store.write(lambda tx: each(tx.records.add, holding(1), holding(2))).result()
    with pytest.raises(Clash):
        store.write(lambda tx: tx.records.add(holding(2, position=9))).result()
    with store.read() as tx:
        newest, first = tx.records.get("JO-1"), tx.records.get("JO-1", 1)
        assert (newest and newest.version, first and first.version) == (2, 1)
        assert tx.records.get("JO-2") is None
        assert tx.records.by_reference("a.b", "R", False) == newest
        assert tx.records.by_reference("a.b", "R", True) is None
        assert tx.records.by_reference("a", "R", False) is None
        assert [kept.version for kept in tx.records.page(after=1)] == [2]


def test_a_number_is_taken_once_and_settled_once(store: SqlStore) -> None:
    store.write(lambda tx: each(tx.links.add, message(1), message(2), message(3))).result()
    with pytest.raises(Clash):
        store.write(lambda tx: tx.links.add(message(2))).result()
    store.write(lambda tx: tx.links.settle(LINK, [(1, "accepted", ""), (2, "refused", "own_law")], 7)).result()
    store.write(lambda tx: tx.links.settle(LINK, [(1, "refused", "late")], 8)).result()
    with store.read() as tx:
        first = tx.links.get(LINK, 1)
        assert first is not None
        assert (first.outcome, first.receipt) == ("accepted", 7)
        assert tx.links.tally(LINK) == {"accepted": 1, "refused": 1, "waiting": 1}
        assert [one.seq for one in tx.links.page(LINK, outcome="waiting")] == [3]
        assert [one.seq for one in tx.links.page(LINK, after=1, limit=1)] == [2]
        assert [one.seq for one in tx.links.carrying("JO-1/2")] == [2]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 66_000])
def test_an_edge_and_its_tiles_come_back(store: SqlStore, size: int) -> None:
    edge, full = append(Edge(), [b"%032d" % n for n in range(size)])

    def job(tx: Transaction) -> None:
        tx.links.put_edge(LINK, edge)
        tx.links.add_tiles(LINK, full)

    store.write(job).result()
    with store.read() as tx:
        assert tx.links.edge(LINK) == edge
        assert all(tx.links.tile(LINK, level, index) == hashes for level, index, hashes in full)
        assert tx.links.tile(LINK, 5, 0) is None
        assert tx.links.names() == [LINK]


def test_a_checkpoint_is_kept_unless_it_is_signed_anew(store: SqlStore) -> None:
    store.write(lambda tx: tx.links.add_checkpoint(LINK, 2, "first")).result()
    store.write(lambda tx: tx.links.add_checkpoint(LINK, 2, "second")).result()
    with store.read() as tx:
        assert tx.links.checkpoint(LINK) == "first"
    store.write(lambda tx: tx.links.add_checkpoint(LINK, 2, "third", anew=True)).result()
    store.write(lambda tx: tx.links.add_checkpoint(LINK, 3, "fourth", anew=True)).result()
    with store.read() as tx:
        assert tx.links.checkpoints(LINK) == [(2, "third"), (3, "fourth")]


def test_a_decision_that_was_kept_before_decisions_were_packed_reads_as_before(store: SqlStore) -> None:
    decision = b'{"decision":"deny"}'
    old = f"insert into decisions values ('r/1', 'IQ', cast('{decision.decode()}' as blob))"
    store.write(lambda tx: tx.links._run.say(old)).result()  # type: ignore[attr-defined]
    store.write(lambda tx: tx.decisions.put("r/1", "SA", decision)).result()
    with store.read() as tx:
        assert tx.decisions.of("r/1") == [("IQ", decision), ("SA", decision)]
        assert tx.decisions.get("r/1", "IQ") == tx.decisions.get("r/1", "SA") == decision


def test_checkpoints_receipts_decisions_views_and_audit(store: SqlStore) -> None:
    def job(tx: Transaction) -> int:
        tx.links.add_checkpoint(LINK, 2, "two")
        tx.links.add_checkpoint(LINK, 1, "one")
        tx.links.add_checkpoint(LINK, 2, "again")
        tx.decisions.put("r/1", "SA", b"old")
        tx.decisions.put("r/1", "SA", b"new")
        tx.decisions.put("r/1", "IQ", b"other")
        tx.views.put("v", Row("k", "first"))
        tx.views.put("v", Row("k", "second", body={"a": [1, None, "ميثاق"]}))
        tx.views.put("v", Row("x", "exercise", exercise=True))
        tx.views.move("v", 1, 5)
        tx.audit.add(at=AT, who="w", act="a", subject="s")
        return tx.links.add_receipt(LINK, b"one") + tx.links.add_receipt(LINK, b"two")

    assert store.write(job).result() == 3
    with store.read() as tx:
        assert (tx.links.checkpoint(LINK), tx.links.checkpoint(LINK, 1)) == ("two", "one")
        assert tx.links.checkpoints(LINK) == [(1, "one"), (2, "two")]
        assert tx.links.receipt(LINK, 2) == b"two"
        assert tx.decisions.get("r/1", "SA") == b"new"
        assert tx.decisions.of("r/1") == [("IQ", b"other"), ("SA", b"new")]
        assert tx.views.get("v", "k") == Row("k", "second", body={"a": [1, None, "ميثاق"]})
        assert [row.key for row in tx.views.page("v", exercise=True)] == ["x"]
        assert tx.views.cursor("v") == (1, 5)
        (line,) = tx.audit.page()
        assert (line.number, line.at, line.who, line.act, line.subject) == (1, AT, "w", "a", "s")
    store.write(lambda tx: tx.views.clear("v")).result()
    with store.read() as tx:
        assert tx.views.get("v", "k") is None


def test_closing_finishes_what_waits_and_may_be_done_twice(tmp_path: Path) -> None:
    store = open_store(tmp_path / "node.db")
    futures = [store.write(note(str(n))) for n in range(100)]
    store.close()
    store.close()
    assert all(future.result() for future in futures)
    with pytest.raises(Unavailable):
        store.write(note("late"))
    assert len(subjects(open_store(tmp_path / "node.db"))) == 100


def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    """The limit is SQLite's own: no write is patched."""
    store = open_store(tmp_path / "node.db")
    connection = store._connection
    store.write(note("a")).result()
    store.write(lambda tx: connection.execute(text("pragma max_page_count = 60")).all()).result()
    with pytest.raises(Unavailable, match="full"):
        store.write(lambda tx: each(tx.links.add, *map(message, range(1, 5000)))).result()
    store.write(lambda tx: connection.execute(text("pragma max_page_count = 1000000")).all()).result()
    store.write(note("b")).result()
    assert subjects(store) == ["a", "b"]
    store.close()


def test_a_store_of_a_newer_program_or_no_store_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    store = open_store(path)
    store.write(
        lambda tx: store._connection.execute(text("update meta set value = '99' where name = 'schema'"))
    ).result()
    store.close()
    with pytest.raises(Clash, match="schema 99"):
        open_store(path)
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Unavailable):
        open_store(path)
    assert path.stat().st_mode & 0o077 == 0


def test_rows_are_found_by_their_words_the_last_changed_first(store: SqlStore) -> None:
    def job(tx: Transaction) -> None:
        for n in range(600):
            terms = ("all", f"n{n}", "odd" if n % 2 else "even")
            tx.views.put("v", Row(f"k{n:03}", "t", terms=terms, position=n + 1))
        tx.views.put("v", Row("x", "t", terms=("all", "n1"), position=700, exercise=True))
        tx.views.put("v", Row("k001", "t", terms=("all", "changed"), position=800))

    store.write(job).result()

    def found(*terms: str, **more: int) -> list[str]:
        with store.read() as tx:
            return [row.key for row in tx.views.newest("v", exercise=False, terms=terms, **more)]

    assert found(limit=2) == ["k001", "k599"]
    assert found("all", limit=2) == ["k001", "k599"]
    assert found("all", "odd", limit=2) == ["k599", "k597"]
    assert found("n59*", limit=3) == ["k599", "k598", "k597"]
    assert found("n59*", before=599) == ["k597", "k596", "k595", "k594", "k593", "k592", "k591", "k590", "k059"]
    assert found("n1") == []  # of a real list, and as it now is
    assert found("n3", "even") == []
    store.write(lambda tx: tx.views.remove("v", "k599")).result()
    assert found("all", limit=2) == ["k001", "k598"]


def test_papers_are_changed_in_place_and_forgotten_when_they_expire(store: SqlStore) -> None:
    def job(tx: Transaction) -> None:
        tx.papers.put("s", "b", b"1")
        tx.papers.put("s", "b", b"2")
        tx.papers.put("s", "a", b"3", expires=AT)
        tx.papers.put("other", "a", b"4")

    store.write(job).result()
    with store.read() as tx:
        assert tx.papers.page("s") == [("a", b"3"), ("b", b"2")]
        assert tx.papers.page("s", after="a") == [("b", b"2")]
    assert store.write(lambda tx: tx.papers.expire(AT)).result() == 1
    with store.read() as tx:
        assert (tx.papers.get("s", "a"), tx.papers.get("other", "a")) == (None, b"4")


def test_blobs_are_kept_once(store: SqlStore) -> None:
    for _ in range(2):
        store.write(lambda tx: tx.blobs.put(b"h", b"data")).result()
    with store.read() as tx:
        assert (tx.blobs.get(b"h"), tx.blobs.has(b"h"), tx.blobs.get(b"i")) == (b"data", True, None)
    store.write(lambda tx: tx.blobs.remove(b"h")).result()
    with store.read() as tx:
        assert not tx.blobs.has(b"h")


def test_the_audit_log_shows_where_a_line_was_changed_or_taken_out(store: SqlStore) -> None:
    for n in range(4):
        store.write(lambda tx, n=n: tx.audit.add(at=AT, who="w", act=f"a{n}", subject="s")).result()  # type: ignore[misc]
    with store.read() as tx:
        assert broken(tx) is None
        assert [line.act for line in tx.audit.page(who="w", subject="s", after=2)] == ["a2", "a3"]
        assert tx.audit.page(who="x") == []
    spoil = "update audit set who = 'v' where number = 3"
    store.write(lambda tx: store._connection.exec_driver_sql(spoil)).result()
    with store.read() as tx:
        assert broken(tx) == 3
    store.write(lambda tx: store._connection.exec_driver_sql("delete from audit where number = 3")).result()
    with store.read() as tx:
        assert broken(tx) == 4


FIRST_SCHEMA = (
    "drop index messages_lane", "drop table memos", "drop table papers", "drop table terms", "drop index rows_newest",
    "drop index audit_who", "drop index audit_subject", "alter table rows drop column position",
    "alter table audit drop column reason", "alter table audit drop column chain", "drop table record_keys",
    "delete from meta where name = 'vault'", "update meta set value = '1'",
    "update messages set content = x'636f6e74656e74'",
)  # fmt: skip


def test_a_store_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    store = open_store(path)
    store.write(lambda tx: tx.links.add(message(1))).result()
    store.write(lambda tx: tx.audit.add(at=AT, who="w", act="a", subject="s")).result()
    for old in FIRST_SCHEMA:
        store.write(lambda tx, old=old: store._connection.exec_driver_sql(old)).result()  # type: ignore[misc]
    store.close()
    store = open_store(path)
    store.write(lambda tx: tx.audit.add(at=AT, who="w", act="b", subject="s", reason="r")).result()
    with store.read() as tx:
        assert [(line.act, line.reason) for line in tx.audit.page()] == [("a", ""), ("b", "r")]
        assert broken(tx) is None
    store.write(lambda tx: tx.memos.put("a", "b")).result()
    with store.read() as tx:
        assert getattr(tx.links.get(LINK, 1), "content", None) == b"content"
        assert [each.seq for each in tx.links.page(LINK, outcome="waiting", lane="record")] == [1]
        assert (tx.memos.get("a"), tx.memos.names("a")) == ("b", ["a"])
    kept = store._connection.exec_driver_sql("select name from sqlite_master where name = 'messages_lane'").all()
    assert len(kept) == 1
    store.close()


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from mithaq.adapters.store.sql import open_store
store = open_store(Path(sys.argv[1]))
at = datetime(2026, 1, 1, tzinfo=UTC)
n = 0
while True:
    n += 1
    store.write(lambda tx: tx.journal.add("record", str(n), at=at)).result()
    print(n, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(40)]
    writer.kill()
    told += [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.wait()
    writer.stdout.close()
    kept = subjects(open_store(path))
    assert kept[: len(told)] == [str(n) for n in told]
    assert len(kept) - len(told) in (0, 1)
