"""The doctor: looks at a home and its node, serving or not, and says what is wrong and what to do about it.

It reads files and asks the node what everyone may ask. It never needs to see what a record says.
"""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Literal
from urllib.parse import urlparse

from msgspec import Struct

from mithaq.adapters.store.schema import SCHEMA
from mithaq.config import Config, Home, read_config
from mithaq.errors import MithaqError
from mithaq.kernel.audit import chained
from mithaq.kernel.clock import read_instant
from mithaq.kernel.link.log.checkpoint import read_checkpoint
from mithaq.kernel.link.log.tree import root
from mithaq.kernel.party import read_identity
from mithaq.kernel.shelves import Audited, Edge
from mithaq.servers.backup import LAST

LOW, FULL = 5 * 2**30, 512 * 2**20  # bytes that are free
SOON, STALE = timedelta(days=14), timedelta(hours=36)
WAITS, BEHIND = 3600, 1000  # seconds that a message waits; entries that a view is behind
SECRET_FILES = ("keys.json", "unlock", "token", "tls.pem", "node.db")
Level = Literal["good", "look", "act"]
Status = dict[str, Any]


class Finding(Struct, frozen=True):
    """One thing that was looked at. ``level``: good; to be looked at; to be acted on now."""

    code: str
    level: Level
    about: dict[str, Any] = {}


def examine(home: Home, at: datetime, status: Status | None, duties: list[dict[str, Any]]) -> list[Finding]:
    """Everything that was looked at, the most urgent first. ``status``: what the node says of itself, if it can."""
    found: list[Finding] = []
    for look in (_disk, _permissions, _store, _backups):
        found += _tried(look.__name__.strip("_"), look(home, at))
    try:
        config = read_config(home)
        found += _tried("keys", _keys(home, at))
        found += _partners(config)
    except MithaqError as problem:
        found.append(Finding("home", "act", {"problem": str(problem)}))
    found += _node(status)
    found += [Finding("duty_overdue", "act", {"duty": each["id"]}) for each in duties if each["due"] < at.isoformat()]
    order: dict[str, int] = {"act": 0, "look": 1, "good": 2}
    return sorted(found, key=lambda each: order[each.level])


def say(finding: Finding, language: str) -> tuple[str, str]:
    """What was found and what to do, in one of the languages."""
    words = json.loads((resources.files("mithaq.servers") / "doctor.json").read_bytes())
    told = words[f"{finding.code}.{finding.level}"][language]
    what, _, do = told.partition(" | ")
    return what.format_map(finding.about), do.format_map(finding.about)


def _tried(name: str, found: Iterator[Finding]) -> list[Finding]:
    """What was found; and that a look could not be finished, where it could not."""
    made: list[Finding] = []
    try:
        made.extend(found)
    except (OSError, sqlite3.DatabaseError, MithaqError, ValueError) as problem:
        made.append(Finding("look", "act", {"at": name, "problem": str(problem)}))
    return made


