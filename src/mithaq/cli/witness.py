"""``mithaq witness``: a witness of its own, for a regional body. It keeps checkpoints of the logs it was told of.

Its home is a folder: witness-keys.json (locked), unlock, witness.db, evidence/.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option, log_to_stderr, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Home
from mithaq.errors import Invalid, NotFound

if TYPE_CHECKING:
    from mithaq.adapters.keystore.witness import WitnessKeys

home_option = click.option("--home", "own", metavar="DIR", help="The witness's home. Default: that of mithaq.")


@click.group()
def witness() -> None:
    """A witness of its own: it cosigns checkpoints of the logs it was told of, and sees nothing else."""


@witness.command()
@click.argument("name")
@home_option
@json_option
@pass_home
def init(home: Home, name: str, own: str | None, as_json: bool) -> None:
    """Make a witness called NAME, such as bureau.example/witness: fresh keys, which agreements then name."""
    from mithaq.adapters.keystore.box import make_secret
    from mithaq.adapters.keystore.witness import WitnessKeys
    from mithaq.config import write_private

    there = _home(home, own)
    if not name.strip() or any(each.isspace() or each == "+" for each in name) or len(name.encode()) > 255:
        raise Invalid("name", "the name of a witness has no space and no plus", hint="bureau.example/witness")
    there.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    there.evidence.mkdir(mode=0o700, exist_ok=True)
    if not there.unlock.exists():
        write_private(there.unlock, make_secret())
    _told(WitnessKeys.create(there.witness, there.unlock.read_bytes(), name), [], as_json)


@witness.command("add-log")
@click.argument("card", required=False, type=click.Path(path_type=Path))
@click.option("--to", "receiver", metavar="PARTY", help="With CARD: the receiver of the link whose log it is.")
@click.option("--fingerprint", help="With CARD: as its nation read it to you.")
@click.option("--origin", help="Of any other log: its origin line.")
@click.option("--vkey", "vkeys", multiple=True, help="Of any other log: a key that signs it, Ed25519. All must sign.")
@home_option
@json_option
@pass_home
def add_log(
    home: Home, card: Path | None, receiver: str | None, fingerprint: str | None, origin: str | None,
    vkeys: tuple[str, ...], own: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Be told of a log: that of the link from the nation of CARD --to PARTY. With a newer card: of its newer keys."""
    from mithaq.adapters.witness.state import WitnessState
    from mithaq.kernel.canonical import fit
    from mithaq.kernel.link.log import checkpoint
    from mithaq.kernel.link.log.note import ED25519, ML_DSA_65
    from mithaq.kernel.party import read_identity
    from mithaq.kernel.values import Digest, LinkId, link_id
    from mithaq.kernel.witness.cosignature import LOG_TYPES, VerifierKey, read_vkey

    there = _home(home, own)
    _keys(there)
    if card is not None and receiver is not None and fingerprint is not None:
        try:
            data = card.read_bytes()
        except OSError as problem:
            raise NotFound("card", f"cannot be read: {problem.strerror}", where=str(card)) from None
        known = read_identity(data, fit(f"sha256:{_digits(fingerprint)}", Digest))
        named = checkpoint.origin(fit(link_id(known.party, receiver), LinkId))
        sets = [
            (VerifierKey(named, ED25519, each["ed25519"]), VerifierKey(named, ML_DSA_65, each["ml-dsa-65"]))
            for each in (key.keys for key in known.ring.signing if key.revoked is None)
        ]
    elif origin is not None and vkeys:
        keys = tuple(map(read_vkey, vkeys))
        if any(key.type not in LOG_TYPES for key in keys):
            raise Invalid("vkey", "a log signs with Ed25519, type 01", hint="other types are not read yet")
        named, sets = origin, [keys]  # type: ignore[list-item]
    else:
        raise Invalid("log", "name a log", hint="CARD --to PARTY --fingerprint …, or --origin … --vkey …")
    WitnessState(there.path / "witness.db").add(named, sets)
    emit({"origin": named, "sets": len(sets)}, as_json=as_json, text=f"{named}: {len(sets)} sets of keys")


@witness.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, help="Port; 0 picks one.")
@click.option(
    "--tls", type=click.Path(path_type=Path), help="A PEM file with certificate and key. Without: plain HTTP."
)
@home_option
@pass_home
def serve(home: Home, host: str, port: int, tls: Path | None, own: str | None) -> None:
    """Serve POST /add-checkpoint and GET /<origin hash>/checkpoint until Ctrl-C."""
    import ssl

    from mithaq.adapters.evidence.folder import EvidenceFolder
    from mithaq.adapters.witness.state import WitnessState
    from mithaq.api.witness import serve_witness
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.witness.service import Service

    log_to_stderr()
    there = _home(home, own)
    keys = _keys(there)
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(tls)
        except (OSError, ssl.SSLError) as problem:
            raise Invalid("tls", f"cannot be used: {problem}", where=str(tls)) from None
    state = WitnessState(there.path / "witness.db")
    service = Service(state, keys, SystemClock(), EvidenceFolder(there.evidence).keep)
    ready: Callable[[str], None] = lambda url: click.echo(json.dumps({"witness": keys.keys[0].name, "url": url}))  # noqa: E731
    serve_witness(service, host=host, port=port, ready=ready, tls=context)


@witness.command()
@home_option
@json_option
@pass_home
def show(home: Home, own: str | None, as_json: bool) -> None:
    """The keys of this witness, as agreements name them, and how far it has cosigned each log."""
    from mithaq.adapters.witness.state import WitnessState

    there = _home(home, own)
    keys, state = _keys(there), WitnessState(there.path / "witness.db")
    rows = [{"origin": each, "size": state.newest(each).size} for each in state.origins()]
    _told(keys, rows, as_json)


def _told(keys: WitnessKeys, logs: list[dict[str, Any]], as_json: bool) -> None:
    found = {"name": keys.keys[0].name, "vkeys": [key.text for key in keys.keys], "logs": logs}
    emit(found, as_json=as_json, text="\n".join([keys.keys[0].name, *(key.text for key in keys.keys)]))
    if logs and not as_json:
        table("logs", ("origin", "size"), [(each["origin"], str(each["size"])) for each in logs])


def _home(home: Home, own: str | None) -> Home:
    return Home(Path(own).expanduser().absolute()) if own else home


def _keys(there: Home) -> WitnessKeys:
    from mithaq.adapters.keystore.witness import WitnessKeys
    from mithaq.config import unlock_secret

    if not there.witness.exists():
        raise NotFound("witness", "no witness here", where=str(there.path), hint="mithaq witness init NAME --home DIR")
    return WitnessKeys.load(there.witness, unlock_secret(there))


def _digits(fingerprint: str) -> str:
    return fingerprint.removeprefix("sha256:").replace(" ", "").lower()
