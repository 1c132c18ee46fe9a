"""Which text of a matter a command means, and whether this nation could honour it."""

from __future__ import annotations

import re
from typing import Any

from mithaq.cli.reach import Reached
from mithaq.config import Home
from mithaq.errors import Invalid, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.law.text import RestsOn, Text

MATTER = re.compile(r"[A-Z]{2}-[0-9A-HJKMNP-TV-Z]{26}")
STAGES = ("ratified", "signed", "endorsed", "offered", "")


def chosen(node: Reached, matter: str, text: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the matter, the text of it that was named, else the one that is furthest). Invalid where that is not clear."""
    found: dict[str, Any] = node.ask("matter.show", {"matter": matter})
    texts: list[dict[str, Any]] = found["texts"]
    if text is not None:
        named = [
            each for each in texts if each["text"].removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        ]
        if len(named) != 1:
            raise NotFound("text", f"{len(named)} texts of {matter} begin with {text}", hint="see mithaq law status")
        return found, named[0]
    for stage in STAGES:
        there = [each for each in texts if each["stage"] == stage]
        if len(there) == 1:
            return found, there[0]
        if there:
            several = ", ".join(each["text"][7:19] for each in there)
            raise Invalid(
                "text", f"several texts of {matter} are {stage or 'open'}: {several}", hint="name one: --text"
            )
    raise NotFound("text", f"no text of {matter} can be acted on", hint="see mithaq law status")


def whole(node: Reached, matter: str, digest: str) -> Text:
    """A text of a matter, whole."""
    return canonical.fit(node.ask("matter.text", {"matter": matter, "text": digest}), Text)


def ensure_honourable(home: Home, text: Text) -> None:
    """Refuse to bind this nation to a text that rests on other words, reads otherwise, or breaks the floor."""
    from mithaq.assembly import ensure_proved, read_law, read_vocabulary
    from mithaq.treaty.text import check_text

    vocabulary = read_vocabulary(home)
    check_text(text, vocabulary, adopted=adopted(home))
    ensure_proved(home, text.law, read_law(home.law / "floor.json", vocabulary), vocabulary)


def adopted(home: Home) -> RestsOn:
    """What this nation has adopted, by digest."""
    from mithaq.assembly import read_adoption

    return read_adoption(home)
