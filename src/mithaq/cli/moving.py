"""``mithaq node move-store``: from a file to a database, and back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, say
from mithaq.config import Home

FILE = "file"


@click.command("move-store")
@click.argument("url")
@click.option("--password-file", metavar="FILE", default="", help="Holds the database's password; mode 600.")
@json_option
@pass_home
def move_store(home: Home, url: str, password_file: str, as_json: bool) -> None:
    """Move everything that this node keeps to URL: a postgresql:// database without a password, or the word file.

    The node must not be served. Both sides are compared before the new one is used; until then nothing changes here.
    """
    from mithaq.config import StoreSettings, locked
    from mithaq.errors import Invalid
    from mithaq.kernel.canonical import fit
    from mithaq.servers.move import move_store as move

    to = None
    if url != FILE:
        if not url.startswith(("postgresql://", "postgres://")):
            raise Invalid("store-url", f"neither a postgresql:// address nor the word {FILE}")
        named = str(Path(password_file).resolve()) if password_file else ""
        to = fit({"url": url, "password_file": named}, StoreSettings)

    def progress(table: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{table}: {done} of {total}".ljust(50), nl=done == total, err=True)

    with locked(home):
        moved = move(home, to, progress)
    rows, logs = sum(moved.rows.values()), len(moved.roots)
    text = f"{rows} rows moved and compared, {logs} logs rebuilt: the roots are the same on both sides"
    emit({"rows": moved.rows, "roots": moved.roots, "store": url}, as_json=as_json, text=text)
    if not as_json:
        say("the store that was in use is kept as it was, and is not opened any more: see docs/postgresql.md")
