"""``mithaq preview``: ours beside what they will see."""

from __future__ import annotations

from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import cell, emit, say, shown, table
from mithaq.config import Home


@click.command()
@click.argument("id")
@click.option("--to", required=True, metavar="PARTY", help="The partner whose view is shown.")
@click.option("--version", type=int, help="A version of the record; the newest by default.")
@json_option
@pass_home
def preview(home: Home, id: str, to: str, version: int | None, as_json: bool) -> None:
    """Ours beside what they will see if record ID is released now, with a clause for each change."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("release.preview", {"id": id, "to": to, "version": version})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        show_preview(found)


def show_preview(found: dict[str, Any]) -> None:
    """A preview as a table of two columns, and what binds the partner."""
    exercise = " · EXERCISE" if found["exercise"] else ""
    title = f"{found['id']} v{found['version']} to {found['to']}: {found['decision']}{exercise}"
    if found["decision"] == "deny":
        say(title)
        say("withheld, all of it: " + shown("; ".join(found["reasons"])))
        return
    rows = [
        (
            each["field"],
            cell(each["ours"]),
            _theirs(each),
            each["level"],
            each["by"] if each["level"] != "clear" else "",
        )
        for each in found["fields"]
    ]
    table(title, ("field", "ours", "they see", "level", "clause"), rows)
    bound = [(each["what"], cell(each["value"]), each["by"]) for each in found["obligations"]]
    table("what binds them", ("obligation", "value", "by"), bound)


def _theirs(each: dict[str, Any]) -> str:
    return "▨ withheld" if each["level"] == "absent" else cell(each["theirs"])
