"""``mithaq keys install`` and ``protect``: a manifest that the root has signed is taken up; a key file is locked."""

from __future__ import annotations

from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home, write_private
from mithaq.errors import Clash, Invalid, NotFound


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.argument("revocations", nargs=-1, type=click.Path(path_type=Path))
@click.option("--root", "root_file", type=click.Path(path_type=Path), help="The root, for the first manifest.")
@json_option
@pass_home
def install(
    home: Home, /, manifest: Path, revocations: tuple[Path, ...], root_file: Path | None, as_json: bool
) -> None:
    """Take up the MANIFEST that the root has signed, and what it says of lost keys. Every partner is told.

    The first one, with --root, gives this nation a new card: partners have to trust it by its fingerprint.
    """
    from mithaq.assembly import load_keys, locked
    from mithaq.cli.reach import reach
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.manifest import read_root
    from mithaq.kernel.party import identity_of, read_identity, root_card

    known = read_identity(home.card.read_bytes())
    if known.root is not None:
        given = {"manifest": _read(manifest).decode(), "revocations": [_read(each).decode() for each in revocations]}
        with reach(home) as node:
            found = node.carry("keys.install", given)
    else:
        if root_file is None:
            raise Invalid("root", "this node has no root yet", hint="name it with --root")
        with locked(home):
            made = identity_of(read_root(_read(root_file)), _read(manifest).decode(), at=SystemClock().now())
            if made.party != known.party:
                raise Clash("root", f"a root of {made.party} for the node of {known.party}")
            keys = load_keys(home)
            pair = made.ring.signing_now(SystemClock().now())
            if not keys.holds(pair.keys) or not keys.holds(made.ring.sealing_now(SystemClock().now())):
                raise NotFound("keys", "the manifest lists keys that this node does not hold", hint="request it here")
            write_private(home.card, canonical.encode(root_card(made)))
        found = {"party": made.party, "serial": made.serial, "fingerprint": made.root.digest if made.root else ""}
    emit(found, as_json=as_json, text=f"manifest {found['serial']} of {found['party']} is in use")


@click.command()
@json_option
@pass_home
def protect(home: Home, as_json: bool) -> None:
    """Lock the key file of a node of version 0.1.0 with a new secret, in the home's unlock file. See docs/keys.md."""
    from mithaq.adapters.keystore.box import make_secret
    from mithaq.assembly import load_keys, locked
    from mithaq.config import unlock_secret

    with locked(home):
        secret = unlock_secret(home)
        if secret is None:
            secret = make_secret()
            write_private(home.unlock, secret)
        load_keys(home).protect(secret)
    emit({"keys": str(home.keys)}, as_json=as_json, text=f"{home.keys} is locked")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(path)) from None
