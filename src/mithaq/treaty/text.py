"""Texts with their renderings: made for an offer, and made again by whoever is asked to sign.

A nation never takes a partner's word for what a clause says in its language. It renders the law itself, and signs only
if the digests are the same: then every authentic text says what decides, at both ends (VCLT 33(3)).
"""

from __future__ import annotations

from collections.abc import Iterable

import babel
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel.law import text as texts
from mithaq.kernel.law.clause import Citation
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.text import FORMAT, Conclusion, Language, RestsOn, Text
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.treaty.render.catalogue import ENGINE
from mithaq.treaty.render.page import rendering


def make_text(
    law: Law, *, conclusion: Conclusion, authentic: Iterable[Language], prevails: Language | None = None,
    parents: Iterable[Citation] = (), rests_on: RestsOn, vocabulary: Vocabulary,
) -> Text:  # fmt: skip
    """The Text of this agreement, rendered in every authentic language. Raises Invalid where it could not be signed."""
    bare = Text(
        format=FORMAT, law=law, renderer=ENGINE, authentic=tuple(authentic), prevails=prevails, renderings={},
        parents=tuple(parents), boundary="without_prejudice", rests_on=rests_on, conclusion=conclusion,
    )  # fmt: skip
    return render(bare, vocabulary)


def render(text: Text, vocabulary: Vocabulary) -> Text:
    """The Text with our renderings of it, whatever it had."""
    texts.check_law(text.law, vocabulary)  # what is not in the vocabulary has no words
    made = {language: rendering(text, vocabulary, language) for language in text.authentic}
    rendered = replace(text, renderer=ENGINE, renderings=made)
    texts.check(rendered, vocabulary)
    return rendered


def check_text(text: Text, vocabulary: Vocabulary, *, adopted: RestsOn) -> None:
    """Refuse, with its JSON path, a Text that this nation could not honour or whose sentences are not its clauses.

    adopted      it rests on something else than what this nation adopted
    renderer     another renderer made its sentences, so that nothing can be said of them
    rendering    a sentence is not the one we make of the same clauses

    and whatever ``load_law`` refuses in its law, or ``text.check`` beside it. ``vocabulary`` is the adopted one.
    """
    _check_adopted(text.rests_on, adopted)
    texts.check(text, vocabulary)
    if text.renderer != ENGINE:
        raise Invalid(
            "renderer", f"the sentences were made by {text.renderer}, ours are by {ENGINE}", where="$.renderer",
            hint="make them again with the version that both nodes have",
        )  # fmt: skip
    for language in text.authentic:
        if text.renderings[language] != rendering(text, vocabulary, language):
            raise Invalid(
                "rendering", f"the sentences in {language!r} are not those that {ENGINE} makes here of these clauses",
                where=f"$.renderings.{language}",
                hint=f"do not sign; compare the pages (dates and lists are here by Babel {babel.__version__})",
            )  # fmt: skip


def _check_adopted(named: RestsOn, adopted: RestsOn) -> None:
    for what in named.__struct_fields__:
        digest, ours = getattr(named, what), getattr(adopted, what)
        if digest is not None and digest != ours:  # a text may rest on no gazetteer, whatever was adopted
            raise Invalid(
                "adopted", f"it rests on the {what} {digest}, adopted here is {ours or 'none'}",
                where=f"$.rests_on.{what}", hint=f"adopt that {what}, or ask for a text that rests on yours",
            )  # fmt: skip
