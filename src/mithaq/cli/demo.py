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
from mithaq.cli.show import cell
from mithaq.config import Home

if TYPE_CHECKING:
    from mithaq.kernel.party import Card

FLAGS = "subject.flags"  # what a screening found that protects a person


@click.command()
@click.option("--once", is_flag=True, help="Run unattended, print the result, and stop.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Where the two homes are made; kept afterwards.")
@json_option
def demo(once: bool, folder: Path | None, as_json: bool) -> None:
    """Nations on this machine exchange alerts, negotiate, suspend and join; then an auditor checks every log."""
    from mithaq.cli.covenant import Covenant, Officials
    from mithaq.cli.rehearsal import Rehearsal

    story = json.loads((resources.files("mithaq.scenarios") / "vehicles.json").read_bytes())
    tell = _silent if as_json else click.echo
    started = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupted)
    with ExitStack() as stack:
        where = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mithaq-demo-")))
        tell(f"\n  {story['title']}\n  {story['note']}\n")
        officials: dict[str, Officials] = {}

        def appoint(home: Home, card: Card) -> None:
            officials[card.party] = Officials(home, card)

        rehearsal = stack.enter_context(Rehearsal(where, ("IQ", "JO", "SA"), prepare=appoint))
        for nation in rehearsal.nations.values():
            tell(f"  {nation.party}  process {nation.pid}, partners deliver to {nation.link}")
        tell(f"  agreement {rehearsal.agreement}, signed by JO and SA\n")
        refused = _tell_law(rehearsal.nations["JO"].home, tell)
        withheld = sum(_step(rehearsal, number, step, tell) for number, step in enumerate(story["steps"], 1))
        rehearsal.settle()
        act: dict[str, Any] = {}
        if officials:
            act = Covenant(rehearsal, officials, tell).play()
        else:
            tell("  These homes are from an earlier run: their officials' keys were in memory, so nobody can sign.\n")
        found = rehearsal.audit() | {
            "covenant": act,
            "withheld": withheld,
            "draft_refused": refused,
            "seconds": round(time.monotonic() - started, 2),
        }
        if as_json:
            click.echo(json.dumps(found))
        else:
            _conclude(found, rehearsal, where)
        if not once:
            tell("  Both nodes stay up. Press Ctrl-C to stop them.")
            rehearsal.wait()
    if found["lost"] or found["duplicates"] or found["out_of_order"] or found["logs_verified"] != found["logs"]:
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


def _step(rehearsal: Any, number: int, step: dict[str, Any], tell: Any) -> int:
    """One step of the story, told as it happens; how many partners it was withheld from."""
    nation = rehearsal.nations[step["by"]]
    alert = step["alert"]
    stated = nation.do("intelligence.alert-vehicle", alert)
    exercise = "  [EXERCISE]" if alert.get("exercise") else ""
    tell(f"{number}. {step['by']}: {step['say']}{exercise}")
    tell(f"     alert {stated['id']} v{stated['version']}, plate {_apart(alert['plate'])}")
    for party in stated["released"]:
        _show(nation.ask("release.preview", {"id": stated["id"], "to": party}), party, tell)
    withheld = {party: by for party, by in stated["withheld"].items() if by}  # else there is no agreement at all yet
    for party, by in withheld.items():
        tell(f"     withheld from {party}, all of it: {'; '.join(by)}")
    if stated["released"]:
        rehearsal.settle()
        for party in stated["released"]:
            seen = rehearsal.nations[party].ask("intelligence.alert", {"id": stated["id"]})
            body = seen["body"]
            tell(
                f"     {party} holds v{body['version']} as {body['message']}, "
                f"must delete it by {body['delete_by'][:10]}, onward: {body['handling'].get('onward', '—')}"
            )
    tell("")
    return len(withheld)


def _show(preview: dict[str, Any], party: str, tell: Any) -> None:
    """What they see, and what is changed or kept back by which clause."""
    tell(f"     released to {party} under {preview['reasons'][0].removeprefix('permit ')}")
    for each in preview["fields"]:
        if each["ours"] is None or (each["level"] == "clear" and each["theirs"] == each["ours"]):
            continue
        theirs = cell(each["theirs"]) if each["theirs"] is not None else "▨ withheld"
        change = f"{_apart(cell(each['ours']))}  →  {_apart(theirs)}"
        tell(f"       {each['field']:8} {change}   ({each['level']}, {each['by']})")


def _apart(text: str) -> str:
    """Text of any direction that does not turn its surroundings (Unicode isolates)."""
    return f"\u2068{text}\u2069"


def _conclude(found: dict[str, Any], rehearsal: Any, where: Path) -> None:
    click.echo(
        f"  The auditor read all {found['nodes']} stores: {found['released']} released, {found['received']} received, ",
        nl=False,
    )
    click.echo(f"{found['lost']} lost, {found['duplicates']} duplicates, {found['out_of_order']} out of order;")
    click.echo(f"  {found['logs_verified']} of {found['logs']} logs rebuilt and verified, in {found['seconds']} s.\n")
    home = rehearsal.nations["SA"].home.path
    program = sys.argv[0] if Path(sys.argv[0]).name == "mithaq" else "mithaq"
    click.echo(f"  Look for yourself:  {program} --home {home} intelligence alerts")
    click.echo(f"                      {program} --home {home} link verify\n")


def _silent(*_: object) -> None:
    """Nothing is told: the answer is JSON."""


def _interrupted(*_: object) -> None:
    """Being asked to stop is like Ctrl-C: the nodes are stopped first."""
    raise KeyboardInterrupt
