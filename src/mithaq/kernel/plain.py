"""Everything a node holds, as plain lines that are read without Mithaq: for an archive, a court, or another system.

It takes a permission of its own, a reason and a second person, and is good for a day for whoever asked. A record is
shown as that person may read it by our own law; one that a partner gave with the onward rule *never* is named and left
out: a file can be carried on, and nothing here could stop it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.errors import NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.keeping.onward import strictest
from mithaq.kernel.matter.kinds import KINDS
from mithaq.kernel.matter.said import read_said
from mithaq.kernel.people.paper import find, keep
from mithaq.kernel.plug import Command, Question
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import Instant

SORT = "plain"
GOOD_FOR = timedelta(hours=24)
PAGE = 200
Part = Literal["records", "decisions", "statements", "links"]
Reason = Annotated[str, Meta(min_length=10, max_length=500, description="why everything is to be exported")]


class ToAllow(Struct, frozen=True, forbid_unknown_fields=True):
    """Why everything is to be exported."""

    why: Reason


class Allowed(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may export everything, until when, why, and who agreed."""

    who: str
    until: Instant
    why: str
    second: str = ""


class Further(Struct, frozen=True, forbid_unknown_fields=True):
    """A part, and after which place to go on."""

    part: Part
    after: Annotated[int, Meta(ge=0)] = 0


class Lines(Struct, frozen=True):
    """Some lines, what was left out and why, and the place after which to go on; None when these were the last."""

    lines: tuple[dict[str, Any], ...]
    left_out: dict[str, int]
    after: int | None


def allow(desk: Desk, given: ToAllow) -> Allowed:
    """Let whoever asks export everything for a day."""
    made = Allowed(desk.who, desk.at + GOOD_FOR, given.why, desk.second.id if desk.second else "")
    keep(desk.tx, SORT, desk.who, made, until=made.until)
    return made


def page(desk: Desk, given: Further) -> Lines:
    """Some lines of a part. NotAllowed unless a second person has agreed within a day."""
    allowed = find(desk.tx, SORT, desk.who, Allowed)
    if allowed is None or allowed.until <= desk.at:
        raise NotAllowed("plain", "nobody agreed to this export within a day", hint="mithaq export allow --why …")
    return {"records": _records, "decisions": _decisions, "statements": _statements, "links": _links}[given.part](
        desk, given.after
    )


def _records(desk: Desk, after: int) -> Lines:
    held = desk.tx.records.page(after=after, limit=PAGE)
    lines, left = [], {"erased": 0, "onward": 0, "not_for_you": 0}
    for each in held:
        shown = _record(desk, each)
        if isinstance(shown, str):
            left[shown] += 1
            lines.append({"record": each.id, "version": each.version, "kind": each.kind, "left_out": shown})
        else:
            lines.append(shown)
    if any(line.get("left_out") == "not_for_you" for line in lines):
        lines = [line for line in lines if line.get("left_out") != "not_for_you"]  # nor that it is here
    return Lines(tuple(lines), left, held[-1].position if len(held) == PAGE else None)


def _record(desk: Desk, holding: Holding) -> dict[str, Any] | str:
    """A record version as whoever exports may read it; or why it is left out."""
    if not holding.content:
        return "erased"
    sources = [holding.id] if holding.link else desk.own(holding.id, holding.version).marking.sources
    if strictest(desk.tx, sources) == "never":
        return "onward"
    reading = desk.reading(holding)
    if reading is None:
        return "not_for_you"
    whole: dict[str, Any] = canonical.plain(canonical.decode(holding.content, dict))
    names = ("purpose", "marking", "made", "basis", "handling", "levels")
    around = {name: whole[name] for name in names if name in whole}
    if "marking" in around and not holding.link:
        around["marking"] = {name: value for name, value in around["marking"].items() if name != "sources"}
    return {
        "record": holding.id, "version": holding.version, "kind": holding.kind, "origin": holding.origin,
        "exercise": holding.exercise, "fields": reading.fields, "hidden": list(reading.hidden), **around,
    }  # fmt: skip


def _decisions(desk: Desk, after: int) -> Lines:
    held = desk.tx.records.page(after=after, limit=PAGE)
    lines = []
    for each in held:
        if each.link or not each.content or desk.reading(each) is None:
            continue
        for party, content in desk.tx.decisions.of(f"{each.id}/{each.version}"):
            decision = canonical.plain(canonical.decode(content, dict))
            lines.append({"record": each.id, "version": each.version, "to": party, "decision": decision})
    return Lines(tuple(lines), {}, held[-1].position if len(held) == PAGE else None)


def _statements(desk: Desk, after: int) -> Lines:
    matters = [each for each in desk.tx.statements.matters() if desk.tx.statements.of(each)[0].kind in KINDS]
    some = matters[after : after + PAGE]
    lines = []
    for matter in some:
        for filed in desk.tx.statements.of(matter):
            said = canonical.plain(read_said(filed.envelope))
            lines.append({"said": said, "digest": filed.digest, "envelope": filed.envelope.decode()})
    return Lines(tuple(lines), {}, after + PAGE if len(some) == PAGE else None)


def _links(desk: Desk, after: int) -> Lines:
    """Every number of every link as the log has it; of what was sent the release, as the partner got it."""
    found = list(_numbers(desk, after))
    return Lines(tuple(line for line, _ in found), {}, after + PAGE if len(found) == PAGE else None)


def _numbers(desk: Desk, skip: int) -> Iterator[tuple[dict[str, Any], int]]:
    """``PAGE`` numbers after the first ``skip`` over all links, in order of their names."""
    passed, count = 0, 0
    for link in desk.tx.links.names():
        size = desk.tx.links.edge(link).size
        if passed + size <= skip:
            passed += size
            continue
        at = max(0, skip - passed)
        while count < PAGE and (numbers := desk.tx.links.page(link, after=at, limit=PAGE - count)):
            for each in numbers:
                count += 1
                line: dict[str, Any] = {
                    "link": link, "number": each.seq, "lane": each.lane, "entry": each.entry.hex(),
                    "salt": each.salt.hex(), "outcome": each.outcome, "code": each.code, "about": each.subject,
                }  # fmt: skip
                ours = link.startswith(f"{desk.node.party}>")
                if each.content is not None and ours and _is_readable(desk, each.subject):
                    line["content"] = each.content.decode()
                yield line, each.seq
            at = numbers[-1].seq
        passed += size
        if count >= PAGE:
            return


def _is_readable(desk: Desk, subject: str) -> bool:
    """Whether whoever exports may read the record that a message carries."""
    holding = desk.tx.records.get(subject.partition("/")[0])
    return holding is None or (bool(holding.content) and desk.reading(holding) is not None)


def _two(_: Desk, given: Any) -> str:
    return "everything that the node holds is exported"


_WHO = ("legal_officer", "oversight")
COMMANDS = (Command("export.allow", "let everything be exported in plain files", ToAllow, Allowed, allow, _WHO, _two),)
QUESTIONS = (
    Question("export.page", "some lines of everything that the node holds", Further, Lines, page, of_views=False,
             roles=_WHO),
)  # fmt: skip
