"""``mithaq keys status``: every key of this node with its time, which is in use, and what is due."""

from __future__ import annotations

from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.keys.files import identity, keys_of
from mithaq.cli.show import emit, say, table
from mithaq.config import Home


@click.command()
@json_option
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Every key with its time, which is in use, and what expires when. Exit code 1 if anything does within 7 days."""
    from mithaq.cli.keys.outlook import outlook
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock

    found: dict[str, Any] = canonical.plain(outlook(identity(home), keys_of(home), SystemClock().now()))
    if as_json:
        emit(found, as_json=True, text="")
    else:
        _show(found)
    if found["urgent"]:
        raise SystemExit(1)


def _show(found: dict[str, Any]) -> None:
    if found["serial"]:
        click.echo(f"manifest {found['serial']}, expires {found['expires']}; grace ends {found['ends']}")
    else:
        click.echo("no root: the keys of this node never expire and cannot be revoked (mithaq keys root)")
    rows = [
        (
            each["what"], each["key"], each["start"], each["until"], str(each["days_left"]), each["state"],
            f"within {each['within']} days" if each["within"] is not None else "",
        )
        for each in found["keys"]
    ]  # fmt: skip
    table("keys", ("what", "key", "from", "until", "days left", "state", "ends"), rows)
    for warning in found["warnings"]:
        say(warning)
