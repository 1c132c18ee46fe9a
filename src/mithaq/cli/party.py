"""``mithaq party``: our card, and the nations whose cards we trust."""

from __future__ import annotations

from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Config, Home, PartnerSettings, read_config, write_config, write_private
from mithaq.errors import Clash, NotFound


@click.group()
def party() -> None:
    """The nations this node deals with."""


@party.command()
@json_option
@pass_home
def card(home: Home, as_json: bool) -> None:
    """Our card file to hand to partners, and the fingerprint to read to them over the phone."""
    from mithaq.kernel.party import fingerprint, read_card, words

    read_config(home)
    ours = read_card(home.card.read_bytes())
    found = {"party": ours.party, "card": str(home.card), "fingerprint": fingerprint(ours)}
    emit(found, as_json=as_json, text=f"{found['card']}\n{found['fingerprint']}\n{words(found['fingerprint'])}")


@party.command()
@click.argument("card", type=click.Path(path_type=Path))
@click.option("--fingerprint", required=True, help="As the partner read it to you: sha256:… or sixteen groups of four.")
@click.option("--url", required=True, help="Where the partner's node is reached: https://host:port")
@json_option
@pass_home
def trust(home: Home, card: Path, fingerprint: str, url: str, as_json: bool) -> None:
    """Trust a partner's CARD file if it has exactly this fingerprint. Restart a serving node afterwards."""
    from mithaq.assembly import locked
    from mithaq.kernel.canonical import encode, fit
    from mithaq.kernel.party import read_card

    pinned = "sha256:" + fingerprint.removeprefix("sha256:").replace(" ", "").lower()
    with locked(home):
        config = read_config(home)
        try:
            theirs = read_card(card.read_bytes(), pinned)
        except OSError as problem:
            raise NotFound("card", f"cannot be read: {problem.strerror}", where=str(card)) from None
        if theirs.party == config.party:
            raise Clash("card", "this is our own card", where=str(card), hint="trust the card of the partner")
        settings = fit({"url": url, "fingerprint": pinned}, PartnerSettings)
        write_private(home.partner(theirs.party), encode(theirs))
        write_config(home, _with(config, theirs.party, settings))
    emit({"party": theirs.party, "fingerprint": pinned}, as_json=as_json, text=f"{theirs.party} is trusted: {pinned}")


@party.command("list")
@json_option
@pass_home
def list_(home: Home, as_json: bool) -> None:
    """The nations whose cards are trusted here."""
    found = [
        {"party": party, "url": settings.url, "fingerprint": settings.fingerprint}
        for party, settings in sorted(read_config(home).partners.items())
    ]
    if as_json:
        emit(found, as_json=True, text="")
    else:
        table("partners", ("party", "url", "fingerprint"), [tuple(each.values()) for each in found])


def _with(config: Config, party: str, settings: PartnerSettings) -> Config:
    from msgspec.structs import replace

    return replace(config, partners={**config.partners, party: settings})
