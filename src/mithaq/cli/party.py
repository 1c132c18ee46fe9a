"""``mithaq party``: our card, and the nations whose cards we trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Config, Home, PartnerSettings, read_config, write_config, write_private
from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel.values import Digest

LANGUAGES = ("ar", "en", "fr")
REASONS = ("unspecified", "maintenance", "security", "legal", "political", "dispute")
reason_option = click.option(
    "--reason", type=click.Choice(REASONS), default="unspecified", show_default=True, help="What the partner is told."
)


@click.group()
def party() -> None:
    """The nations this node deals with."""


@party.command()
@click.option(
    "--format", "sort", type=click.Choice(["1", "2"]), help="1: for a partner whose node is of version 0.1.0."
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Words to read aloud.")
@click.option("--qr", is_flag=True, help="Draw the fingerprint as a QR code.")
@click.option("--svg", type=click.Path(path_type=Path), help="Write the QR code to this file.")
@json_option
@pass_home
def card(home: Home, /, sort: str | None, lang: str, qr: bool, svg: Path | None, as_json: bool) -> None:
    """Our card file to hand to partners, and the fingerprint to read to them over the phone.

    Of a nation with a root the fingerprint is the root's: it stays when keys rotate.
    """
    from mithaq.kernel import canonical
    from mithaq.kernel.party import fingerprint, read_identity

    read_config(home)
    known = read_identity(home.card.read_bytes())
    path, print_of = home.card, fingerprint(known)
    if sort == "1" and known.root is not None:
        path, print_of = home.path / "card-1.json", fingerprint(known.card)
        write_private(path, canonical.encode(known.card))
    elif sort == "2" and known.root is None:
        raise NotFound("root", "this nation has no root, so no card of format 2", hint="see mithaq keys root")
    found = {"party": known.party, "card": str(path), "fingerprint": print_of, "serial": known.serial}
    if svg is not None:
        _code(known.party, print_of).save(str(svg), kind="svg", scale=4)
    emit(found, as_json=as_json, text="" if as_json else _told(found, lang))
    if qr and not as_json:
        _code(known.party, print_of).terminal(compact=True)


@party.command()
@click.argument("card", type=click.Path(path_type=Path))
@click.option(
    "--fingerprint", required=True, help="As the partner read it to you: sha256:…, sixteen groups of four, or words."
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the words.")
@click.option("--url", required=True, help="Where the partner's node is reached: https://host:port")
@json_option
@pass_home
def trust(home: Home, /, card: Path, fingerprint: str, lang: str, url: str, as_json: bool) -> None:
    """Trust a partner's CARD file if it has exactly this fingerprint. Restart a serving node afterwards.

    Doing it again with a newer card of the same root takes up its newest manifest.
    """
    from mithaq.config import locked
    from mithaq.kernel.canonical import fit
    from mithaq.kernel.party import read_identity

    pinned = _heard(fingerprint, lang)
    with locked(home):
        config = read_config(home)
        try:
            data = card.read_bytes()
        except OSError as problem:
            raise NotFound("card", f"cannot be read: {problem.strerror}", where=str(card)) from None
        theirs = read_identity(data, pinned)
        if theirs.party == config.party:
            raise Clash("card", "this is our own card", where=str(card), hint="trust the card of the partner")
        settings = fit({"url": url, "fingerprint": pinned}, PartnerSettings)
        write_private(home.partner(theirs.party), data)
        write_config(home, _with(config, {**config.partners, theirs.party: settings}))
    emit({"party": theirs.party, "fingerprint": pinned}, as_json=as_json, text=f"{theirs.party} is trusted: {pinned}")


@party.command()
@click.argument("party")
@reason_option
@click.option("--stop", is_flag=True, help="What waits never goes. Without: it stays, and goes when we resume.")
@json_option
@pass_home
def pause(home: Home, party: str, reason: str, stop: bool, as_json: bool) -> None:
    """Stop sending to PARTY and taking from it, at once, until it is resumed; and tell it so."""
    given = {"party": party, "reason": reason, "waiting": "stop" if stop else "keep"}
    found = _do(home, "link.pause", given)
    emit(found, as_json=as_json, text=f"{party} is paused; {len(found['stopped'])} messages that waited never go")


@party.command()
@click.argument("party")
@json_option
@pass_home
def resume(home: Home, party: str, as_json: bool) -> None:
    """Send to PARTY and take from it again; and tell it so."""
    emit(_do(home, "link.resume", {"party": party}), as_json=as_json, text=f"{party} is dealt with again")


@party.command()
@click.argument("party")
@reason_option
@json_option
@pass_home
def remove(home: Home, party: str, reason: str, as_json: bool) -> None:
    """Deal with PARTY no more, at once: nothing that waits is ever sent, nothing of it is taken, and it is told.

    What it has of ours, and we of its, stays under its handling and retention: to take back a record of ours that it
    has, recall it (mithaq link recall), which still crosses. Coming back is a new act of two people.
    """
    found = _do(home, "party.remove", {"party": party, "reason": reason})
    lines = [f"{party} is removed; {len(found['stopped'])} messages that waited never go"]
    lines.append(
        f"  it has {found['has']} messages of ours: they stay under their handling and retention, or recall them"
    )
    emit(found, as_json=as_json, text="\n".join(lines))


@party.command()
@click.argument("party")
@json_option
@pass_home
def readmit(home: Home, party: str, as_json: bool) -> None:
    """Deal with a removed PARTY again, from here on, once a second person has agreed."""
    found = _do(home, "party.readmit", {"party": party})
    waits = found.get("outcome") == "waits"
    text = f"waits for a second person: mithaq acts approve {found['waiting']}" if waits else f"{party} is back"
    emit(found, as_json=as_json, text=text)


@party.command()
@json_option
@pass_home
def standing(home: Home, as_json: bool) -> None:
    """How we and our partners deal with each other: open, paused, removed; and who still tries."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("party.standing", {})
    if as_json:
        emit(found, as_json=True, text="")
        return
    columns = ("party", "ours", "since", "reason", "told", "theirs", "their_reason", "attempts")
    table("dealings", columns, [[str(each[name]) for name in columns] for each in found])


