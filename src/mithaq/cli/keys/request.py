"""``mithaq keys request`` and ``revoke``: what the root is asked to sign. Made at the node, signed elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import Invalid, NotFound

valid_option = click.option("--valid", default="P180D", show_default=True, help="Until the next manifest is due.")
out_option = click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write the request.")


@click.command()
@click.option("--root", "root_file", type=click.Path(path_type=Path), help="The root, for the first manifest.")
@click.option("--months", default=6, show_default=True, help="For how long ahead keys are made.")
@click.option("--new", "fresh", is_flag=True, help="New keys that begin at once, whatever there is.")
@click.option("--official", "officials", multiple=True, metavar="ROLE=PUBLIC", help="Repeatable; replaces those there.")
@click.option("--quorum", "quorums", multiple=True, metavar="ROLE=K", help="How many of a role must sign. Repeatable.")
@click.option("--office-days", default=365, show_default=True, help="For how long officials are appointed.")
@valid_option
@out_option
@json_option
@pass_home
def request(
    home: Home, /, root_file: Path | None, months: int, fresh: bool, officials: tuple[str, ...],
    quorums: tuple[str, ...], office_days: int, valid: str, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Draft the next manifest of this node, with the keys of the coming months, for custodians to approve."""
    from msgspec.structs import replace

    from mithaq.assembly import load_keys
    from mithaq.cli.keys import draft
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.manifest import Official, check_manifest, read_manifest, read_root
    from mithaq.kernel.party import read_identity

    at = SystemClock().now()
    known, keys = read_identity(home.card.read_bytes()), load_keys(home)
    named = tuple(
        Official(role, public, at, at + timedelta(days=office_days)) for role, public in map(_official, officials)
    )
    asked = dict(map(_quorum, quorums))
    if known.root is not None:
        before = read_manifest(known.manifest.encode(), known.root)
        made = draft.following(
            before, at, valid=valid, names=known.card.names, certificate=known.card.certificate,
            reads=known.card.reads, officials=named or before.officials, quorums=asked or before.quorums,
        )  # fmt: skip
    elif root_file is not None:
        root = read_root(_read(root_file))
        made = draft.first(known.card, root, at, valid=valid, officials=named, quorums=asked)
    else:
        raise Invalid("root", "this node has no root yet", hint="name it with --root; see mithaq keys root")
    until = at + timedelta(days=30 * months)
    signing = draft.signing_ahead(() if fresh else made.signing, at, until, keys.make_signing)
    sealing = draft.sealing_ahead(() if fresh else made.sealing, at, until, keys.make_sealing)
    made = replace(made, signing=(*made.signing, *signing), sealing=(*made.sealing, *sealing))
    check_manifest(made)
    _write(out, "manifest", made)
    found = {
        "request": str(out), "party": made.party, "serial": made.serial, "expires": canonical.plain(made)["expires"],
        "signing": len(signing), "sealing": len(sealing), "officials": len(made.officials),
    }  # fmt: skip
    emit(found, as_json=as_json, text=f"manifest {made.serial} of {made.party} to be approved: {out}")


@click.command()
@click.argument("key")
@click.option("--trusted", multiple=True, metavar="PARTY=N", help="Trust our link to PARTY up to number N. Repeatable.")
@valid_option
@out_option
@json_option
@pass_home
def revoke(home: Home, /, key: str, trusted: tuple[str, ...], valid: str, out: Path, as_json: bool) -> None:
    """Draft a manifest without the lost signing KEY (ed25519:…), a new pair beside it, and what stays trusted.

    For each partner a revocation says up to which number of our link the key is trusted; by default, as far as our own
    log goes. Each is a file beside OUT, to be approved like it.
    """
    from msgspec.structs import replace

    from mithaq.assembly import load_keys
    from mithaq.cli.keys import draft
    from mithaq.cli.reach import reach
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.manifest import Revocation, check_manifest, read_manifest
    from mithaq.kernel.party import read_identity

    at = SystemClock().now()
    with reach(home) as node:
        sizes = {each["partner"]: each["size"] for each in node.ask("link.status", {}) if each["state"] != "receiving"}
    known, keys = read_identity(home.card.read_bytes()), load_keys(home)
    if known.root is None:
        raise Invalid("root", "this node has no root: nothing can revoke its keys", hint="see docs/keys.md")
    before = read_manifest(known.manifest.encode(), known.root)
    if key not in {each.id for each in before.signing}:
        raise NotFound("key", f"no signing key {key} in the manifest", hint="see mithaq keys status")
    made = draft.following(
        before, at, valid=valid, names=known.card.names, certificate=known.card.certificate,
        reads=known.card.reads, officials=before.officials, quorums=dict(before.quorums),
    )  # fmt: skip
    marked = tuple(replace(each, revoked=at) if each.id == key else each for each in made.signing)
    new = draft.signing_ahead(marked, at, at + draft.SIGNING, keys.make_signing)
    made = replace(made, signing=(*marked, *new))
    check_manifest(made)
    _write(out, "manifest", made)
    named = {party: int(count) for party, count in map(_pair, trusted)}
    files = []
    for partner, size in sorted((sizes | named).items()):
        path = out.with_name(f"{out.stem}.{partner}.revocation.json")
        link = f"{made.party}>{partner}"
        _write(path, "revocation", Revocation(party=made.party, key=key, link=link, upto=size, at=at))
        files.append(str(path))
    found = {"request": str(out), "revocations": files, "serial": made.serial}
    emit(found, as_json=as_json, text="\n".join(("to be approved:", str(out), *files)))


def _write(path: Path, name: str, value: object) -> None:
    """An envelope that nobody has signed yet."""
    from mithaq.kernel import canonical
    from mithaq.kernel.statement import Envelope, media_type

    path.write_bytes(canonical.encode(Envelope(media_type(name), canonical.encode(value), ())))


def _official(given: str) -> tuple[str, Any]:
    from mithaq.adapters.keystore.personal import read_public

    role, path = _pair(given)
    return role, read_public(_read(Path(path))).keys


def _quorum(given: str) -> tuple[str, int]:
    role, count = _pair(given)
    if not count.isdecimal():
        raise Invalid("quorum", f"{given!r} is not ROLE=K", hint="for example signatory=2")
    return role, int(count)


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not (name and equals and value):
        raise Invalid("option", f"{given!r} is not NAME=VALUE")
    return name, value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(path)) from None
