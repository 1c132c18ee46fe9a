"""A whole law or text in plain words: what ``law show`` tells, and what parties bind themselves to by digest."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.kernel import canonical
from mithaq.kernel.law.area import Area
from mithaq.kernel.law.law import Law, write_law
from mithaq.kernel.law.text import Text, write_text
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.values import Digest
from mithaq.treaty.render.catalogue import ENGINE, Language, Speaker, catalogue
from mithaq.treaty.render.provisions import Provision, cited, provisions
from mithaq.treaty.render.sentence import binding, sentence
from mithaq.treaty.render.witnesses import witnessed


class Rendered(Struct, frozen=True):
    """One clause: its sentence, and the citations as lines of text."""

    id: str
    effect: str
    text: str
    cite: tuple[str, ...] = ()


class Page(Struct, frozen=True, kw_only=True):
    """A law, or the text it is agreed in, in one language. ``digest`` is of the law itself.

    Only a text has ``provisions``. Its parties sign the text, which binds this page by its digest.
    """

    engine: Literal["mithaq-render/1"] = ENGINE
    law: str
    digest: Digest
    language: Language
    title: str
    type: str
    in_force: str
    general: tuple[str, ...]
    areas: tuple[str, ...]
    clauses: tuple[Rendered, ...]
    provisions: tuple[Provision, ...] = ()
    note: str
    review: str


def page(law: Law, vocabulary: Vocabulary, language: Language) -> Page:
    """The law in plain words. ``review`` says how many of the phrases used nobody has reviewed yet.

    It is told from its canonical bytes, so that one law has one page, in whatever order its file was written.
    """
    return _page(canonical.decode(write_law(law), Law), vocabulary, Speaker(language), None)


def text_page(text: Text, vocabulary: Vocabulary, language: Language) -> Page:
    """The text in plain words, one page for all who hold the same Text. Its ``renderings`` play no part in it."""
    exact = canonical.decode(write_text(text), Text)
    return _page(exact.law, vocabulary, Speaker(language), exact)


def rendering(text: Text, vocabulary: Vocabulary, language: Language) -> Digest:
    """The digest of the text's page in this language."""
    return canonical.digest_of(text_page(text, vocabulary, language))


def _page(law: Law, vocabulary: Vocabulary, speaker: Speaker, text: Text | None) -> Page:
    parties = speaker.all_of(map(speaker.state, law.parties))
    rows = tuple(
        Rendered(each.id, each.effect, sentence(each, vocabulary, speaker), cited(each.cite, speaker))
        for each in law.clauses
    )
    overlap = [speaker.say(f"page.overlap.{law.overlap}")] if law.type == "agreement" else []
    private = [] if law.published else [speaker.say("page.private")]
    seen = [witnessed(law.witnessed, speaker)] if law.witnessed is not None else []
    general = [binding(law.obligations, speaker), *seen, *overlap, *private, *_counter(law, speaker)]
    return Page(
        law=law.ref, digest=law.digest, language=speaker.language, title=law.title, note=law.note,
        type=speaker.say(f"page.type.{law.type}", parties=parties), in_force=_in_force(law, speaker),
        general=tuple(filter(None, general)), clauses=rows,
        areas=tuple(f"{_area(name, each, speaker)} · {each.digest}" for name, each in law.areas.items()),
        provisions=provisions(text, speaker) if text is not None else (),
        review=_review(speaker),
    )  # fmt: skip


def _in_force(law: Law, speaker: Speaker) -> str:
    start, until = law.in_force.start, law.in_force.until
    if until is None:
        return speaker.say("page.in_force", start=speaker.instant(start))
    return speaker.say("page.in_force.until", start=speaker.instant(start), end=speaker.instant(until))


def _counter(law: Law, speaker: Speaker) -> list[str]:
    """What a national law says of the counter: what follows from a partner's silence, and how long measures last."""
    if law.counter is None:
        return []
    holds = [
        speaker.say(
            "counter.holds", measure=speaker.word("value.measure.requested", measure), period=speaker.period(longest)
        )
        for measure, longest in sorted(law.counter.holds.items())
    ]  # fmt: skip
    return [speaker.say(f"counter.on_silence.{law.counter.on_silence}"), *holds, speaker.say("counter.holds.none")]


def _area(name: str, each: Area, speaker: Speaker) -> str:
    area, corners = speaker.code(name), speaker.count(len(each.corners))
    if each.within is None:
        return speaker.say("page.area.ring", area=area, corners=corners)
    return speaker.say("page.area.belt", area=area, corners=corners, metres=speaker.count(each.within))


def _review(speaker: Speaker) -> str:
    used = set(speaker.used)
    own = sum(catalogue().strings[key].origin == "own" for key in used)
    return speaker.say("page.unreviewed", own=speaker.count(own), all=speaker.count(len(used)))