@party.command()
@click.argument("party")
@json_option
@pass_home
def forget(home: Home, party: str, as_json: bool) -> None:
    """Take a removed nation off the list of partners; its card is not used any more. What was logged stays.

    Trusting its card again does not take it back. Statements about it, and agreements signed with it, stay too.
    """
    from mithaq.cli.reach import reach
    from mithaq.config import locked

    if party not in read_config(home).partners:
        raise NotFound("partner", f"{party} is not a partner of this node", hint="see mithaq party list")
    with reach(home) as reached:
        [dealing] = [each for each in reached.ask("party.standing", {}) if each["party"] == party]
    if dealing["ours"] != "removed":
        raise NotAllowed(
            "forget", f"{party} is not removed, and would not be told", hint=f"mithaq party remove {party}"
        )
    with locked(home):
        config = read_config(home)
        write_config(home, _with(config, {name: each for name, each in config.partners.items() if name != party}))
        if home.partner(party).exists():
            home.partner(party).replace(home.partner(party).with_suffix(".forgotten.json"))
    emit({"party": party, "forgotten": True}, as_json=as_json, text=f"{party} is forgotten; its logs stay")


@party.command("list")
@json_option
@pass_home
def list_(home: Home, as_json: bool) -> None:
    """The nations whose cards are trusted here, and until when their keys are good."""
    from mithaq.assembly import read_partners
    from mithaq.kernel.clock import SystemClock, write_instant

    config, at = read_config(home), SystemClock().now()
    found = [
        {
            "party": each.party,
            "url": each.url,
            "fingerprint": config.partners[each.party].fingerprint,
            "serial": each.known.serial,
            "expires": write_instant(each.ring.expires) if each.ring.expires else None,
            "in_grace": each.ring.in_grace(at),
        }
        for each in read_partners(home, config)
    ]
    if as_json:
        emit(found, as_json=True, text="")
    else:
        rows = [(str(each["party"]), str(each["url"]), str(each["fingerprint"]), _good(each)) for each in found]
        table("partners", ("party", "url", "fingerprint", "keys"), rows)


def _do(home: Home, command: str, given: dict[str, Any]) -> Any:
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        return reached.do(command, given)


def _told(found: dict[str, Any], lang: str) -> str:
    from mithaq.kernel.party import words as groups
    from mithaq.lib.spoken import words

    spoken = words(found["fingerprint"], lang)
    lines = [" ".join(spoken[i : i + 8]) for i in range(0, len(spoken), 8)]
    return "\n".join((found["card"], found["fingerprint"], groups(found["fingerprint"]), *lines))


def _heard(fingerprint: str, lang: str) -> Digest:
    """A fingerprint as it was read: hexadecimal in any grouping, or words."""
    from mithaq.lib.spoken import read

    digits = fingerprint.removeprefix("sha256:").replace(" ", "").lower()
    if all(each in "0123456789abcdef" for each in digits):
        return f"sha256:{digits}"
    return read(fingerprint, lang)


def _code(party: str, fingerprint: str) -> Any:
    import segno

    return segno.make(f"mithaq:{party}:{fingerprint}", error="m")


def _good(found: dict[str, Any]) -> str:
    if not found["expires"]:
        return "pinned for ever"
    grace = ", in grace: ask for the new manifest" if found["in_grace"] else ""
    return f"manifest {found['serial']} until {found['expires'][:10]}{grace}"


def _with(config: Config, partners: dict[str, PartnerSettings]) -> Config:
    from msgspec.structs import replace

    return replace(config, partners=partners)
