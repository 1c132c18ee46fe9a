"""``mithaq law endorse``, ``ratify``, ``accede``, ``consent``, ``reserve``, ``object``, ``suspend``, ``resume``,
``withdraw`` and ``end``: what a party says about a text. ``sign`` is in ``signing``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.law.chosen import chosen, ensure_honourable, whole
from mithaq.cli.matter.speak import key_options, speak, tell
from mithaq.cli.reach import Reached, reach
from mithaq.config import Home
from mithaq.errors import Invalid, NotFound


def about_options(command: Callable[..., None]) -> Callable[..., None]:
    """MATTER, ``--text``, the keys, ``--json`` and the home."""
    text = click.option("--text", help="The text, by the beginning of its digest. Default: the one that is furthest.")
    argument = click.argument("matter")
    return argument(text(key_options(json_option(pass_home(command)))))


def say_of(
    home: Home, says: str, matter: str, text: str | None, terms: dict[str, Any], *, binds: bool = False,
    as_json: bool, about: str | None = None, **signing: Any,
) -> None:  # fmt: skip
    """Say it about a text (or the statement ``about``); before it ``binds``, make sure that we could honour it."""
    with reach(home) as node:
        _, found = chosen(node, matter, text)
        if binds:
            ensure_honourable(home, whole(node, matter, found["text"]))
        given = {"says": says, "matter": matter, "about": about or found["text"], "terms": terms}
        spoken = speak(node, given, **signing)
    tell({**spoken, "text": found["text"]}, as_json=as_json)


def papers(paper: tuple[str, ...]) -> dict[str, Any]:
    """``WHAT=REFERENCE@DATE`` as the papers behind a statement."""
    found = []
    for each in paper:
        what, equals, rest = each.partition("=")
        reference, at, dated = rest.rpartition("@")
        if not (equals and at):
            raise Invalid("paper", f"{each!r} is not WHAT=REFERENCE@DATE", hint="ratification=Law 12/2027@2027-03-01")
        found.append({"what": what, "reference": reference, "dated": dated})
    return {"papers": found} if found else {}


paper_option = click.option(
    "--paper", multiple=True, metavar="WHAT=REF@DATE",
    help="A paper behind it: full_powers, signature, ratification, accession or notice. Repeatable.",
)  # fmt: skip
reason_option = click.option("--reason", help="Why. The partner reads it: say little.")


@click.command()
@paper_option
@about_options
def endorse(home: Home, paper: tuple[str, ...], **given: Any) -> None:
    """Initial a text of MATTER: negotiators agree that these are the words (VCLT 10)."""
    say_of(home, "endorse", terms=papers(paper), binds=True, **given)


@click.command()
@paper_option
@about_options
def ratify(home: Home, paper: tuple[str, ...], **given: Any) -> None:
    """Ratify a text of MATTER that this nation has signed (VCLT 14)."""
    say_of(home, "ratify", terms=papers(paper), binds=True, **given)


@click.command()
@paper_option
@about_options
def accede(home: Home, paper: tuple[str, ...], **given: Any) -> None:
    """Accede to a text of MATTER that others have concluded and that is open to this nation (VCLT 15)."""
    say_of(home, "accede", terms=papers(paper), binds=True, **given)


@click.command()
@click.option("--of", "party", required=True, help="The nation that acceded.")
@about_options
def consent(home: Home, party: str, matter: str, **given: Any) -> None:
    """Agree that another nation has acceded, where the text asks every party (VCLT 15)."""
    say_of(home, "consent", matter, terms={}, about=_statement(home, matter, party, "accede"), **given)


@click.command("object")
@click.option("--to", "party", required=True, help="The nation whose reservation or suspension it is.")
@reason_option
@about_options
def object_(home: Home, party: str, reason: str | None, matter: str, **given: Any) -> None:
    """Object to a reservation or a suspension (VCLT 20, 65)."""
    about = _statement(home, matter, party, "reserve", "suspend")
    say_of(home, "object", matter, terms=_reason(reason), about=about, **given)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@about_options
def reserve(home: Home, file: Path, matter: str, text: str | None, **given: Any) -> None:
    """Make the reservation in FILE: forbids and duties that narrow what this nation is bound to (VCLT 19)."""
    from mithaq.assembly import read_vocabulary
    from mithaq.config import read_config
    from mithaq.kernel import canonical
    from mithaq.kernel.law.reserve import Reservation, check_reservation

    try:
        reservation = canonical.read(file.read_bytes(), Reservation)
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(file)) from None
    with reach(home) as node:
        _, found = chosen(node, matter, text)
        law = whole(node, matter, found["text"]).law
    check_reservation(law, reservation, read_config(home).party, read_vocabulary(home))
    say_of(home, "reserve", matter, found["text"], terms={"reservation": canonical.plain(reservation)}, **given)


@click.command()
@click.option("--clause", "clauses", multiple=True, help="Only releases under this permit. Repeatable.")
@reason_option
@about_options
def suspend(home: Home, clauses: tuple[str, ...], reason: str | None, **given: Any) -> None:
    """Stop our own releases under MATTER at once, also what waits. What saves lives goes on, if it was so agreed."""
    say_of(home, "suspend", terms=({"clauses": list(clauses)} if clauses else {}) | _reason(reason), **given)


@click.command()
@reason_option
@about_options
def resume(home: Home, reason: str | None, **given: Any) -> None:
    """Release under MATTER again."""
    say_of(home, "resume", terms=_reason(reason), **given)


@click.command()
@reason_option
@click.option("--takes-effect", metavar="INSTANT", help="Later than the notice period: 2028-01-01T00:00:00Z.")
@about_options
def withdraw(
    home: Home, reason: str | None, takes_effect: str | None, matter: str, text: str | None, **given: Any
) -> None:
    """Take back an offer or consent of ours; from an agreement in force, leave it with its notice (VCLT 56)."""
    with reach(home) as node:
        _, found = chosen(node, matter, text)
    says = "denounce" if found["force"]["start"] is not None else "withdraw"
    terms = _reason(reason) | ({"takes_effect": takes_effect} if takes_effect else {})
    say_of(home, says, matter, found["text"], terms=terms, **given)


@click.command()
@reason_option
@about_options
def end(home: Home, reason: str | None, **given: Any) -> None:
    """Agree to end the agreement of MATTER: it ends when every party has (VCLT 54)."""
    say_of(home, "end", terms=_reason(reason), **given)


def _reason(reason: str | None) -> dict[str, Any]:
    return {"reason": reason} if reason else {}


def _statement(home: Home, matter: str, party: str, *says: str) -> str:
    """The newest statement of a party that says one of these."""
    with reach(home) as node:
        found = _said(node, matter, party, says)
    if found is None:
        raise NotFound("statement", f"{party} has not said {' or '.join(says)} in {matter}")
    return found


def _said(node: Reached, matter: str, party: str, says: tuple[str, ...]) -> str | None:
    said = node.ask("matter.show", {"matter": matter})["said"]
    named = [str(each["statement"]) for each in said if each["party"] == party and each["says"] in says]
    return named[-1] if named else None
