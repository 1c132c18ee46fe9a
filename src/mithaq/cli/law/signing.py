"""``mithaq law sign``, ``adopt`` and ``list``: an agreement with the signatures of all, and what is in force."""

from __future__ import annotations

from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Home, read_config, write_private
from mithaq.errors import NotFound


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the signature. Default: beside FILE.")
@json_option
@pass_home
def sign(home: Home, file: Path, out: Path | None, as_json: bool) -> None:
    """Sign the agreement in FILE for this nation, as a detached signature to hand to the other parties."""
    from mithaq.adapters.keystore.file import KeyFile
    from mithaq.assembly import read_proved, signature
    from mithaq.kernel.clock import SystemClock

    config = read_config(home)
    text = read_proved(home, file)
    path = out or file.with_name(f"{text.id}.{text.version}.{config.party}.sig")
    path.write_bytes(signature(text, config.party, KeyFile.load(home.keys), SystemClock().now()))
    found = {"law": text.ref, "digest": text.digest, "signature": str(path)}
    emit(found, as_json=as_json, text=f"{text.ref} {text.digest}\nsigned by {config.party}: {path}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("signatures", nargs=-1, type=click.Path(path_type=Path))
@json_option
@pass_home
def adopt(home: Home, file: Path, signatures: tuple[Path, ...], as_json: bool) -> None:
    """Keep the agreement in FILE with these SIGNATURES. In force once every party has signed exactly this text.

    Restart a serving node afterwards.
    """
    from mithaq.assembly import locked, read_proved, signature_file
    from mithaq.kernel.law.law import write_law

    with locked(home):
        text = read_proved(home, file)
        known = _verified(home, text.digest, signatures)
        write_private(home.agreements / f"{text.id}.{text.version}.json", write_law(text))
        for party, path in known.items():
            write_private(signature_file(home, text, party), path.read_bytes())
    missing = [party for party in text.parties if not signature_file(home, text, party).exists()]
    state = f"waits for the signature of {' and '.join(missing)}" if missing else "signed by all its parties"
    found = {"law": text.ref, "digest": text.digest, "signed_by": sorted(known), "missing": missing}
    emit(found, as_json=as_json, text=f"{text.ref} {text.digest}\n{state}")


@click.command("list")
@json_option
@pass_home
def list_(home: Home, as_json: bool) -> None:
    """The agreements, laws and floor that decide here, with their digests."""
    from mithaq.assembly import read_laws, read_partners
    from mithaq.kernel.party import read_card

    config = read_config(home)
    book = read_laws(home, read_card(home.card.read_bytes()), read_partners(home, config))
    found = [{"law": each.ref, "type": each.type, "title": each.title, "digest": each.digest} for each in book.all]
    if as_json:
        emit(found, as_json=True, text="")
    else:
        table("laws", ("law", "type", "title", "digest"), [tuple(each.values()) for each in found])


def _verified(home: Home, digest: str, files: tuple[Path, ...]) -> dict[str, Path]:
    """Who signed each file; Untrusted if one does not hold over exactly this digest."""
    from mithaq.assembly import read_partners
    from mithaq.kernel.party import read_card
    from mithaq.kernel.statement import signatories

    cards = {partner.party: partner.card for partner in read_partners(home, read_config(home))}
    ours = read_card(home.card.read_bytes())
    known = {}
    for path in files:
        try:
            for party in signatories(digest, [path.read_bytes()], {**cards, ours.party: ours}):
                known[party] = path
        except OSError as problem:
            raise NotFound("signature", f"cannot be read: {problem.strerror}", where=str(path)) from None
    return known
