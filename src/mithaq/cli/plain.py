"""``mithaq export``: everything this node holds, in files that are read without Mithaq."""

from __future__ import annotations

from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import NotAllowed

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def export() -> None:
    """Everything this node holds, in plain files. It takes a reason and two people, and is audited page by page."""


@export.command()
@click.option("--why", required=True, help="Why everything is to be exported.")
@json_option
@pass_home
def allow(home: Home, why: str, as_json: bool) -> None:
    """Ask to export everything: once a second person has agreed, it is allowed for a day."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.do("export.allow", {"why": why})
    waits = found.get("outcome") == "waits"
    text = f"waits for a second person: mithaq acts approve {found['waiting']}" if waits else f"until {found['until']}"
    emit(found, as_json=as_json, text=text)


@export.command()
@click.argument("folder", type=FOLDER)
@json_option
@pass_home
def plain(home: Home, folder: Path, as_json: bool) -> None:
    """Everything that you may read, as JSON lines and a table, with a README and checksums, into the new FOLDER."""
    from mithaq.cli.reach import reach
    from mithaq.kernel.clock import SystemClock, write_instant
    from mithaq.servers import plain as files

    with reach(home) as reached:
        try:
            reached.ask("audit.list", {"limit": 1})
            audit = True
        except NotAllowed:
            audit = False  # whoever exports is not oversight: the README says so
        party = reached.ask("node.status", {})["party"]
        about = {"party": party, "at": write_instant(SystemClock().now()), "audit": audit}
        found = files.write(folder, reached.ask, audit=audit, about=about)
    text = "\n".join(f"{count:>9}  {name}" for name, count in found.items())
    emit({"folder": str(folder), **found}, as_json=as_json, text=f"{folder}\n{text}")
