"""A standby: a second machine that holds the node's store a few seconds behind, and takes over by one command.

The first server ships into a folder (a mounted one, or one that ssh or rsync brings over); nothing else runs between
the two. What was acknowledged to partners is never lost by it: partners hold it, and tell or send it again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from mithaq.adapters.copies import follow as following
from mithaq.adapters.copies import snapshot
from mithaq.adapters.copies.sealed_file import Secret, open_stream
from mithaq.adapters.copies.ship import Shipper
from mithaq.config import Home, ensure_file_store, write_private
from mithaq.errors import Clash, NotFound, Unavailable
from mithaq.servers.backup import tar_of, untar
from mithaq.servers.begin import Begun, begin_again

KEPT = 2  # generations
TAKEN_OVER = "taken-over.json"
STATE = "standby.json"


class Shipped(Struct, frozen=True):
    """How far the shipping is: pages in this round, increments so far."""

    pages: int
    increments: int


class Shipping:
    """Ships a home into a folder, a round at a time."""

    def __init__(self, home: Home, folder: Path, secret: bytes, at: datetime) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ensure_not_taken_over(folder)
        self._home, self._folder, self._secret = home, folder, Secret(secret)
        self._files = ""
        self._shipper = self._begin(at)

    def round(self) -> Shipped:
        """Ship what changed. Clash if another server has taken over: then this one is to stop."""
        ensure_not_taken_over(self._folder)
        try:
            pages = self._shipper.ship()  # the store first: files are made before what rests on them
            self._ship_files()
        except OSError as problem:
            raise Unavailable("standby", f"cannot be shipped: {problem.strerror}", where=str(self._folder)) from None
        except sqlite3.DatabaseError as problem:
            raise Unavailable("store", f"cannot be read: {problem}", where=str(self._home.store)) from None
        return Shipped(pages, self._shipper.number)

    def renew(self, at: datetime) -> None:
        """Begin a new generation: what was erased since is then nowhere in the folder."""
        self._shipper.close()
        self._files, self._shipper = "", self._begin(at)

    def close(self) -> None:
        self._shipper.close()

    def _begin(self, at: datetime) -> Shipper:
        ensure_file_store(self._home)
        shipper = Shipper(self._home.store, self._folder, self._secret, at.strftime("%Y%m%dT%H%M%SZ"))
        for old in following.generations(self._folder)[:-KEPT]:
            shutil.rmtree(self._folder / old)
        return shipper

    def _ship_files(self) -> None:
        whole = b"".join(tar_of(self._home))
        name = hashlib.sha256(whole).hexdigest()[:16]
        if name != self._files:
            self._shipper.put("home.sealed", lambda: iter([whole]))
            self._files = name


def follow(folder: Path, home: Home, secret: bytes) -> following.Followed:
    """Bring the store of a standby up to what was shipped. Clash if this home is a server's, not a standby's."""
    ensure_standby(home)
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return following.follow(folder, home.store, Secret(secret), home.path / STATE)


def take_over(folder: Path, home: Home, secret: bytes, at: datetime) -> Begun:
    """Make the standby the nation's server. The old one is told by the folder, and stops when it looks there."""
    ensure_not_taken_over(folder)
    opener, state = Secret(secret), follow(folder, home, secret)
    snapshot.check_pages(home.store)
    untar(open_stream(folder / state.generation / "home.sealed", opener, "home.sealed"), home.path)
    begun = begin_again(home, at, "fail-over")
    (home.path / STATE).unlink()
    told = {"party": begun.party, "epoch": begun.epoch, "at": at.isoformat()}
    try:
        write_private(folder / TAKEN_OVER, json.dumps(told).encode())
    except OSError:  # the folder is gone with the old machine: partners will tell it
        return begun
    return begun


def ensure_standby(home: Home) -> None:
    if home.settings.exists():
        raise Clash("home", "this is the home of a server, not of a standby", where=str(home.path))


def ensure_not_taken_over(folder: Path) -> None:
    """Clash if a standby has taken over from what was shipped here."""
    path = folder / TAKEN_OVER
    if path.exists():
        raise Clash(
            "taken-over", "another server has taken over", where=str(path),
            hint="this one stops; see docs/runbooks/fail-over.md",
        )  # fmt: skip


def lag(folder: Path, home: Home) -> int:
    """How many increments a standby has still to take."""
    at = following.read_noted(home.path / STATE)
    if not at.generation:
        raise NotFound("standby", "this home follows nothing yet", where=str(home.path))
    newest = following.newest(folder)
    have = at.number if at.generation == newest else 0
    return len(list((folder / newest).glob("[0-9]*.sealed"))) - have
