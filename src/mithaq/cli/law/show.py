"""``mithaq law show``: a law in plain words, one sentence for each clause."""

from __future__ import annotations

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.law.files import find, read_text, read_words, vocabulary_option
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.kernel import canonical
from mithaq.treaty.render.catalogue import LANGUAGES, Language
from mithaq.treaty.render.page import Page, page


@click.command()
@click.argument("file")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@vocabulary_option
@json_option
@pass_home
def show(home: Home, file: str, lang: Language, words: str | None, as_json: bool) -> None:
    """The law in FILE in plain words: one sentence for each clause, made from nothing but the clause."""
    vocabulary = read_words(home, words)
    made = page(read_text(find(file), vocabulary), vocabulary, lang)
    emit(canonical.plain(made), as_json=as_json, text="" if as_json else lines_of(made))


def lines_of(made: Page) -> str:
    """A page as lines for a terminal."""
    head = [made.title, f"{made.law} · {made.type} · {made.in_force}", made.digest, made.note]
    lines = [*filter(None, head), "", *made.general, *made.areas, ""]
    for each in made.clauses:
        lines += [f"{each.id}  {each.text}", *(f"      {cited}" for cited in each.cite)]
    for provision in made.provisions:
        lines += [provision.text, *(f"      {cited}" for cited in provision.cite)]
    return "\n".join([*lines, "", f"{made.engine}: {made.review}"])
