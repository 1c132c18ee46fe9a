"""``mithaq law propose`` and ``counter``: offers of a text, and other texts against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.law.chosen import adopted, chosen, ensure_honourable, whole
from mithaq.cli.law.files import find
from mithaq.cli.matter.speak import key_options, speak, tell
from mithaq.cli.reach import reach
from mithaq.config import Home

F = TypeVar("F", bound=Callable[..., Any])
LANGUAGES = ("ar", "en", "fr")


def conclusion_options(command: F) -> F:
    """How parties become bound and cease to be, as options."""
    options = (
        click.option(
            "--authentic", multiple=True, type=click.Choice(LANGUAGES), help="An authentic language. Repeatable."
        ),
        click.option("--prevails", type=click.Choice(LANGUAGES), help="The language that decides where they diverge."),
        click.option("--ratification/--no-ratification", default=None, help="In force only once all have ratified."),
        click.option("--enters-after", metavar="PERIOD", help="After the last consent: P30D."),
        click.option("--provisional/--no-provisional", default=None, help="Applied from signature until in force."),
        click.option("--signatories", type=int, help="Officials of each party that must sign, at least."),
        click.option("--accession", type=click.Choice(["closed", "consent", "open"]), help="Whether others may join."),
        click.option("--open-to", multiple=True, metavar="PARTY", help="Who may join; any by default. Repeatable."),
        click.option("--suspension-notice", metavar="PERIOD", help="Default P3M."),
        click.option("--withdrawal-notice", metavar="PERIOD", help="Default P1Y."),
    )
    for option in options:
        command = option(command)
    return command


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@conclusion_options
@click.option("--parent", "parents", multiple=True, metavar="INSTRUMENT", help="Made under this treaty. Repeatable.")
@click.option("--note", help="A word to the other parties.")
@key_options
@json_option
@pass_home
def propose(
    home: Home, /, file: Path, parents: tuple[str, ...], note: str | None, keys: tuple[Path, ...],
    passphrase_file: Path | None, out: Path | None, as_json: bool, **terms: Any,
) -> None:  # fmt: skip
    """Offer the agreement in FILE to all its parties, as a text that can be signed."""
    from mithaq.assembly import read_proved, read_vocabulary
    from mithaq.kernel import canonical
    from mithaq.kernel.law.clause import Citation
    from mithaq.kernel.law.text import Conclusion
    from mithaq.treaty.text import make_text

    law = read_proved(home, find(str(file)))
    text = make_text(
        law,
        conclusion=canonical.fit(_conclusion(terms), Conclusion),
        authentic=terms["authentic"] or ("ar", "en"),
        prevails=terms["prevails"],
        parents=[Citation(instrument=each, status="to_be_verified") for each in parents],
        rests_on=adopted(home),
        vocabulary=read_vocabulary(home),
    )
    given = {
        "says": "propose",
        "about": text.digest,
        "terms": {"parties": list(law.parties), "text": canonical.plain(text), **_noted(note)},
    }
    with reach(home) as node:
        found = speak(node, given, keys=keys, passphrase_file=passphrase_file, out=out)
    tell({**found, "text": text.digest}, as_json=as_json)


@click.command()
@click.argument("matter")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text", help="The text it answers, by the beginning of its digest.")
@conclusion_options
@click.option("--note", help="A word to the other parties.")
@key_options
@json_option
@pass_home
def counter(
    home: Home, /, matter: str, file: Path, text: str | None, note: str | None, keys: tuple[Path, ...],
    passphrase_file: Path | None, out: Path | None, as_json: bool, **terms: Any,
) -> None:  # fmt: skip
    """Offer the agreement in FILE instead, as changes to a text of MATTER. Other terms stay as they are there."""
    from msgspec.structs import replace

    from mithaq.assembly import read_proved, read_vocabulary
    from mithaq.kernel import canonical
    from mithaq.kernel.law.text import Conclusion
    from mithaq.treaty.patch import diff
    from mithaq.treaty.text import render

    law = read_proved(home, find(str(file)))
    with reach(home) as node:
        _, against = chosen(node, matter, text)
        old = whole(node, matter, against["text"])
        conclusion = canonical.fit(canonical.plain(old.conclusion) | _conclusion(terms), Conclusion)
        changed = replace(old, law=law, conclusion=conclusion, rests_on=adopted(home))
        if terms["authentic"]:
            changed = replace(changed, authentic=terms["authentic"])
        if terms["prevails"]:
            changed = replace(changed, prevails=terms["prevails"])
        new = render(changed, read_vocabulary(home))
        ensure_honourable(home, new)
        patch = canonical.plain(diff(old, new))
        given = {
            "says": "counter",
            "matter": matter,
            "about": new.digest,
            "terms": {"against": old.digest, "patch": patch, **_noted(note)},
        }
        found = speak(node, given, keys=keys, passphrase_file=passphrase_file, out=out)
    tell({**found, "text": new.digest}, as_json=as_json)


def _conclusion(terms: dict[str, Any]) -> dict[str, Any]:
    """The terms that were given, as fields of a Conclusion."""
    names = ("ratification", "enters_after", "provisional", "accession", "suspension_notice", "withdrawal_notice")
    found = {name: terms[name] for name in names if terms[name] is not None}
    if terms["open_to"]:
        found["open_to"] = list(terms["open_to"])
    if terms["signatories"] is not None:
        found["signatures"] = {"signatory": terms["signatories"]}
    return found


def _noted(note: str | None) -> dict[str, str]:
    return {"note": note} if note else {}
