"""Texts: what nations sign. The law that decides, its sentences in every authentic language, and how all may end.

A Law alone says what may be released. A Text adds what a treaty needs beside it: the languages in which it is authentic
(VCLT 33), the instruments above it, the versions it rests on, and how parties become bound, suspend, withdraw and
accede. Each authentic language is bound by the digest of its rendered page, so that nobody signs a sentence that says
something other than the clause. ``treaty/text.py`` makes Texts and checks their renderings; this file does not render.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from mithaq.errors import Invalid, MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.law import law as laws
from mithaq.kernel.law.clause import Citation, check_citations
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.values import Code, Digest, PartyId, Period

Language = Literal["ar", "en", "fr"]
Renderer = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}/[1-9][0-9]{0,3}(?!\n)$", description="name/version")]
FORMAT: Final = "mithaq-text/1"


class RestsOn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What the parties adopted and this Text relies on, each by digest. Without ``gazetteer`` it names no places."""

    vocabulary: Digest
    floor: Digest
    kinds: Digest
    gazetteer: Digest | None = None


class Conclusion(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How parties become bound and cease to be. ``signatures``: per party, at least so many officials of each role.

    It enters into force when every party has signed (VCLT 12), or ratified where ``ratification`` (VCLT 14), after
    ``enters_after`` (VCLT 24), never before the law's own ``in_force``. ``provisional``: applied from signature by all
    until then (VCLT 25). Notices are those the Vienna Convention gives where a treaty is silent: three months to
    suspend (VCLT 65(2)), twelve to withdraw (VCLT 56(2)). States in ``open_to``, or any if empty, may accede (VCLT 15).
    """

    ratification: bool = False
    enters_after: Period | None = None
    provisional: bool = False
    signatures: Annotated[dict[Code, Annotated[int, Meta(ge=1, le=20)]], Meta(min_length=1)] = field(
        default_factory=lambda: {"signatory": 1}  # always written out, as it is nobody's default
    )
    accession: Literal["closed", "consent", "open"] = "closed"
    open_to: tuple[PartyId, ...] = ()
    suspension_notice: Period = "P3M"
    withdrawal_notice: Period = "P1Y"


class Text(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, dict=True):
    """One agreement as it is offered, signed and kept, known by its digest. Any change makes another Text.

    ``prevails`` is the language that decides where the authentic texts diverge; None where they are equal (VCLT 33(1)).
    ``renderings``: the digest of the rendered page of each authentic language. ``boundary`` stands in every Text.
    """

    format: Literal["mithaq-text/1"]
    law: Law
    renderer: Renderer
    authentic: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=3)]
    prevails: Language | None = None
    renderings: dict[Language, Digest]
    parents: Annotated[tuple[Citation, ...], Meta(max_length=50)] = ()
    boundary: Literal["without_prejudice"]
    rests_on: RestsOn
    conclusion: Conclusion

    @cached_property
    def digest(self) -> Digest:
        return canonical.digest_of(self)


def load_text(data: bytes, vocabulary: Vocabulary) -> Text:
    """The Text whose canonical bytes these are, checked as far as can be without rendering it.

    Raises Malformed or Invalid with the JSON path of the first fault.
    """
    text = canonical.decode(data, Text)
    if write_text(text) != data:
        raise Invalid("spelling", "a default is written out, or left out, or an instant in another spelling")
    check(text, vocabulary)
    return text


def write_text(text: Text) -> bytes:
    """The canonical bytes of a Text: what its digest is of."""
    return canonical.encode(text)


def check(text: Text, vocabulary: Vocabulary) -> None:
    """Refuse a Text whose law does not load, or whose parts contradict each other or it."""
    if text.law.type != "agreement":
        raise Invalid("text", f"a {text.law.type} is not agreed between nations", where="$.law.type")
    check_law(text.law, vocabulary)
    if text.rests_on.vocabulary != text.law.vocabulary:
        raise Invalid("text", "the law rests on another vocabulary", where="$.rests_on.vocabulary")
    _check_languages(text)
    check_citations(text.parents, "$.parents")
    _check_conclusion(text.conclusion, text.law)


def check_law(law: Law, vocabulary: Vocabulary) -> None:
    """Refuse the law of a Text as ``load_law`` would, with the JSON path in the Text."""
    try:
        laws.check(law, vocabulary)
    except MithaqError as problem:
        where = f"$.law{problem.where.removeprefix('$')}"
        raise type(problem)(problem.code, problem.message, where=where, hint=problem.hint) from None


def _check_languages(text: Text) -> None:
    if len(set(text.authentic)) != len(text.authentic):
        raise Invalid("language", "a language stands twice", where="$.authentic")
    if text.prevails is not None and (text.prevails not in text.authentic or len(text.authentic) == 1):
        raise Invalid("language", "only one of several authentic texts can prevail", where="$.prevails")
    if text.renderings.keys() != set(text.authentic):
        raise Invalid("rendering", "each authentic language has one rendering, others none", where="$.renderings")


def _check_conclusion(conclusion: Conclusion, law: Law) -> None:
    where = "$.conclusion"
    if conclusion.provisional and not (conclusion.ratification or conclusion.enters_after):
        raise Invalid(
            "conclusion", "what is in force on signature is never applied provisionally", where=f"{where}.provisional",
            hint="ask for ratification, or let it enter into force some time after signature",
        )  # fmt: skip
    if len(set(conclusion.open_to)) != len(conclusion.open_to) or set(conclusion.open_to) & set(law.parties):
        raise Invalid("conclusion", "a state stands twice, or is a party already", where=f"{where}.open_to")
    if conclusion.open_to and conclusion.accession == "closed":
        raise Invalid("conclusion", "a closed agreement is open to nobody", where=f"{where}.open_to")
