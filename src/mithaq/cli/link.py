"""``mithaq link``: how the links are, and whether the logs hold."""

from __future__ import annotations

from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Home


@click.group()
def link() -> None:
    """The links to partners: state and proofs."""


@link.command()
@json_option
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Every direction of every link: numbers, what became of them, and how the line is."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.status", {})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        show_links(found)


@link.command()
@json_option
@pass_home
def verify(home: Home, as_json: bool) -> None:
    """Rebuild every log from its messages and check it against every checkpoint and receipt. Exit 1 if one fails."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.verify", {})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        show_verifications(found)
    if not all(each["verified"] for each in found):
        raise SystemExit(1)


@link.command()
@click.argument("sender")
@click.argument("receiver")
@click.argument("seq", type=int)
@json_option
@pass_home
def prove(home: Home, sender: str, receiver: str, seq: int, as_json: bool) -> None:
    """The proof that message SEQ from SENDER to RECEIVER is in the log that SENDER signed."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.prove", {"sender": sender, "receiver": receiver, "seq": seq})
    lines = [f"message  {found['link']}/{found['seq']}", f"entry    {found['entry']}"]
    lines += [f"path     {part}" for part in found["path"]]
    emit(found, as_json=as_json, text="\n".join([*lines, "", found["checkpoint"]]))


def show_links(found: list[dict[str, Any]]) -> None:
    """Link states as a table."""
    columns = ("link", "size", "waiting", "accepted", "refused", "tombstone", "state")
    rows = [
        [*(str(each[name]) for name in columns[:-1]), f"{each['state']} {each['problem']}".strip()] for each in found
    ]
    table("links", columns, rows)


def show_verifications(found: list[dict[str, Any]]) -> None:
    """Verifications as a table, with what was found."""
    rows = []
    for each in found:
        verdict = (
            "✔ verified"
            if each["verified"]
            else "✖ " + "; ".join(f"{finding['where']}: {finding['what']}" for finding in each["findings"][:5])
        )
        rows.append(
            (
                each["link"],
                str(each["size"]),
                each["root"][:16],
                str(each["checkpoints"]),
                str(each["receipts"]),
                verdict,
            )
        )
    table("logs", ("link", "size", "root", "checkpoints", "receipts", ""), rows)
