"""``mithaq keys request``: the next manifest, made at the node for custodians to approve elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.keys.files import FILE, ensure_new, identity, keys_of, read, write_unsigned
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import Invalid

if TYPE_CHECKING:
    from mithaq.kernel.manifest import PublicKeys

valid_option = click.option("--valid", default="P180D", show_default=True, help="Until the next manifest is due.")
out_option = click.option("--out", required=True, type=FILE, help="Where to write the request.")


@click.command()
@click.option("--root", "root_file", type=FILE, help="The root, for the first manifest.")
@click.option("--months", type=click.IntRange(1, 24), default=6, show_default=True, help="How far ahead keys are made.")
@click.option("--new", "fresh", is_flag=True, help="New keys that begin at once, whatever there is.")
@click.option("--official", "officials", multiple=True, metavar="ROLE=PUBLIC", help="Repeatable; replaces those there.")
@click.option("--quorum", "quorums", multiple=True, metavar="ROLE=K", help="How many of a role must sign. Repeatable.")
@click.option(
    "--office-days", type=click.IntRange(1, 3650), default=365, show_default=True, help="For how long officials speak."
)
@valid_option
@out_option
@json_option
@pass_home
def request(
    home: Home, /, root_file: Path | None, months: int, fresh: bool, officials: tuple[str, ...],
    quorums: tuple[str, ...], office_days: int, valid: str, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Draft the next manifest of this node, with the keys of the coming months, for custodians to approve.

    It may be run while the node serves. The keys that it lists are made here and are used when their time comes.
    """
    from msgspec.structs import replace

    from mithaq.cli.keys import draft
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.manifest import Manifest, Official, check_manifest, read_manifest, read_root
    from mithaq.kernel.values import Period

    ensure_new(out)
    at = SystemClock().now()
    known, keys, valid = identity(home), keys_of(home), canonical.fit(valid, Period)
    end = at + timedelta(days=office_days)
    named = tuple(Official(role, public, at, end) for role, public in map(_official, officials))
    asked = dict(map(_quorum, quorums))
    if known.root is not None:
        before = read_manifest(known.manifest.encode(), known.root)
        made = draft.following(
            before, at, valid=valid, names=known.card.names, certificate=known.card.certificate,
            reads=known.card.reads, officials=named or before.officials, quorums=asked or dict(before.quorums),
        )  # fmt: skip
    elif root_file is not None:
        root = read_root(read(root_file))
        if root.party != known.party:
            raise Invalid("root", f"a root of {root.party} for the node of {known.party}", where=str(root_file))
        before = made = draft.first(known.card, root, at, valid=valid, officials=named, quorums=asked)
    else:
        raise Invalid("root", "this node has no root yet", hint="name it with --root; see mithaq keys root")
    # What was typed is checked before keys are made for it; those that are over stand in for those to come.
    whole = replace(made, signing=made.signing or before.signing, sealing=made.sealing or before.sealing)
    check_manifest(canonical.fit(canonical.plain(whole), Manifest))
    until = at + timedelta(days=30 * months)
    signing = draft.signing_ahead(() if fresh else made.signing, at, until, keys.make_signing)
    sealing = draft.sealing_ahead(() if fresh else made.sealing, at, until, keys.make_sealing)
    made = replace(made, signing=(*made.signing, *signing), sealing=(*made.sealing, *sealing))
    check_manifest(made)
    write_unsigned(out, "manifest", made)
    found = {
        "request": str(out), "party": made.party, "serial": made.serial, "expires": canonical.plain(made)["expires"],
        "signing": len(signing), "sealing": len(sealing), "officials": len(made.officials),
    }  # fmt: skip
    text = f"manifest {made.serial} of {made.party}, with {len(signing)} new signing and {len(sealing)} sealing keys\n"
    emit(found, as_json=as_json, text=text + f"custodians approve it: mithaq keys approve {out} --key …")


def pair(given: str) -> tuple[str, str]:
    """``NAME=VALUE``."""
    name, equals, value = given.partition("=")
    if not (name and equals and value):
        raise Invalid("option", f"{given!r} is not NAME=VALUE")
    return name, value


def number(given: str) -> tuple[str, int]:
    """``NAME=N``."""
    name, value = pair(given)
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise Invalid("option", f"{given!r} is not NAME=N, with a number")
    return name, int(value)


def _official(given: str) -> tuple[str, PublicKeys]:
    from mithaq.adapters.keystore.personal import read_public

    role, path = pair(given)
    return role, read_public(read(Path(path))).keys


def _quorum(given: str) -> tuple[str, int]:
    return number(given)
