"""``mithaq gate``: the program in role *gate*. It faces abroad for a core and holds sealed envelopes, nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option, log_to_stderr, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Home
from mithaq.errors import Clash, NotFound, Unavailable

if TYPE_CHECKING:
    from mithaq.api.gate.home import Export, GateHome

_PATH = click.Path(path_type=Path)


@click.group()
def gate() -> None:
    """A gate faces abroad for a core: sealed envelopes in and out, no key, no record, no law."""


@gate.command()
@click.argument("url")
@json_option
@pass_home
def use(home: Home, url: str, as_json: bool) -> None:
    """In the core's home: this node is a core from its next start, and calls the gate at URL (https://host:port)."""
    from mithaq.api.gate.home import use_gate
    from mithaq.config import locked
    from mithaq.kernel.clock import SystemClock

    with locked(home):
        config = use_gate(home, url, SystemClock())
    found = {"party": config.party, "gate": url}
    emit(
        found,
        as_json=as_json,
        text=f"{config.party} is a core: it calls its gate at {url} and faces nobody abroad",
    )


@gate.command("export")
@click.option("--out", required=True, type=_PATH, help="The file to write.")
@json_option
@pass_home
def export_(home: Home, out: Path, as_json: bool) -> None:
    """In the core's home: write what its gate must know. The file holds the link certificate's key: carry it so."""
    from mithaq.api.gate.home import export
    from mithaq.config import write_private
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock

    if out.exists():
        raise Clash("file", "there is a file already", where=str(out), hint="choose another --out")
    made = export(home, SystemClock())
    write_private(out, canonical.encode(made))
    found = {"file": str(out), "party": made.faces.party, "partners": list(made.faces.partners)}
    emit(found, as_json=as_json, text=f"{out}: for the gate of {made.faces.party}; erase it once the gate has it")


@gate.command()
@click.option("--from", "source", required=True, type=_PATH, help="An exported file, or the core's home.")
@click.option("--link-host", default="127.0.0.1", show_default=True, help="Address on which partners deliver.")
@click.option("--link-port", default=0, show_default=True, help="Port on which partners deliver; 0 picks one.")
@click.option("--core-host", default="127.0.0.1", show_default=True, help="Address on which the core calls.")
@click.option("--core-port", default=0, show_default=True, help="Port on which the core calls; 0 picks one.")
@click.option("--watch-port", default=0, show_default=True, help="Port for figures, on this machine; 0 picks one.")
@json_option
@pass_home
def init(
    home: Home, source: Path, link_host: str, link_port: int, core_host: str, core_port: int, watch_port: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Make a gate's home from what its core exported: certificates and addresses, nothing else."""
    from mithaq.api.gate.home import Binds, init_gate
    from mithaq.kernel.canonical import fit

    given = {
        "link": {"host": link_host, "port": link_port},
        "core": {"host": core_host, "port": core_port},
        "watch": {"port": watch_port},
    }
    made, exported = _home(home), _given(source)
    init_gate(made, exported, fit(given, Binds))
    found = {"home": str(made.path), "party": exported.faces.party, "partners": list(exported.faces.partners)}
    emit(found, as_json=as_json, text=f"gate of {exported.faces.party} made in {made.path}")


@gate.command()
@click.option("--from", "source", required=True, type=_PATH, help="A newer exported file, or the core's home.")
@json_option
@pass_home
def renew(home: Home, source: Path, as_json: bool) -> None:
    """Take up partners and certificates as a newer export has them; they hold from the gate's next start."""
    from mithaq.api.gate.home import read_faces, renew_gate

    made, exported = _home(home), _given(source)
    before = read_faces(made)
    renew_gate(made, exported)
    changed = sorted(
        party
        for party in {*before.partners, *exported.faces.partners}
        if before.partners.get(party) != exported.faces.partners.get(party)
    )
    emit({"changed": changed}, as_json=as_json, text=f"changed: {', '.join(changed) or 'no partner'}")


@gate.command()
@pass_home
def serve(home: Home) -> None:
    """Serve the gate until Ctrl-C: partners over HTTPS, its core by the core's own calls, figures on loopback."""
    serve_gate_home(_home(home))


def serve_gate_home(home: GateHome) -> None:
    """Serve the gate of a home until SIGINT or SIGTERM; say on standard output where, once it answers."""
    from mithaq.api.gate.home import read_binds, read_faces
    from mithaq.api.gate.serve import Listeners, serve_gate
    from mithaq.cli.reach import home_token
    from mithaq.config import locked, write_private

    log_to_stderr()
    faces, binds = read_faces(home), read_binds(home)
    with locked(home):
        listeners = Listeners(binds)
        told = {"party": faces.party, "pid": os.getpid(), **listeners.told()}

        def ready() -> None:
            write_private(home.serving, json.dumps(told).encode())
            click.echo(json.dumps(told))

        try:
            serve_gate(home, faces, listeners, home_token(home), ready)
        finally:
            home.serving.unlink(missing_ok=True)


@gate.command()
@json_option
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Whether the gate serves, whether its core calls, and what waits; exit 1 if the core is away."""
    found = _asked(_home(home))
    rows = [("partners", ", ".join(found["partners"]) or "none"), ("waiting", f"{found['waiting']} deliveries")]
    seen = "never called" if found["seen"] is None else f"away for {found['seen']:.0f} s"
    rows += [("core", "calls" if found["core"] else seen)]
    if as_json:
        emit(found, as_json=True, text="")
    else:
        table(f"gate of {found['party']}", ("", ""), rows)
    if not found["core"]:
        raise SystemExit(1)


def _asked(home: GateHome) -> dict[str, Any]:
    import httpx2

    from mithaq.cli.reach import home_token

    try:
        url = json.loads(home.serving.read_bytes())["watch"]
    except (FileNotFoundError, ValueError, KeyError):
        raise Unavailable("gate", "the gate does not serve", where=str(home.path), hint="mithaq gate serve") from None
    try:
        headers = {"authorization": f"Bearer {home_token(home)}"}
        response = httpx2.get(f"{url}/status", headers=headers, timeout=10, trust_env=False)
    except httpx2.HTTPError as problem:
        raise Unavailable("gate", f"the gate does not answer: {problem}") from None
    if not response.is_success:
        raise Unavailable("gate", f"the gate answered HTTP {response.status_code}")
    found: dict[str, Any] = response.json()
    return found


def _home(home: Home) -> GateHome:
    from mithaq.api.gate.home import GateHome

    return GateHome(home.path)


def _given(source: Path) -> Export:
    """From a file, or made from the core's home on this machine."""
    from mithaq.api.gate.home import export, read_export
    from mithaq.kernel.clock import SystemClock

    if not source.exists():
        raise NotFound("export", "there is no such file or home", where=str(source))
    return export(Home(source), SystemClock()) if source.is_dir() else read_export(source)
