"""``mithaq node``: make a home, serve it, and see how it is."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option, log_to_stderr, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Bind, Config, Home
from mithaq.errors import Invalid

if TYPE_CHECKING:
    from mithaq.kernel.clock import Clock
    from mithaq.kernel.node import Node
    from mithaq.kernel.ports import Store


@click.group()
def node() -> None:
    """Make, serve and look at a node."""


@node.command()
@click.argument("party")
@click.option("--name", "names", multiple=True, metavar="LANG=NAME", help="The nation's name: ar=الأردن. Repeatable.")
@click.option("--inside-port", default=0, show_default=True, help="Port for this machine's commands; 0 picks one.")
@click.option("--link-host", default="127.0.0.1", show_default=True, help="Address on which partners deliver.")
@click.option("--link-port", default=0, show_default=True, help="Port on which partners deliver; 0 picks one.")
@json_option
@pass_home
def init(
    home: Home, party: str, names: tuple[str, ...], inside_port: int, link_host: str, link_port: int, as_json: bool
) -> None:
    """Make a node for PARTY (two capital letters, ISO 3166-1): keys, certificate, card, token and example laws."""
    from mithaq.assembly import init_home
    from mithaq.kernel.canonical import fit
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.party import fingerprint, words

    named = dict(_name(each) for each in names) or {"en": party}
    given = {
        "party": party,
        "names": named,
        "inside": {"port": inside_port},
        "link": {"host": link_host, "port": link_port},
    }
    card = init_home(home, fit(given, Config), at=SystemClock().now())
    found = {"home": str(home.path), "party": party, "fingerprint": fingerprint(card), "card": str(home.card)}
    text = f"node of {party} made in {home.path}\ncard         {home.card}\nfingerprint  {words(found['fingerprint'])}"
    emit(found, as_json=as_json, text=text)


@node.command()
@pass_home
def serve(home: Home) -> None:
    """Serve the node until Ctrl-C: commands on loopback, partners over HTTPS or, for a core, through its gate."""
    serve_home(home)


def serve_home(home: Home, *, clock: Clock | None = None, store: Store | None = None) -> None:
    """Serve the node of a home until SIGINT or SIGTERM; say on standard output where, once it answers."""
    from mithaq.api.doorstep import Doorstep
    from mithaq.api.serve import Faces
    from mithaq.api.serve import serve as run
    from mithaq.assembly import open_home
    from mithaq.cli.reach import home_token
    from mithaq.config import locked, read_config, write_private
    from mithaq.console.app import routes

    log_to_stderr()
    with locked(home):
        config = read_config(home)
        served = open_home(home, clock=clock, store=store)
        faces = Faces(_address(config.inside), _address(config.link) if config.gate is None else None)
        told = {"party": config.party, "pid": os.getpid(), "inside": faces.inside_url, "link": faces.link_url}

        def ready() -> None:
            write_private(home.serving, json.dumps(told).encode())
            click.echo(json.dumps(told))
            _tell_first_link(served, faces.inside_url)

        doorstep = Doorstep(served.clock.monotonic)
        pages = routes(served, tries=doorstep.tries, slowly=doorstep.slowly)
        try:
            run(
                served, token=home_token(home), tls=home.tls, faces=faces, ready=ready, doorstep=doorstep, pages=pages
            )  # fmt: skip
        finally:
            home.serving.unlink(missing_ok=True)
            served.close()


def _tell_first_link(served: Node, inside: str) -> None:
    """Where a person watches: the one-time link by which the nation's first administrator begins. Never in a log."""
    if not sys.stderr.isatty():
        return
    secret = served.door.first_link(served.clock.now())
    if secret is not None:
        click.echo("There is no administrator yet. Once, within 72 hours, this makes one:", err=True)
        click.echo(f"  {inside}/start?invitation={secret}", err=True)


@node.command("first-link")
@json_option
@pass_home
def first_link(home: Home, as_json: bool) -> None:
    """The one-time link by which the nation's first administrator begins, where there is none yet."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.carry("people.first-link", {})
    emit(found, as_json=as_json, text=f"mithaq people accept, with: {found['invitation']}")


@node.command()
@json_option
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Who this node is, under which law, and how its links are."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("node.status", {})
    if as_json:
        emit(found, as_json=True, text="")
        return
    show_status(found)


@node.command()
@json_option
@pass_home
def restored(home: Home, as_json: bool) -> None:
    """Say that this home was set back to an earlier state, as by a restore of the whole machine.

    Each partner is then asked how far we had come before anything new is numbered for it. A store that was set back
    alone is noticed without this.
    """
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.do("node.restored", {})
    emit(found, as_json=as_json, text=f"asks {', '.join(found['asks']) or 'nobody: there are no partners'}")


def show_status(found: dict[str, Any]) -> None:
    """The status as tables."""
    rows = [("names", ", ".join(found["names"].values())), ("fingerprint", found["fingerprint"])]
    rows += [("agreements", ", ".join(found["agreements"]) or "none in force"), ("laws", ", ".join(found["laws"]))]
    rows += [("partners", ", ".join(found["partners"]) or "none"), ("journal", str(found["journal"]))]
    keys = f"manifest {found['manifest']}" if found["manifest"] else "no root: they never change (docs/keys.md)"
    rows += [("keys", found["keys_problem"] or keys), ("statements are signed by", found["speaks_through"])]
    rows += [("gate", found["gate"])] if found["gate"] else []
    rows += [("owed", f"{found['owed']}: mithaq matter duties")] if found["owed"] else []
    table(f"node {found['party']}", ("", ""), rows)
    if found["links"]:
        from mithaq.cli.link import show_links

        show_links(found["links"])


def _name(given: str) -> tuple[str, str]:
    language, equals, name = given.partition("=")
    if not equals or language not in ("ar", "en", "fr") or not name:
        raise Invalid("name", f"{given!r} is not LANG=NAME", hint="for example --name ar=الأردن --name en=Jordan")
    return language, name


def _address(bind: Bind) -> tuple[str, int]:
    return bind.host, bind.port
