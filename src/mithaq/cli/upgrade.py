"""``mithaq node upgrade``: bring the store to this program's schema, with a backup first; or back again."""

from __future__ import annotations

from pathlib import Path

import click

from mithaq.cli.backup import FOLDER, secret_option
from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home, secret_file


@click.command()
@click.option("--backups", "place", type=FOLDER, required=True, help="Where the backup of before is made.")
@secret_option
@click.option("--back", type=FOLDER, help="Put the store of this backup back, if nothing was exchanged since.")
@json_option
@pass_home
def upgrade(home: Home, place: Path, secret: Path, back: Path | None, as_json: bool) -> None:
    """Upgrade the store of a stopped node: a backup, the steps in one transaction, every log and the audit checked."""
    from msgspec import to_builtins

    from mithaq.kernel.clock import SystemClock
    from mithaq.servers import upgrade as upgrades

    opened = secret_file(secret)
    if back is not None:
        found = upgrades.back(home, back, opened)
        text = f"schema {found.was} is {found.now} again; now start the older program"
    else:
        found = upgrades.upgrade(home, place, opened, SystemClock().now())
        text = f"schema {found.was} is {found.now}; {found.logs} logs verify, {found.audit} lines of audit follow\n"
        text += f"back: mithaq node upgrade --backups {place} --secret {secret} --back {found.backup}"
    emit(to_builtins(found), as_json=as_json, text=text)
