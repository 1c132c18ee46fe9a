"""``mithaq link renew``, ``agree``, ``begin``: a link that cannot go on is closed by both and begun anew, by files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.keys.files import ensure_new, read_text
from mithaq.cli.show import emit
from mithaq.config import Home

FILE = click.Path(path_type=Path, dir_okay=False)
glass_option = click.option("--break-glass", "glass", default="", help="Do it alone, for this reason; it is reviewed.")
WHY = ("lost_numbers", "two_servers", "two_logs")


@click.command()
@click.argument("party")
@click.option("--why", type=click.Choice(WHY), default=WHY[0], show_default=True, help="What the partner is told.")
@click.option("--out", type=FILE, required=True, help="The file to carry to the partner.")
@glass_option
@json_option
@pass_home
def renew(home: Home, party: str, why: str, out: Path, glass: str, as_json: bool) -> None:
    """Close our link to PARTY where we hold it, because its log cannot go on. Takes two people; PARTY must agree."""
    _state(home, "link.renew", {"party": party, "why": why}, out, glass, as_json)


@click.command()
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, required=True, help="The file to carry back.")
@glass_option
@json_option
@pass_home
def agree(home: Home, file: Path, out: Path, glass: str, as_json: bool) -> None:
    """Agree, at the receiver, to what FILE of the sender states, and go over to the next epoch. Takes two people."""
    _state(home, "link.agree", {"envelope": read_text(file)}, out, glass, as_json)


@click.command()
@click.argument("file", type=FILE)
@json_option
@pass_home
def begin(home: Home, file: Path, as_json: bool) -> None:
    """Go over to the next epoch too, as FILE of the partner agrees; what still waited is numbered anew there."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.do("link.begin", {"envelope": read_text(file)})
    text = f"{found['closed']} is closed, {found['begun']} has begun; {found['again']} messages were numbered anew"
    emit(found, as_json=as_json, text=text)


@click.command()
@click.argument("matter")
@click.option("--out", type=FILE, required=True, help="The file to carry.")
@json_option
@pass_home
def restate(home: Home, matter: str, out: Path, as_json: bool) -> None:
    """What we stated in MATTER as a file to carry: once a second person has agreed to it."""
    from mithaq.cli.reach import reach
    from mithaq.config import write_private

    ensure_new(out)
    with reach(home) as reached:
        found = reached.ask("link.statement", {"matter": matter})
    write_private(out, found["envelope"].encode())
    emit({"out": str(out)}, as_json=as_json, text=str(out))


COMMANDS = (renew, agree, begin, restate)


def _state(home: Home, name: str, given: dict[str, Any], out: Path, glass: str, as_json: bool) -> None:
    from mithaq.cli.reach import reach
    from mithaq.config import write_private

    ensure_new(out)
    with reach(home) as reached:
        found = reached.do(name, given, glass=glass)
    if found.get("outcome") == "waits":
        then = "then the file: mithaq link restate MATTER --out FILE"
        emit(found, as_json=as_json, text=f"waits for a second person: mithaq acts approve {found['waiting']}\n{then}")
        return
    write_private(out, found["envelope"].encode())
    emit({**found, "out": str(out)}, as_json=as_json, text=f"{out}: closes {found['closes']}, begins {found['begins']}")
