"""``mithaq backup``: make one while the node serves, see whether it is good, make a home of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, say
from mithaq.config import Home, secret_file, write_private
from mithaq.errors import Clash

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
secret_option = click.option(
    "--secret", "secret", type=FILE, required=True, help="A file, readable by its owner only, with the backup secret."
)


@click.group()
def backup() -> None:
    """Copies of this node that nobody can read without the backup secret."""


@backup.command()
@click.argument("file", type=FILE)
@json_option
def secret(file: Path, as_json: bool) -> None:
    """Make a new backup secret in FILE. Keep a copy on paper in a safe, and none on the machine of the backups."""
    from mithaq.adapters.keystore.box import make_secret

    if file.exists():
        raise Clash("file", "there is a file already", where=str(file), hint="a secret is never written over")
    write_private(file, make_secret())
    emit({"file": str(file)}, as_json=as_json, text=f"{file}: without it no backup can be opened")


@backup.command()
@click.argument("place", type=FOLDER)
@secret_option
@click.option("--keep", type=click.IntRange(1), help="Keep so many backups in PLACE; older ones are removed.")
@json_option
@pass_home
def make(home: Home, place: Path, secret: Path, keep: int | None, as_json: bool) -> None:
    """A new backup in the folder PLACE, whether the node serves or not."""
    from mithaq.kernel.clock import SystemClock
    from mithaq.servers import backup as backups

    told = Told("copied and sealed")
    made = backups.make(home, place, secret_file(secret), SystemClock().now(), told)
    removed = backups.prune(place, keep) if keep else 0
    manifest = backups.read_manifest(made)
    told.end()
    found = {"backup": str(made), "journal": manifest.journal, "bytes": _bytes(manifest), "removed": removed}
    emit(found, as_json=as_json, text=f"{made}: {found['bytes']} bytes, the journal up to {manifest.journal}")


@backup.command()
@click.argument("place", type=FOLDER)
@click.option("--secret", type=FILE, help="Also open it, and check every log and the audit chain.")
@json_option
def verify(place: Path, secret: Path | None, as_json: bool) -> None:
    """Whether the newest backup in PLACE, or the backup PLACE itself, is good. Exit 7 if it is not."""
    from mithaq.servers import backup as backups
    from mithaq.servers.rehearse import rehearse

    one = backups.newest(place)
    manifest = backups.check(one, secret_file(secret) if secret else None)
    found: dict[str, Any] = {"backup": str(one), "at": manifest.at.isoformat(), "journal": manifest.journal}
    text = f"{one}: every checksum holds"
    if secret:
        found["opened"] = rehearse(one, secret_file(secret))
        text += (
            f"; opened: {len(found['opened']['logs'])} logs verify, {found['opened']['audit']} lines of audit follow"
        )
    emit(found, as_json=as_json, text=text)


@backup.command()
@click.argument("place", type=FOLDER)
@secret_option
@click.option("--keys", type=FILE, help="The newest keys.sealed, where it is not the one in PLACE.")
@json_option
@pass_home
def restore(home: Home, place: Path, secret: Path, keys: Path | None, as_json: bool) -> None:
    """Make a new home (--home DIR) of the newest backup in PLACE, or of the backup PLACE itself.

    The node asks each partner how far we had come before it numbers anything, and tells it that we were set back. Stop
    the old server first: there is one at a time.
    """
    from mithaq.kernel.clock import SystemClock
    from mithaq.servers import backup as backups
    from mithaq.servers.begin import begin_again

    told = Told("opened")
    manifest = backups.unpack(backups.newest(place), home, secret_file(secret), keys, told)
    told.end()
    begun = begin_again(home, SystemClock().now(), "restore")
    found = {"home": str(home.path), "of": manifest.at.isoformat(), "epoch": begun.epoch, "asks": list(begun.asks)}
    text = f"{home.path}: as of {found['of']}; server {begun.epoch} of {begun.party}\n"
    text += f"asks first: {', '.join(begun.asks) or 'nobody'}\nnow: mithaq --home {home.path} node serve"
    emit(found, as_json=as_json, text=text)


class Told:
    """Progress for whoever watches a terminal: one line, about once per 64 MiB."""

    def __init__(self, what: str) -> None:
        self._what, self._done, self._next = what, 0, 0
        self._watched = os.isatty(2)

    def __call__(self, more: int) -> None:
        self._done += more
        if self._watched and self._done >= self._next:
            self._next = self._done + 64 * 2**20
            click.echo(f"\r{self._done // 2**20} MiB {self._what} ", err=True, nl=False)

    def end(self) -> None:
        if self._watched and self._done:
            say("", err=True)


def _bytes(manifest: Any) -> int:
    return sum(part.size for part in manifest.files.values())