def _disk(home: Home, _: datetime) -> Iterator[Finding]:
    free = shutil.disk_usage(home.path).free
    level: Level = "act" if free < FULL else "look" if free < LOW else "good"
    yield Finding("disk", level, {"free": free // 2**20, "path": str(home.path)})


def _permissions(home: Home, _: datetime) -> Iterator[Finding]:
    open_to_others = [name for name in SECRET_FILES if (p := home.path / name).exists() and p.stat().st_mode & 0o077]
    if open_to_others:
        yield Finding("permissions", "act", {"files": ", ".join(open_to_others), "path": str(home.path)})
    else:
        yield Finding("permissions", "good")


def _store(home: Home, at: datetime) -> Iterator[Finding]:
    """The store, read and not touched: its schema, its clock, its logs, its audit chain, its views."""
    with closing(sqlite3.connect(f"file:{home.store}?mode=ro", uri=True, timeout=30)) as store:
        number = int(store.execute("select value from meta where name = 'schema'").fetchone()[0])
        yield Finding("schema", "good" if number == SCHEMA else "act", {"store": number, "program": SCHEMA})
        newest = store.execute("select at, position from journal order by position desc limit 1").fetchone()
        if newest is not None:
            ahead = read_instant(newest[0]) - at
            wrong = ahead > timedelta(seconds=60)
            yield Finding("clock", "act" if wrong else "good", {"newest": newest[0], "now": at.isoformat()})
            slowest = store.execute("select min(position) from cursors").fetchone()[0]
            behind = newest[1] - (newest[1] if slowest is None else slowest)
            yield Finding("views", "look" if behind > BEHIND else "good", {"behind": behind})
        yield from _logs(store)
        yield _chain(store)


def _logs(store: sqlite3.Connection) -> Iterator[Finding]:
    for link, size, tiles in store.execute("select link, size, tiles from edges order by link").fetchall():
        query = "select note from checkpoints where link = ? and size = ?"
        note = store.execute(query, (link, size)).fetchone()
        if note is None:
            continue  # the last that was signed is of another size: it is checked when a log reaches it
        same = read_checkpoint(note[0])[0].root == root(Edge(size, _tiles(size, tiles)))
        yield Finding("log", "good" if same else "act", {"link": link, "size": size})


def _tiles(size: int, tiles: bytes) -> tuple[bytes, ...]:
    parts, at = [], 0
    while size:
        parts.append(tiles[at : at + size % 256 * 32])
        size, at = size // 256, at + size % 256 * 32
    return tuple(parts)


def _chain(store: sqlite3.Connection) -> Finding:
    before, last = b"", 0
    for number, at, who, act, subject, reason, chain in store.execute(
        "select number, at, who, act, subject, reason, chain from audit order by number"
    ):
        line = Audited(number, read_instant(at), who, act, subject, reason, chain)
        broken = (before or chain) and chain != chained(before, line)
        if broken or (last and number != last + 1):
            return Finding("audit", "act", {"line": number})
        before, last = chain, number
    return Finding("audit", "good", {"line": last})


def _backups(home: Home, at: datetime) -> Iterator[Finding]:
    path = home.path / LAST
    if not path.exists():
        yield Finding("backup_none", "act")
        return
    told = json.loads(path.read_bytes())
    age = at - read_instant(told["at"])
    about = {"hours": int(age.total_seconds() // 3600), "place": told["place"]}
    yield Finding("backup", "look" if age > STALE else "good", about)


def _keys(home: Home, at: datetime) -> Iterator[Finding]:
    from mithaq.adapters.transport.certificate import ends_at

    known = read_identity(home.card.read_bytes())
    warning = known.ring.warning(at)
    yield Finding("keys", "act" if warning else "good", {"warning": warning})
    left = ends_at(home.tls.read_bytes()) - at
    level: Level = "act" if left < timedelta() else "look" if left < SOON else "good"
    yield Finding("certificate", level, {"days": left.days})
    if not home.adopted.exists():
        yield Finding("laws", "look")


def _partners(config: Config) -> Iterator[Finding]:
    if not config.partners:
        yield Finding("no_partners", "look")
    for party, settings in sorted(config.partners.items()):
        where = urlparse(settings.url)
        try:
            socket.create_connection((where.hostname or "", where.port or 443), timeout=3).close()
            yield Finding("partner", "good", {"party": party, "url": settings.url})
        except OSError as problem:
            why = problem.strerror or str(problem)
            yield Finding("partner", "look", {"party": party, "url": settings.url, "problem": why})


def _node(status: Status | None) -> Iterator[Finding]:
    if status is None:
        yield Finding("node", "act")
        return
    yield Finding("serving", "good" if status.get("serving") else "look")
    if not status["agreements"]:
        yield Finding("no_agreements", "look")
    for link in status["links"]:
        about = {name: link[name] for name in ("link", "problem", "waiting")} | {"hours": link["oldest"] // 3600}
        if link["unsure"]:
            yield Finding("unsure", "look", about)
        if link["oldest"] > WAITS:
            yield Finding("waiting", "look", about)
    if status["unfolded"]:
        yield Finding("unfolded", "look", {"count": status["unfolded"]})
