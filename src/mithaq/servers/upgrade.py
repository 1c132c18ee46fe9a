"""Upgrading a home: a backup first, the steps in one transaction, then everything that is signed is checked again.

Back again is that backup, as long as nothing was exchanged since; after that an older program could not read what is
here, and putting the backup back would be a restore, with all that it means.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from mithaq.adapters.copies import snapshot
from mithaq.adapters.store.schema import SCHEMA
from mithaq.adapters.store.watermark import Watermark
from mithaq.assembly import open_home_store
from mithaq.config import Home, ensure_file_store, locked
from mithaq.errors import Clash, NotAllowed
from mithaq.servers import backup as backups
from mithaq.servers.rehearse import check_store


class Upgraded(Struct, frozen=True):
    """From which schema to which, and the backup of before."""

    was: int
    now: int
    backup: str
    logs: int = 0
    audit: int = 0


def upgrade(home: Home, place: Path, secret: bytes, at: datetime) -> Upgraded:
    """Bring the store to the schema of this program. Unavailable if the node serves; Clash if the store is newer.

    Untrusted if a log or the audit log does not hold afterwards: then the store is put back as it was.
    """
    ensure_file_store(home)
    with locked(home):
        was = snapshot.schema_of(home.store)
        if was > SCHEMA:
            raise Clash("schema", f"the store has schema {was}; this program knows {SCHEMA}", hint="upgrade Mithaq")
        made = backups.make(home, place, secret, at)
        before = home.path / ".before-upgrade"
        before.unlink(missing_ok=True)
        snapshot.snapshot(home.store, before)
        try:
            store = open_home_store(home)
            try:
                found = check_store(home, store)
            finally:
                store.close()
        except BaseException:
            _put(home, before)
            raise
        before.unlink()
        return Upgraded(was, snapshot.schema_of(home.store), str(made), len(found["logs"]), found["audit"])


def back(home: Home, backup: Path, secret: bytes) -> Upgraded:
    """Put the store of a backup back. NotAllowed if anything happened since: then only a restore is possible."""
    ensure_file_store(home)
    with locked(home):
        manifest = backups.check(backup, secret)
        was, journal = snapshot.schema_of(home.store), snapshot.position_of(home.store)
        if journal != manifest.journal:
            raise NotAllowed(
                "exchanged", f"{journal - manifest.journal} entries were added since that backup",
                hint="stay with this program; or mithaq backup restore into a new home, which asks every partner first",
            )  # fmt: skip
        aside = Home(home.path / ".back")
        shutil.rmtree(aside.path, ignore_errors=True)
        try:
            backups.unpack(backup, aside, secret)
            _put(home, aside.store)
        finally:
            shutil.rmtree(aside.path, ignore_errors=True)
        mark = Watermark(home.watermark)
        mark.note(manifest.journal)
        mark.close()
        return Upgraded(was, manifest.store_schema, str(backup))


def _put(home: Home, store: Path) -> None:
    """This file in place of the store, with nothing left of the old one's log."""
    for part in home.path.glob(f"{home.store.name}-*"):
        part.unlink()
    store.replace(home.store)
