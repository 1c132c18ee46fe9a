"""``mithaq node``: make a home, serve it, and see how it is."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option, log_to_stderr, pass_home
from mithaq.cli.moving import move_store
from mithaq.cli.show import emit, table
from mithaq.cli.upgrade import upgrade
from mithaq.config import Bind, Config, Home
from mithaq.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from mithaq.kernel.clock import Clock
    from mithaq.kernel.node import Node
    from mithaq.kernel.ports import Store


@click.group()
def node() -> None:
    """Make, serve and look at a node."""


node.add_command(move_store)


@node.command()
@click.argument("party")
@click.option("--name", "names", multiple=True, metavar="LANG=NAME", help="The nation's name: ar=الأردن. Repeatable.")
@click.option("--inside-port", default=0, show_default=True, help="Port for this machine's commands; 0 picks one.")
@click.option("--link-host", default="127.0.0.1", show_default=True, help="Address on which partners deliver.")
@click.option("--link-port", default=0, show_default=True, help="Port on which partners deliver; 0 picks one.")
@click.option("--store", metavar="URL", help="A postgresql:// database, without a password, in place of a file.")
@click.option("--store-password-file", metavar="FILE", default="", help="Holds the database's password; mode 600.")
@json_option
@pass_home
def init(
    home: Home,
    party: str,
    names: tuple[str, ...],
    inside_port: int,
    link_host: str,
    link_port: int,
    store: str | None,
    store_password_file: str,
    as_json: bool,
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
    if store is not None:
        given["store"] = {
            "url": store,
            "password_file": store_password_file and str(Path(store_password_file).resolve()),
        }
    card = init_home(home, fit(given, Config), at=SystemClock().now())
    found = {"home": str(home.path), "party": party, "fingerprint": fingerprint(card), "card": str(home.card)}
    text = f"node of {party} made in {home.path}\ncard         {home.card}\nfingerprint  {words(found['fingerprint'])}"
    emit(found, as_json=as_json, text=text)


@node.command()
@click.option(
    "--role",
    type=click.Choice(["all", "web", "worker"]),
    default="all",
    show_default=True,
    help="web: answer only; worker: deliver to partners only. With PostgreSQL, any number of each.",
)
@click.option("--inside-port", type=click.IntRange(0, 65535), help="Another port for commands than the settings name.")
@click.option("--link-port", type=click.IntRange(0, 65535), help="Another port for partners than the settings name.")
@pass_home
def serve(home: Home, role: str, inside_port: int | None, link_port: int | None) -> None:  # fmt: skip
    """Serve the node until Ctrl-C: commands on loopback, partners over HTTPS or, for a core, through its gate."""
    serve_home(home, role=role, ports=(inside_port, link_port))


def serve_home(
    home: Home,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    role: str = "all",
    ports: tuple[int | None, int | None] = (None, None),
) -> None:
    """Serve the node of a home until SIGINT or SIGTERM; say on standard output where, once it answers."""
    from mithaq.api.doorstep import Doorstep
    from mithaq.api.serve import Faces
    from mithaq.api.serve import serve as run
    from mithaq.assembly import open_home
    from mithaq.cli.reach import home_token
    from mithaq.config import locked, read_config, write_private
    from mithaq.console.app import routes

    log_to_stderr()
    shared = read_config(home).store is not None
    if role != "all" and not shared:
        raise Invalid("role", "a node with its store in a file is one process", hint="see mithaq node move-store")
    with locked(home, shared=shared):
        config = read_config(home)
        served = open_home(home, clock=clock, store=store)
        if served.down:
            served.close()
            raise Unavailable(
                "stood-down", f"this server has stood down: {served.down}", where=str(home.path),
                hint="use the other server; if this is the right one after all: mithaq node restored",
            )  # fmt: skip
        served.on_change(lambda: _stop_if_down(served))
        if role == "worker":
            _work(served, {"party": config.party, "pid": os.getpid(), "role": role})
            return
        link = _address(config.link, ports[1]) if config.gate is None else None
        faces = Faces(_address(config.inside, ports[0]), link, shared=shared)
        told = {"party": config.party, "pid": os.getpid(), "inside": faces.inside_url, "link": faces.link_url}
        serving = home.serving_of(os.getpid()) if shared else home.serving

        def ready() -> None:
            write_private(serving, json.dumps(told).encode())
            click.echo(json.dumps(told))
            _tell_first_link(served, faces.inside_url)

        doorstep = Doorstep(served.clock.monotonic)
        pages = routes(served, tries=doorstep.tries, slowly=doorstep.slowly)
        try:
            run(
                served, token=home_token(home), tls=home.tls, faces=faces, ready=ready, doorstep=doorstep, pages=pages,
                delivers=role == "all",
            )  # fmt: skip
        finally:
            serving.unlink(missing_ok=True)
            served.close()


def _stop_if_down(served: Node) -> None:
    """A server that has stood down stops by itself, and says why."""
    if served.down:
        click.echo(f"this server stops: {served.down}", err=True)
        os.kill(os.getpid(), signal.SIGTERM)


def _work(served: Node, told: dict[str, Any]) -> None:
    from mithaq.api.work import work

    try:
        work(served, lambda: click.echo(json.dumps(told)))
    finally:
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


@node.command("stand-down")
@click.option("--why", default="another server has taken over", show_default=True, help="What is noted.")
@json_option
@pass_home
def stand_down(home: Home, why: str, as_json: bool) -> None:
    """Stop this server: it takes and sends nothing any more, because another one speaks for the nation."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.do("node.stand-down", {"why": why})
    emit(found, as_json=as_json, text="stood down; if this is the right server after all: mithaq node restored")


node.add_command(upgrade)


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


def _address(bind: Bind, port: int | None) -> tuple[str, int]:
    return bind.host, bind.port if port is None else port
