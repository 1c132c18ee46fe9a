"""``mithaq law status`` and ``text``: what has become of every agreement, and its words in a language."""

from __future__ import annotations

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.law.chosen import chosen, whole
from mithaq.cli.law.show import lines_of
from mithaq.cli.matter.look import show_matter
from mithaq.cli.reach import reach
from mithaq.cli.show import emit
from mithaq.config import Home


@click.command()
@click.argument("matter", required=False)
@json_option
@pass_home
def status(home: Home, matter: str | None, as_json: bool) -> None:
    """What has become of every agreement that is negotiated or in force here, or of the one of MATTER."""
    with reach(home) as node:
        found = [node.ask("matter.show", {"matter": matter})] if matter else node.ask("matter.list", {})
    agreements = [each for each in found if each["kind"].startswith("matter.agreement/")]
    if as_json:
        emit(agreements, as_json=True, text="")
        return
    for each in agreements:
        show_matter(each)
    if not agreements:
        click.echo("nothing is negotiated; mithaq law list shows what was adopted by hand")


@click.command()
@click.argument("matter")
@click.option("--text", help="The text, by the beginning of its digest.")
@click.option("--lang", type=click.Choice(["ar", "en", "fr"]), default="en", show_default=True)
@click.option("--against", help="Show what it changes in this text instead.")
@json_option
@pass_home
def text(home: Home, matter: str, text: str | None, lang: str, against: str | None, as_json: bool) -> None:
    """The words of a text of MATTER, or what it changes in another."""
    from mithaq.assembly import read_vocabulary
    from mithaq.kernel import canonical
    from mithaq.treaty.patch import redline
    from mithaq.treaty.render.page import text_page

    words = read_vocabulary(home)
    with reach(home) as node:
        found = whole(node, matter, chosen(node, matter, text)[1]["text"])
        other = whole(node, matter, chosen(node, matter, against)[1]["text"]) if against else None
    if other is not None:
        changes = redline(other, found, words, lang)  # type: ignore[arg-type]
        shown = "\n".join(f"{each.change} {each.what} {each.id}\n- {each.before}\n+ {each.after}" for each in changes)
        emit(canonical.plain(changes), as_json=as_json, text=shown or "no change")
        return
    page = text_page(found, words, lang)  # type: ignore[arg-type]
    emit(canonical.plain(page), as_json=as_json, text="" if as_json else lines_of(page))
