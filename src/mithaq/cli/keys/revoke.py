"""``mithaq keys revoke``: a signing key is lost. What the root is asked to say, to all and to each partner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.keys.files import ensure_new, identity, keys_of, write_unsigned
from mithaq.cli.keys.request import number, out_option, valid_option
from mithaq.cli.reach import reach
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import Invalid, NotFound

FRESH = timedelta(days=30)


@click.command()
@click.argument("lost", nargs=-1, metavar="KEY...")
@click.option("--all", "everything", is_flag=True, help="The key file was stolen: every signing and sealing key of it.")
@click.option("--trusted", multiple=True, metavar="PARTY=N", help="Trust our link to PARTY up to number N. Repeatable.")
@valid_option
@out_option
@json_option
@pass_home
def revoke(
    home: Home, /, lost: tuple[str, ...], everything: bool, trusted: tuple[str, ...], valid: str, out: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Draft a manifest without the lost signing KEY... (ed25519:…), a new pair beside it, and what stays trusted.

    For each partner a revocation says up to which number of our link the key is trusted; by default, as far as our own
    log goes. Each is a file beside OUT, to be approved like it.
    """
    from msgspec.structs import replace

    from mithaq.cli.keys import draft
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.manifest import Revocation, check_manifest, read_manifest

    ensure_new(out)
    named, at = dict(map(number, trusted)), SystemClock().now()
    known, keys = identity(home), keys_of(home)
    if known.root is None:
        raise Invalid("root", "this node has no root: nothing can revoke its keys", hint="see docs/keys.md")
    before = read_manifest(known.manifest.encode(), known.root)
    listed = {each.id for each in before.signing if each.revoked is None}
    gone = sorted(listed) if everything else sorted(set(lost))
    if not gone or (lost and everything):
        raise Invalid("key", "name the lost signing keys, or --all", hint="see mithaq keys status")
    for key in gone:
        if key not in listed:
            raise NotFound("key", f"no signing key {key} that is not revoked yet", hint="see mithaq keys status")
    sizes = positions(home, known.party) | named
    made = draft.following(
        before, at, valid=valid, names=known.card.names, certificate=known.card.certificate,
        reads=known.card.reads, officials=before.officials, quorums=dict(before.quorums),
    )  # fmt: skip
    signing = tuple(replace(each, revoked=at) if each.id in gone else each for each in made.signing)
    sealing = draft.given_up(made.sealing, at) if everything else made.sealing
    signing += draft.signing_ahead(signing, at, at + FRESH, keys.make_signing)
    sealing += draft.sealing_ahead(sealing, at, at + FRESH, keys.make_sealing)
    made = replace(made, signing=signing, sealing=sealing)
    check_manifest(made)
    write_unsigned(out, "manifest", made)
    files = []
    for partner, size in sorted(sizes.items()):
        for turn, key in enumerate(gone, 1):
            link, name = f"{made.party}>{partner}", f"{out.stem}.{partner}.{turn}.revocation.json"
            said = Revocation(party=made.party, key=key, link=link, upto=size, at=at)
            write_unsigned(out.with_name(name), "revocation", said)
            files.append(str(out.with_name(name)))
    found = {"request": str(out), "revocations": files, "revoked": gone, "serial": made.serial, "positions": sizes}
    emit(found, as_json=as_json, text="\n".join(("to be approved:", str(out), *files)))


def positions(home: Home, party: str) -> dict[str, int]:
    """How long our own log to each partner is."""
    with reach(home) as node:
        links = node.ask("link.status", {})
    return {each["partner"]: each["size"] for each in links if each["link"].startswith(f"{party}>")}
