"""Counter-offers: what another text would change, as a patch for the partner's node and as a redline for its people."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from mithaq.errors import Invalid
from mithaq.kernel.law import patch as structure
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.patch import Change, ConclusionChanges, LawChanges, Patch, TextChanges, differing
from mithaq.kernel.law.text import Language, Text
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.treaty.render.page import Page, Rendered, text_page
from mithaq.treaty.render.provisions import Provision
from mithaq.treaty.text import render

HEAD = ("law", "title", "type", "in_force", "general", "areas", "note")


class Redline(Struct, frozen=True):
    """One change for people. ``what`` is a clause (``id``), a provision (what it is about) or the head (its field).

    A clause that only moved, or whose sentence is the same for another reason, is told all the same.
    """

    what: Literal["clause", "provision", "head"]
    id: str
    change: Literal["replaced", "added", "removed", "moved"]
    before: str = ""
    after: str = ""


def diff(old: Text, new: Text) -> Patch:
    """The Patch with ``apply(old, diff(old, new)) == new``. Both must be of one agreement between the same parties."""
    for name in ("id", "parties", "type", "published"):
        if getattr(old.law, name) != getattr(new.law, name):
            raise Invalid("patch", "this is another agreement, not a change to the one", where=f"$.law.{name}")
    return Patch(
        base=old.digest,
        changes=tuple(_changes(old.law.clauses, new.law.clauses)),
        law=differing(LawChanges, old.law, new.law),
        conclusion=differing(ConclusionChanges, old.conclusion, new.conclusion),
        text=differing(TextChanges, old, new),
    )


def apply(old: Text, patch: Patch, vocabulary: Vocabulary) -> Text:
    """The Text that the patch makes of ``old``, with our renderings of it, whatever renderings the patch states.

    The version is what the patch says. Raises Invalid where the patch does not fit, or its outcome could not be signed.
    """
    return render(structure.apply(old, patch), vocabulary)


def redline(
    old: Text, new: Text, vocabulary: Vocabulary, language: Language, *, earlier: Vocabulary | None = None
) -> list[Redline]:
    """Everything in ``new`` that is, or reads, otherwise. ``earlier`` is the vocabulary of ``old`` if it is another.

    The head first, then the clauses in the order of the new text, each removed one where it stood, then the provisions.
    """
    before, after = text_page(old, earlier or vocabulary, language), text_page(new, vocabulary, language)
    return [*_head(before, after), *_clauses(old, new, before, after), *_provisions(before, after)]


def _changes(old: Sequence[Clause], new: Sequence[Clause]) -> Iterator[Change]:
    """Removals, replacements in place, then additions in the new order, each after the one that stands before it."""
    kept = _kept(old, new)
    before = {each.id: each for each in old}
    yield from (Change(op="remove", id=each.id) for each in old if each.id not in kept)
    for i, each in enumerate(new):
        if each.id not in kept:
            yield Change(op="add", id=each.id, clause=each, after=new[i - 1].id if i else None)
        elif each != before[each.id]:
            yield Change(op="replace", id=each.id, clause=each)


def _kept(old: Sequence[Clause], new: Sequence[Clause]) -> frozenset[str]:
    """The ids of the most clauses whose order need not change: the longest increasing subsequence of their places."""
    place = {each.id: i for i, each in enumerate(old)}
    common = [each.id for each in new if each.id in place]
    ends: list[int] = []  # the smallest place with which a run of each length can end
    lengths = []
    for id in common:
        at = bisect_left(ends, place[id])
        ends[at : at + 1] = [place[id]]
        lengths.append(at)
    kept: set[str] = set()
    ceiling, wanted = len(old), len(ends) - 1
    for id, at in zip(reversed(common), reversed(lengths), strict=True):
        if at == wanted and place[id] < ceiling:
            kept.add(id)
            ceiling, wanted = place[id], wanted - 1
    return frozenset(kept)


def _clauses(old: Text, new: Text, before: Page, after: Page) -> Iterator[Redline]:
    was = {each.id: (each, _lines(told)) for each, told in zip(old.law.clauses, before.clauses, strict=True)}
    now = {each.id: (each, _lines(told)) for each, told in zip(new.law.clauses, after.clauses, strict=True)}
    kept = _kept(old.law.clauses, new.law.clauses)
    for id in _merged(list(was), list(now)):
        if id not in now:
            yield Redline("clause", id, "removed", before=was[id][1])
        elif id not in was:
            yield Redline("clause", id, "added", after=now[id][1])
        elif was[id] != now[id]:
            yield Redline("clause", id, "replaced", was[id][1], now[id][1])
        elif id not in kept:
            yield Redline("clause", id, "moved", was[id][1], now[id][1])


def _provisions(before: Page, after: Page) -> Iterator[Redline]:
    was = {each.about: _lines(each) for each in before.provisions}
    now = {each.about: _lines(each) for each in after.provisions}
    for about in _merged(list(was), list(now)):
        yield from _told("provision", about, was.get(about, ""), now.get(about, ""))


def _head(before: Page, after: Page) -> Iterator[Redline]:
    for name in HEAD:
        was, now = (getattr(page, name) for page in (before, after))
        yield from _told("head", name, *(each if isinstance(each, str) else "\n".join(each) for each in (was, now)))


def _told(what: Literal["provision", "head"], id: str, before: str, after: str) -> Iterator[Redline]:
    if before != after:
        yield Redline(what, id, "replaced" if before and after else "added" if after else "removed", before, after)


def _lines(told: Rendered | Provision) -> str:
    """The sentence, and below it what it cites."""
    return "\n".join((told.text, *told.cite))


def _merged(old: list[str], new: list[str]) -> list[str]:
    """The new order, with everything that is gone after what it stood after."""
    merged, there = list(new), set(new)
    for i, id in enumerate(old):
        if id not in there:
            merged.insert(merged.index(old[i - 1]) + 1 if i else 0, id)
    return merged
