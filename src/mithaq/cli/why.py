"""``mithaq why``: the reasons of a release, a withholding, or a record that a partner released to us."""

from __future__ import annotations

from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import cell, emit, shown
from mithaq.config import Home


@click.command()
@click.argument("id")
@click.option("--to", metavar="PARTY", help="Only the decision about this partner.")
@click.option("--version", type=int, help="A version of the record; the newest by default.")
@json_option
@pass_home
def why(home: Home, id: str, to: str | None, version: int | None, as_json: bool) -> None:
    """Why record ID was released to, or withheld from, each partner; or on what basis we hold it."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("release.why", {"id": id, "to": to, "version": version})
    emit(found, as_json=as_json, text="\n".join(map(tell, found)) or "no partner was considered")


def tell(reason: dict[str, Any]) -> str:
    """One decision in a few lines."""
    decision = reason["decision"]
    lines = [f"{reason['id']} v{reason['version']} to {reason['to']}: {decision['decision']}"]
    lines += [f"  because    {shown(each)}" for each in reason["reasons"]]
    lines += [f"  {each['what']:10} {cell(each['value'])}  ({each['by']})" for each in decision.get("obligations", ())]
    if decision.get("unknown"):
        lines.append("  not known  " + ", ".join(decision["unknown"]))
    if reason["message"]:
        lines.append(f"  message    {reason['message']} {reason['outcome']} {reason['code']}".rstrip())
    digests = decision.get("inputs", {}).get("laws", {})
    lines += [f"  rests on   {ref} {digest}" for ref, digest in digests.items()]
    return "\n".join(lines)
