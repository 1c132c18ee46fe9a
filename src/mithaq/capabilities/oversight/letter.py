"""The letters to who complained, in Arabic, English and French: words of a closed list, and nothing that is typed.

Unless the end of the complaint says that the outcome may be told, the answer is the same bytes whatever was found:
*checked; if anything is held it is lawful or was mended*. It depends on no record, no outcome and no remedy. The dates
in it are the day it came and the day of the answer; the wording is ours and no court's, for a nation's own lawyers to
replace.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from msgspec import Struct

from mithaq.capabilities.oversight import clocks
from mithaq.capabilities.oversight.cases import case, fields_of
from mithaq.errors import Clash
from mithaq.kernel import canonical
from mithaq.kernel.clock import read_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.plug import Question
from mithaq.kernel.values import RecordId

Language = Literal["ar", "en", "fr"]


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which complaint, which letter, and in which language; in that of the complaint, unless one is named."""

    id: RecordId
    letter: Literal["acknowledgement", "answer"] = "answer"
    language: Language | None = None


class Letter(Struct, frozen=True, kw_only=True):
    """A letter to print. ``to`` and ``contact`` are for the envelope."""

    id: str
    to: str
    contact: str
    language: str
    direction: str
    title: str
    lines: tuple[str, ...]
    text: str


class Wording(Struct, frozen=True, forbid_unknown_fields=True):
    """One paragraph; words in braces are put in."""

    ar: str
    en: str
    fr: str


@cache
def wordings() -> dict[str, Wording]:
    """Every paragraph, by its code."""
    return canonical.read(
        resources.files(__package__).joinpath("locale", "letter.json").read_bytes(), dict[str, Wording]
    )  # fmt: skip


def write(codes: tuple[str, ...], language: str, **put_in: str) -> tuple[str, ...]:
    """These paragraphs in a language."""
    return tuple(str(getattr(wordings()[code], language)).format(**put_in) for code in codes)


def letter(desk: Desk, given: Wanted) -> Letter:
    """The letter. Clash for an answer before the complaint is closed."""
    complaint = case(desk, given.id, "complaint", side="own")
    fields = fields_of(complaint)
    language = given.language or fields.get("language", "ar")
    received = f"{read_instant(fields['received']):%Y-%m-%d}"
    if given.letter == "acknowledgement":
        owed = clocks.duty(desk, "answer_complaint", complaint.id)
        due = f"{owed.due:%Y-%m-%d}" if owed is not None else ""
        codes, date = ("reference", "date", "received", "answer_by", "meanwhile", "further"), f"{desk.at:%Y-%m-%d}"
    else:
        closing = clocks.closing_of(desk, complaint)
        if closing is None:
            raise Clash("open", f"{complaint.id} is not closed yet", hint="oversight.close")
        end = fields_of(closing)
        due, date = "", f"{read_instant(end['at']):%Y-%m-%d}"
        said = f"told_{end['outcome']}" if end.get("may_tell") is True else "checked"
        misused = ("misused",) if fields["asks"] == "misused_identity" else ()
        codes = ("reference", "date", "received", said, *misused, "further")
    (title,) = write((f"title_{given.letter}",), language)
    lines = write(codes, language, id=complaint.id, received=received, due=due, date=date)
    return Letter(
        id=complaint.id, to=str(fields["person"]), contact=str(fields.get("contact") or ""), language=language,
        direction="rtl" if language == "ar" else "ltr", title=title, lines=lines,
        text="\n\n".join((title, *lines)) + "\n",
    )  # fmt: skip


QUESTIONS = (
    Question("oversight.letter", "the letter to who complained, to print", Wanted, Letter, letter,
             roles=("legal_officer", "oversight")),
)  # fmt: skip
