"""``mithaq keys approve``: a custodian sees in plain words what the root is asked to sign, and signs. Needs no node."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from mithaq.cli.common import json_option
from mithaq.cli.show import emit
from mithaq.errors import Malformed, NotFound
from mithaq.kernel.clock import write_instant


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, required=True, type=click.Path(path_type=Path), help="A custodian's key.")
@click.option(
    "--passphrase-file", type=click.Path(path_type=Path), help="Where the passphrase is; asked for by default."
)
@click.option("--yes", is_flag=True, help="Sign without asking.")
@json_option
def approve(file: Path, keys: tuple[Path, ...], passphrase_file: Path | None, yes: bool, as_json: bool) -> None:
    """Sign the manifest or revocation in FILE as a custodian of the root, after reading what it says."""
    from mithaq.cli.matter.speak import sign_with
    from mithaq.kernel import canonical
    from mithaq.kernel.statement import Envelope

    try:
        data = file.read_bytes()
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(file)) from None
    for line in told(data):
        click.echo(line, err=True)
    if not yes:
        click.confirm("Sign this?", abort=True, err=True)
    signed = sign_with(data.decode(), keys, passphrase_file)
    file.write_text(signed)
    count = len(canonical.read(signed.encode(), Envelope).signatures) // 2
    emit({"file": str(file), "signatures": count}, as_json=as_json, text=f"{file} has {count} signatures")


def day(instant: datetime) -> str:
    """Only the day: what matters to people who sign for months."""
    return write_instant(instant)[:10]


def told(data: bytes) -> list[str]:
    """What a request says, line by line."""
    from mithaq.kernel import canonical
    from mithaq.kernel.manifest import Manifest, Revocation, check_manifest, pair_id
    from mithaq.kernel.seal import sealing_key_id
    from mithaq.kernel.statement import Envelope, media_type, payload

    sort = canonical.read(data, Envelope).payloadType
    if sort == media_type("revocation"):
        gone = payload("revocation", data, Revocation)
        return [f"revokes {gone.key}: on {gone.link} it is trusted up to number {gone.upto}"]
    if sort != media_type("manifest"):
        raise Malformed("request", f"a root signs manifests and revocations, not {sort}")
    asked = payload("manifest", data, Manifest)
    check_manifest(asked)
    lines = [f"key manifest {asked.serial} of {asked.party}, valid until {day(asked.expires)}, grace {asked.grace}"]
    lines += [f"root     {asked.root}"]
    for key in asked.signing:
        revoked = f"  REVOKED {day(key.revoked)}" if key.revoked else ""
        lines.append(f"signing  {key.id}  {day(key.start)} to {day(key.until)}{revoked}")
    lines += [f"sealing  {sealing_key_id(k.public)}  {day(k.start)} to {day(k.until)}" for k in asked.sealing]
    for one in asked.officials:
        need = asked.quorums.get(one.role, 1)
        lines.append(
            f"official {one.role} ({need} must sign)  {pair_id(one.keys)}  {day(one.start)} to {day(one.until)}"
        )
    return lines
