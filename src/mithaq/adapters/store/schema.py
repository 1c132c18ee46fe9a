"""The tables. Their number is kept in the database; a database newer than this program is not touched.

``STEPS`` bring an older database to the present number, each in the words of its dialect; new tables are made by
themselves. Text is compared byte by byte in every dialect: PostgreSQL would else sort by the language of its server.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy import Text as AnyText

SCHEMA = 5

metadata = MetaData()
_Serial = BigInteger().with_variant(Integer, "sqlite")
Text = AnyText().with_variant(AnyText(collation="C"), "postgresql")


def _of(condition: ColumnElement[bool]) -> dict[str, Any]:
    """That an index holds only the rows of which this is true."""
    return {"sqlite_where": condition, "postgresql_where": condition}


meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

journal = Table(
    "journal",
    metadata,
    Column("position", _Serial, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("exercise", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

records = Table(
    "records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("exercise", Boolean, nullable=False),
    Column("reference", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("position", _Serial, nullable=False, unique=True),
    Column("link", Text, nullable=False),
    Column("seq", _Serial, nullable=False),
)
Index("records_reference", records.c.reference, **_of(records.c.reference != ""))

messages = Table(
    "messages",
    metadata,
    Column("link", Text, primary_key=True),
    Column("seq", _Serial, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("content", LargeBinary),
    Column("entry", LargeBinary, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("receipt", _Serial, nullable=False),
    Column("position", _Serial, nullable=False),
)
Index("messages_waiting", messages.c.link, messages.c.seq, **_of(messages.c.outcome == "waiting"))
Index("messages_lane", messages.c.link, messages.c.lane, messages.c.seq, **_of(messages.c.outcome == "waiting"))
Index("messages_subject", messages.c.subject)

edges = Table(
    "edges",
    metadata,
    Column("link", Text, primary_key=True),
    Column("size", _Serial, nullable=False),
    Column("tiles", LargeBinary, nullable=False),
)

tiles = Table(
    "tiles",
    metadata,
    Column("link", Text, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("number", _Serial, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("link", Text, primary_key=True),
    Column("size", _Serial, primary_key=True),
    Column("note", Text, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("link", Text, primary_key=True),
    Column("number", _Serial, primary_key=True),
    Column("envelope", LargeBinary, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("party", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("view", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", _Serial, nullable=False),
)

rows = Table(
    "rows",
    metadata,
    Column("view", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("exercise", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("position", _Serial, nullable=False, server_default="0"),
)
Index("rows_newest", rows.c.view, rows.c.exercise, rows.c.position)

terms = Table(
    "terms",
    metadata,
    Column("view", Text, primary_key=True),
    Column("exercise", Boolean, primary_key=True),
    Column("term", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    sqlite_with_rowid=False,
)
Index("terms_key", terms.c.view, terms.c.key)

audit = Table(
    "audit",
    metadata,
    Column("number", _Serial, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("chain", LargeBinary, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
Index("audit_subject", audit.c.subject, audit.c.number)
Index("audit_who", audit.c.who, audit.c.number)

memos = Table("memos", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

statements = Table(
    "statements",
    metadata,
    Column("matter", Text, primary_key=True),
    Column("party", Text, primary_key=True),
    Column("number", _Serial, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),
    Column("position", _Serial, nullable=False, unique=True),
)
Index("statements_kind", statements.c.kind, statements.c.position)

duties = Table(
    "duties",
    metadata,
    Column("id", Text, primary_key=True),
    Column("due", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
Index("duties_due", duties.c.due, **_of(duties.c.state == "open"))

papers = Table(
    "papers",
    metadata,
    Column("sort", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("expires", Text, nullable=False),  # empty: never
    Column("content", LargeBinary, nullable=False),
)
Index("papers_expires", papers.c.expires, **_of(papers.c.expires != ""))

blobs = Table(
    "blobs", metadata, Column("hash", LargeBinary, primary_key=True), Column("data", LargeBinary, nullable=False)
)

record_keys = Table(
    "record_keys", metadata, Column("owner", Text, primary_key=True), Column("wrapped", LargeBinary, nullable=False)
)

_ROWS_AGAIN = ("delete from rows", "delete from cursors")
STEPS: dict[str, dict[int, tuple[str, ...]]] = {
    "sqlite": {
        2: ("create index if not exists messages_lane on messages (link, lane, seq) where outcome = 'waiting'",),
        3: (),  # statements and duties: new tables
        4: (  # rows are derived, and folded again with their terms; the audit log is chained from here on
            "alter table audit add column reason text not null default ''",
            "alter table audit add column chain blob not null default x''",
            "alter table rows add column position integer not null default 0",
            "create index if not exists rows_newest on rows (view, exercise, position)",
            "create index if not exists audit_subject on audit (subject, number)",
            "create index if not exists audit_who on audit (who, number)",
            "create index if not exists statements_kind on statements (kind, position)",
            *_ROWS_AGAIN,
        ),
        5: (),  # record keys: a new table, and what was kept in the clear is sealed under them (``vault.reseal``)
    },
    "postgresql": {},  # began with schema 5
}
