"""``mithaq keys approve``: a custodian sees in plain words what the root is asked to sign, and signs. Needs no node."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mithaq.cli.common import json_option
from mithaq.cli.keys.files import FILE, read
from mithaq.cli.show import emit, say
from mithaq.config import write_private
from mithaq.errors import Clash, MithaqError, Untrusted

if TYPE_CHECKING:
    from mithaq.adapters.keystore.personal import PersonalKey
    from mithaq.kernel.manifest import Manifest, Revocation, Root


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--key", "keys", multiple=True, required=True, type=FILE, help="A custodian's key. Repeatable.")
@click.option("--root", "root_file", type=FILE, help="The root: a key that is none of its own is refused.")
@click.option("--previous", type=FILE, help="The manifest before this one, to see what is new.")
@click.option("--passphrase-file", type=FILE, help="Where the passphrase is; asked for by default.")
@click.option("--yes", is_flag=True, help="Sign without asking.")
@json_option
def approve(
    files: tuple[Path, ...], keys: tuple[Path, ...], root_file: Path | None, previous: Path | None,
    passphrase_file: Path | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Sign the manifest or revocations in FILE... as a custodian of the root, after reading what they say."""
    from mithaq.adapters.keystore.personal import PersonalKey
    from mithaq.cli.keys.reading import told
    from mithaq.cli.matter.speak import passphrase
    from mithaq.kernel.manifest import Manifest, read_root

    root = read_root(read(root_file)) if root_file is not None else None
    before = _previous(previous, root) if previous is not None else None
    asked = [(path, _asked(path, root)) for path in files]
    for path, each in asked:
        say(f"{path}:", err=True)
        for line in told(each, before if isinstance(each, Manifest) else None):
            say(line, err=True)
    if root is None:
        click.echo("not held against a root: name it with --root", err=True)
    if not yes:
        click.confirm("Sign this?", abort=True, err=True)
    signers = []
    for path in keys:
        read(path)  # a missing file is said before a passphrase is asked for
        signers.append((path, PersonalKey.load(path, passphrase(path, passphrase_file))))
    made = [(path, _signed(path, signers, root)) for path in files]
    for path, data in made:
        write_private(path, data)
    found = [{"file": str(path), "signatures": count(data), "need": root and root.need} for path, data in made]
    of = f" of the {root.need} that are needed" if root is not None else ""
    text = "\n".join(f"{each['file']} has {each['signatures']} signatures{of}" for each in found)
    emit({"files": found}, as_json=as_json, text=text)


def count(data: bytes) -> int:
    """How many have signed an envelope, each with both halves."""
    from mithaq.kernel import canonical
    from mithaq.kernel.statement import Envelope

    return sum(each.keyid.startswith("ed25519:") for each in canonical.read(data, Envelope).signatures)


def _asked(path: Path, root: Root | None) -> Manifest | Revocation:
    from mithaq.cli.keys.reading import read_request
    from mithaq.kernel.manifest import Manifest

    try:
        asked = read_request(read(path))
        if root is not None:
            under = asked.root if isinstance(asked, Manifest) else root.digest
            if (asked.party, under) != (root.party, root.digest):
                raise Untrusted("root", f"this is for another root than that of {root.party}")
    except MithaqError as problem:
        raise (problem if problem.where == str(path) else problem.at(str(path))) from None
    return asked


def _previous(path: Path, root: Root | None) -> Manifest:
    """The manifest before; verified if there is a root to hold it against."""
    from mithaq.kernel.manifest import Manifest, read_manifest
    from mithaq.kernel.statement import payload

    data = read(path)
    try:
        return read_manifest(data, root) if root is not None else payload("manifest", data, Manifest)
    except MithaqError as problem:
        raise problem.at(str(path)) from None


def _signed(path: Path, signers: Iterable[tuple[Path, PersonalKey]], root: Root | None) -> bytes:
    """The envelope with a signature by each; nothing is written before all have signed."""
    from mithaq.kernel.manifest import pair_id
    from mithaq.kernel.statement import add_signature

    data = read(path)
    for file, key in signers:
        if root is not None and key.keys not in [dict(each) for each in root.keys]:
            hint = "is it an official's key?"
            raise Untrusted("root", f"{pair_id(key.keys)} is no key of this root", where=str(file), hint=hint)
        more = add_signature(data, key)
        if count(more) == count(data):
            raise Clash("signature", "this key has signed it already", where=str(path), hint="another custodian's turn")
        data = more
    return data
