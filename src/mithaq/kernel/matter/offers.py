"""The texts of an agreement's Matter: the first offer, and what each counter-offer makes of the one it answers."""

from __future__ import annotations

from collections.abc import Iterable

from mithaq.errors import BadInput
from mithaq.kernel import canonical
from mithaq.kernel.law.patch import Patch, apply
from mithaq.kernel.law.text import Text
from mithaq.kernel.matter.said import Said


def texts(said: Iterable[Said]) -> dict[str, Text]:
    """Digest to Text, for every offer that these statements make and that is what they call it.

    A statement that calls a text by a digest it does not have offers nothing: nobody can be held to it.
    """
    found: dict[str, Text] = {}
    waiting = [each for each in said if each.says in ("propose", "counter")]
    while ready := [each for each in waiting if each.says == "propose" or each.terms.get("against") in found]:
        for each in ready:
            waiting.remove(each)
            text = _offered(each, found)
            if text is not None and text.digest == each.about:
                found[text.digest] = text
    return found


def _offered(said: Said, known: dict[str, Text]) -> Text | None:
    """The text that a statement offers; None if it cannot be understood."""
    try:
        if said.says == "propose":
            return canonical.fit(said.terms["text"], Text)
        return apply(known[said.terms["against"]], canonical.fit(said.terms["patch"], Patch))
    except (BadInput, KeyError):
        return None
