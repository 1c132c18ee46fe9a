"""``mithaq law sign``, ``adopt`` and ``list``: an agreement with the signatures of all, and what is in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.law.chosen import MATTER
from mithaq.cli.law.consent import paper_option, papers, say_of
from mithaq.cli.matter.speak import key_options
from mithaq.cli.show import emit, table
from mithaq.config import Home, read_config, write_private
from mithaq.errors import NotFound


@click.command()
@paper_option
@click.option("--text", help="The text of a matter, by the beginning of its digest. Default: the one that is furthest.")
@click.argument("what", metavar="MATTER|FILE")
@key_options
@json_option
@pass_home
def sign(home: Home, /, what: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Sign the text of a MATTER for this nation, each official with a --key (VCLT 12).

    With a FILE: make a detached signature of the agreement in it, for partners whose node knows no matters yet.
    """
    if MATTER.fullmatch(what):
        terms = papers(given.pop("paper"))
        say_of(home, "sign", what, given.pop("text"), terms, binds=True, out=out, as_json=as_json, **given)
    else:
        _sign_file(home, Path(what), out, as_json=as_json)


def _sign_file(home: Home, file: Path, out: Path | None, *, as_json: bool) -> None:
    from mithaq.assembly import load_keys, read_proved, signature
    from mithaq.kernel.clock import SystemClock

    config = read_config(home)
    text = read_proved(home, file)
    path = out or file.with_name(f"{text.id}.{text.version}.{config.party}.sig")
    path.write_bytes(signature(text, config.party, load_keys(home), SystemClock().now()))
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
    from mithaq.assembly import read_proved, signature_file
    from mithaq.config import locked
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


@click.command("adopt-words")
@json_option
@pass_home
def adopt_words(home: Home, as_json: bool) -> None:
    """Adopt the vocabulary, kinds, floor and gazetteer that are in law/, as this nation's own signed statement.

    Agreements name what they rest on by digest; a nation signs only what rests on what it has adopted.
    """
    from mithaq.assembly import adopt_files, load_keys
    from mithaq.config import locked
    from mithaq.kernel import canonical
    from mithaq.kernel.clock import SystemClock

    with locked(home):
        made = adopt_files(home, load_keys(home), SystemClock().now())
    found = canonical.plain(made.adopts)
    emit(found, as_json=as_json, text="\n".join(f"{what:10} {digest}" for what, digest in found.items()))


@click.command("list")
@json_option
@pass_home
def list_(home: Home, as_json: bool) -> None:
    """The agreements, laws and floor that decide here, with their digests."""
    from mithaq.assembly import read_laws, read_partners
    from mithaq.kernel.party import read_identity

    config = read_config(home)
    book = read_laws(home, read_identity(home.card.read_bytes()), read_partners(home, config))
    found = [{"law": each.ref, "type": each.type, "title": each.title, "digest": each.digest} for each in book.all]
    if as_json:
        emit(found, as_json=True, text="")
    else:
        table("laws", ("law", "type", "title", "digest"), [tuple(each.values()) for each in found])


def _verified(home: Home, digest: str, files: tuple[Path, ...]) -> dict[str, Path]:
    """Who signed each file; Untrusted if one does not hold over exactly this digest."""
    from mithaq.assembly import read_partners
    from mithaq.kernel.party import read_identity
    from mithaq.kernel.statement import signatories

    ours = read_identity(home.card.read_bytes())
    partners = read_partners(home, read_config(home))
    keys = {ours.party: ours.ring.receipt(), **{each.party: each.ring.receipt() for each in partners}}
    known = {}
    for path in files:
        try:
            for party in signatories(digest, [path.read_bytes()], keys):
                known[party] = path
        except OSError as problem:
            raise NotFound("signature", f"cannot be read: {problem.strerror}", where=str(path)) from None
    return known
