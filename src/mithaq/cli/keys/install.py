"""``mithaq keys install`` and ``protect``: a manifest that the root has signed is taken up; a key file is locked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.keys.files import FILE, identity, keys_of, read, read_text
from mithaq.cli.show import emit
from mithaq.config import Home, write_private
from mithaq.errors import Clash, Invalid, NotFound

if TYPE_CHECKING:
    from mithaq.adapters.keystore.file import KeyFile
    from mithaq.kernel.manifest import Manifest


@click.command()
@click.argument("manifest", type=FILE)
@click.argument("revocations", nargs=-1, type=FILE)
@click.option("--root", "root_file", type=FILE, help="The root, for the first manifest.")
@json_option
@pass_home
def install(
    home: Home, /, manifest: Path, revocations: tuple[Path, ...], root_file: Path | None, as_json: bool
) -> None:
    """Take up the MANIFEST that the root has signed, and what it says of lost keys. Every partner is told.

    The first one, with --root, gives this nation a new card: partners have to trust it by its fingerprint.
    """
    from mithaq.cli.reach import reach
    from mithaq.config import locked
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.manifest import read_manifest, read_root
    from mithaq.kernel.party import identity_of, root_card

    known, at = identity(home), SystemClock().now()
    if known.root is not None:
        given = {"manifest": read_text(manifest), "revocations": [read_text(each) for each in revocations]}
        ensure_held(read_manifest(read(manifest), known.root), keys_of(home), at)
        with reach(home) as node:
            found = node.carry("keys.install", given)
    else:
        if root_file is None or revocations:
            raise Invalid("root", "this node has no root yet", hint="name it with --root, and no revocations")
        with locked(home):
            root = read_root(read(root_file))
            if root.party != known.party:
                raise Clash("root", f"a root of {root.party} for the node of {known.party}", where=str(root_file))
            ensure_held(read_manifest(read(manifest), root), keys_of(home), at)
            made = identity_of(root, read_text(manifest), at=at)
            write_private(home.root, canonical.encode(root))
            write_private(home.card, canonical.encode(root_card(made)))
        found = {"party": made.party, "serial": made.serial, "fingerprint": root.digest}
    write_private(home.manifest, read(manifest))
    emit(found, as_json=as_json, text=f"manifest {found['serial']} of {found['party']} is in use")


def ensure_held(manifest: Manifest, keys: KeyFile, at: datetime) -> None:
    """Refuse a manifest that asks for keys that are not here: what is sealed to such a key could never be opened."""
    from mithaq.kernel.keyring import of_manifest
    from mithaq.kernel.seal import sealing_key_id

    lacking = [
        each.id for each in manifest.signing if each.revoked is None and at < each.until and not keys.holds(each.keys)
    ]
    lacking += [
        sealing_key_id(each.public) for each in manifest.sealing if at < each.until and not keys.holds(each.public)
    ]
    if lacking:
        raise NotFound(
            "keys", f"the manifest lists keys that this node does not hold: {', '.join(lacking)}",
            hint="was it requested at another node, or were keys lost? see mithaq keys revoke",
        )  # fmt: skip
    of_manifest(manifest).signing_now(at)  # Unavailable if there is none
    of_manifest(manifest).sealing_now(at)


@click.command()
@json_option
@pass_home
def protect(home: Home, as_json: bool) -> None:
    """Lock the key file of a node of version 0.1.0 with a new secret, in the home's unlock file. See docs/keys.md."""
    from mithaq.adapters.keystore.box import make_secret
    from mithaq.config import locked, unlock_secret

    with locked(home):
        secret = unlock_secret(home)
        if secret is None:
            secret = make_secret()
            write_private(home.unlock, secret)
        keys_of(home).protect(secret)
    emit({"keys": str(home.keys)}, as_json=as_json, text=f"{home.keys} is locked")
