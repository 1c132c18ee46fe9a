"""``mithaq keys personal`` and ``root``: keys of people, and the root that custodians make of theirs."""

from __future__ import annotations

from pathlib import Path

import click

from mithaq.cli.common import json_option
from mithaq.cli.keys.files import FILE, ensure_new, read
from mithaq.cli.show import emit


@click.command()
@click.argument("file", type=FILE)
@click.option("--label", required=True, help="Whose it is, for people at home. It never crosses a border.")
@click.option("--passphrase-file", type=FILE, help="Where the passphrase is; asked for by default.")
@json_option
def personal(file: Path, label: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Make the key of an official, or of a custodian of the root, in FILE; hand in FILE's public half."""
    from mithaq.adapters.keystore.personal import PersonalKey, public_file
    from mithaq.cli.matter.speak import passphrase
    from mithaq.kernel.manifest import pair_id

    if passphrase_file is None:
        phrase = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)).encode()
    else:
        phrase = passphrase(file, passphrase_file)
    key = PersonalKey.create(file, phrase, label)
    found = {"key": str(file), "public": str(public_file(file)), "id": pair_id(key.keys)}
    emit(found, as_json=as_json, text=f"key     {found['key']}\npublic  {found['public']}\nid      {found['id']}")


@click.command()
@click.argument("publics", nargs=-1, required=True, type=FILE)
@click.option("--party", required=True, help="The nation: two capital letters.")
@click.option("--need", required=True, type=int, help="How many custodians must sign.")
@click.option("--out", required=True, type=FILE, help="Where to write the root.")
@json_option
def root(publics: tuple[Path, ...], party: str, need: int, out: Path, as_json: bool) -> None:
    """Make the national root of the public keys of its custodians. Its fingerprint is what a treaty names."""
    from mithaq.adapters.keystore.personal import read_public
    from mithaq.kernel import canonical
    from mithaq.kernel.manifest import Root, check_root
    from mithaq.kernel.party import words

    ensure_new(out)
    keys = [read_public(read(path)).keys for path in publics]
    plain = {"format": "mithaq-root/1", "party": party, "need": need, "keys": [canonical.plain(each) for each in keys]}
    made = canonical.fit(plain, Root)
    check_root(made)
    out.write_bytes(canonical.encode(made))
    found = {"party": party, "need": need, "of": len(keys), "root": str(out), "fingerprint": made.digest}
    text = f"{need} of {len(keys)} custodians of {party}: {out}\nfingerprint  {words(made.digest)}"
    emit(found, as_json=as_json, text=text)
