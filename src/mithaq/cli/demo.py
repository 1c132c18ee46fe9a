"""``mithaq demo``: three nations as three processes on this machine exchange alerts and make a covenant, narrated."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option
from mithaq.config import Home

if TYPE_CHECKING:
    from mithaq.kernel.party import Card

FLAGS = "subject.flags"  # what a screening found that protects a person


@click.command()
@click.option("--once", is_flag=True, help="Run unattended, print the result, and stop.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Where the homes are made; kept afterwards.")
@json_option
def demo(once: bool, folder: Path | None, as_json: bool) -> None:
    """Nations on this machine exchange alerts, negotiate, suspend and join; then an auditor checks every log."""
    from mithaq.cli.covenant import Covenant, Officials
    from mithaq.cli.day import Day
    from mithaq.cli.rehearsal import Rehearsal

    story = json.loads((resources.files("mithaq.scenarios") / "border-day.json").read_bytes())
    tell = _silent if as_json else click.echo
    started = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupted)
    with ExitStack() as stack:
        where = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mithaq-demo-")))
        tell("")
        officials: dict[str, Officials] = {}

        def appoint(home: Home, card: Card) -> None:
            officials[card.party] = Officials(home, card)

        rehearsal = stack.enter_context(Rehearsal(where, ("IQ", "JO", "SA"), prepare=appoint))
        for nation in rehearsal.nations.values():
            tell(f"  {nation.party}  process {nation.pid}, partners deliver to {nation.link}")
        tell(f"  agreement {rehearsal.agreement}, signed by JO and SA\n")
        refused = _tell_law(rehearsal.nations["JO"].home, tell)
        act: dict[str, Any] = {}
        day: dict[str, Any] = {}
        if officials:
            act = Covenant(rehearsal, officials, tell).play()
            day = Day(rehearsal, story, tell).play()
        else:
            tell("  These homes are from an earlier run: its officials' keys and officers' passwords were in memory,")
            tell("  so nobody can sign or sign in. Start in an empty folder to see the day.\n")
        found = rehearsal.audit() | {
            "covenant": act,
            "day": day,
            "withheld": day.get("withheld", 0),
            "draft_refused": refused,
            "seconds": round(time.monotonic() - started, 2),
        }
        if as_json:
            click.echo(json.dumps(found))
        else:
            _conclude(found, rehearsal, where)
        if not once:
            _invite(rehearsal, tell)
            tell("  The nodes stay up. Press Ctrl-C to stop them.")
            rehearsal.wait()
    unsound = found["lost"] or found["duplicates"] or found["out_of_order"] or day.get("unexpected", 0)
    if unsound or found["logs_verified"] != found["logs"]:
        raise SystemExit(1)


def _tell_law(home: Home, tell: Any) -> bool:
    """One clause in three languages, and what becomes of a draft without a safeguard; whether it was refused."""
    from msgspec.structs import replace

    from mithaq.assembly import read_law, read_vocabulary
    from mithaq.kernel.law.prove import breaches
    from mithaq.treaty.render.catalogue import LANGUAGES, Speaker
    from mithaq.treaty.render.sentence import sentence

    words = read_vocabulary(home)
    floor = read_law(home.law / "floor.json", words)
    law = read_law(next(home.agreements.glob("*.json")), words)
    tell(f"  Its clause {law.clauses[0].id} in plain words, made from what was signed:")
    for language in LANGUAGES:
        tell(f"     {sentence(law.clauses[0], words, Speaker(language))}")
    bare = (replace(each, when=tuple(one for one in each.when if one.attribute != FLAGS)) for each in law.clauses)
    found = list(breaches(replace(law, clauses=tuple(bare)), floor, words))
    tell("\n  It was proved, for every request there is, that no clause of it breaks the human-rights floor.")
    tell(f"  A draft that does not ask who is protected would be refused, on {len(found)} counts. The first:")
    tell(f"     clause {found[0].clause} {found[0].how} what {found[0].against} forbids\n" if found else "     none\n")
    return bool(found)


def _conclude(found: dict[str, Any], rehearsal: Any, where: Path) -> None:
    click.echo(
        f"  The auditor read all {found['nodes']} stores: {found['released']} released, {found['received']} received, ",
        nl=False,
    )
    click.echo(f"{found['lost']} lost, {found['duplicates']} duplicates, {found['out_of_order']} out of order;")
    click.echo(f"  {found['logs_verified']} of {found['logs']} logs rebuilt and verified, in {found['seconds']} s.\n")
    home = rehearsal.nations["SA"].home.path
    click.echo(f"  Look for yourself:  {_program()} --home {home} node status")
    click.echo(f"                      {_program()} --home {home} link verify\n")


def _program() -> str:
    return sys.argv[0] if Path(sys.argv[0]).name == "mithaq" else "mithaq"


def _invite(rehearsal: Any, tell: Any) -> None:
    """A one-time link for each nation, by which whoever watches can sign in as one of its officers."""
    tell("  Sign in as an officer by a one-time link (set a password, add the secret to an authenticator):")
    for nation in rehearsal.nations.values():
        given = {"id": "officer/guest", "name": "Guest", "roles": ["duty_officer", "analyst", "supervisor"]}
        invited = nation.do("people.invite", given)
        tell(f"    {nation.party}  {nation.inside}/start?invitation={invited['invitation']}")
    tell("")


def _silent(*_: object) -> None:
    """Nothing is told: the answer is JSON."""


def _interrupted(*_: object) -> None:
    """Being asked to stop is like Ctrl-C: the nodes are stopped first."""
    raise KeyboardInterrupt
