"""``mithaq matter list``, ``show`` and ``duties``."""

from __future__ import annotations

from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.reach import reach
from mithaq.cli.show import emit, say, table
from mithaq.config import Home


@click.command("list")
@json_option
@pass_home
def list_(home: Home, as_json: bool) -> None:
    """Every matter that this node is part of, and the stage of its texts."""
    with reach(home) as node:
        found = node.ask("matter.list", {})
    if as_json:
        emit(found, as_json=True, text="")
        return
    rows = [
        (each["matter"], ", ".join((*each["parties"], *each["joined"])), text["law"], text["stage"], text["text"])
        for each in found
        for text in each["texts"] or [{"law": "—", "stage": "—", "text": "—"}]
    ]
    table("matters", ("matter", "parties", "text", "stage", "digest"), rows)


@click.command()
@click.argument("matter")
@json_option
@pass_home
def show(home: Home, matter: str, as_json: bool) -> None:
    """What was said in MATTER by whom, and what it has come to."""
    with reach(home) as node:
        found = node.ask("matter.show", {"matter": matter})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        show_matter(found)


@click.command()
@json_option
@pass_home
def duties(home: Home, as_json: bool) -> None:
    """What is owed and not done, the most urgent first."""
    with reach(home) as node:
        found = node.ask("duty.list", {})
    if as_json:
        emit(found, as_json=True, text="")
        return
    rows = [(each["due"], each["what"], each["about"], each["owed_by"], each.get("state", "open")) for each in found]
    table("owed", ("due", "what", "about", "by", "state"), rows)


def show_matter(found: dict[str, Any]) -> None:
    """A matter as tables: texts, what was said, what has no effect or waits."""
    for text in found["texts"]:
        say(f"{text['law']}  {text['title']}\n  text  {text['text']}\n  stage {text['stage'] or '—'}")
        say(f"  {in_force(text['force'])}")
    rows = [
        (each["at"], each["party"], str(each["number"]), each["says"], each["about"][7:19], each["note"])
        for each in found["said"]
    ]
    table(found["matter"], ("at", "party", "no.", "says", "about", "note"), rows)
    for idle in found["void"]:
        say(f"no effect: {idle['party']} {idle['number']}: {idle['why']}")
    for idle in found["waiting"]:
        say(f"waits: {idle['party']} {idle['number']}: {idle['why']}")
    say(f"state {found['digest']}")


def in_force(force: dict[str, Any]) -> str:
    """What has become of a text, in a line."""
    if force["start"] is None and force["provisional"] is None:
        return f"not in force: {force['why']}"
    since = (
        f"in force from {force['start']}" if force["start"] else f"applied provisionally from {force['provisional']}"
    )
    parts = [f"{since} between {', '.join(force['parties'])}"]
    parts += [f"until {force['until']}"] if force["until"] else []
    for party, clauses in force["suspended"]:
        parts.append(f"suspended by {party}" + (f" ({', '.join(clauses)})" if clauses else ""))
    parts += [f"{party} leaves {at}" for party, at in force["leaving"]]
    parts += [f"{party} made a reservation" for party, _ in force["reservations"]]
    return "; ".join(parts)
