"""Patches: a counter-offer as what it changes in the text on the table, clause by clause.

    {"base": "sha256:…", "law": {"version": 2},
     "changes": [{"op": "replace", "id": "4.1", "clause": {…}},
                 {"op": "add", "id": "4.3", "clause": {…}, "after": "4.1"},
                 {"op": "remove", "id": "7"}],
     "conclusion": {"withdrawal_notice": "P2Y"}}

A Patch is exact: applied to the one Text that ``base`` names it gives one other, to the byte, its renderings' digests
included. So what is signed stays a whole Text by its digest, and a Patch is only the shorter way to say it. Changes are
applied in order; a clause that moves is removed and added again. Who the parties are is not for a counter-offer.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.area import Area
from mithaq.kernel.law.clause import Citation, Clause, ClauseId
from mithaq.kernel.law.law import InForce, Law, Overlap
from mithaq.kernel.law.obligation import Value
from mithaq.kernel.law.text import Language, Renderer, RestsOn, Text, write_text
from mithaq.kernel.values import Code, Digest, Line, PartyId, Period

T = TypeVar("T", bound=Struct)


class Change(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One change of one clause. An added clause comes ``after`` that one, or first of all."""

    op: Literal["replace", "add", "remove"]
    id: ClauseId
    clause: Clause | None = None
    after: ClauseId | None = None


class LawChanges(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Fields of the law's head that change; what is not there stays as it is."""

    version: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    previous: Digest | UnsetType | None = UNSET
    title: Line | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    vocabulary: Digest | UnsetType = UNSET
    in_force: InForce | UnsetType = UNSET
    overlap: Overlap | UnsetType = UNSET
    areas: dict[str, Area] | UnsetType = UNSET
    obligations: dict[Code, Value] | UnsetType = UNSET


class ConclusionChanges(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Fields of the conclusion that change."""

    ratification: bool | UnsetType = UNSET
    enters_after: Period | UnsetType | None = UNSET
    provisional: bool | UnsetType = UNSET
    signatures: dict[Code, int] | UnsetType = UNSET
    accession: Literal["closed", "consent", "open"] | UnsetType = UNSET
    open_to: tuple[PartyId, ...] | UnsetType = UNSET
    suspension_notice: Period | UnsetType = UNSET
    withdrawal_notice: Period | UnsetType = UNSET


class TextChanges(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What else of the Text changes. The renderings do with every change that can be read."""

    renderer: Renderer | UnsetType = UNSET
    authentic: tuple[Language, ...] | UnsetType = UNSET
    prevails: Language | UnsetType | None = UNSET
    renderings: dict[Language, Digest] | UnsetType = UNSET
    parents: tuple[Citation, ...] | UnsetType = UNSET
    rests_on: RestsOn | UnsetType = UNSET


class Patch(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """All that a counter-offer changes in the Text with the digest ``base``."""

    base: Digest
    changes: Annotated[tuple[Change, ...], Meta(max_length=20_000)] = ()
    law: LawChanges | UnsetType = UNSET
    conclusion: ConclusionChanges | UnsetType = UNSET
    text: TextChanges | UnsetType = UNSET


def apply(old: Text, patch: Patch) -> Text:
    """The Text that the patch makes of ``old``, well-formed. Its law and renderings are not checked here.

    Raises Invalid with the JSON path where the patch is of another text, or does not fit its clauses.
    """
    if patch.base != old.digest:
        raise Invalid("patch", f"a change to {patch.base}, not to this text", where="$.base", hint="ask for that text")
    law = replace(changed(old.law, patch.law), clauses=_clauses(old.law, patch.changes))
    new = replace(changed(old, patch.text), law=law, conclusion=changed(old.conclusion, patch.conclusion))
    return canonical.decode(write_text(new), Text)  # a value that no Text may have comes no further


def changed(old: T, changes: Struct | UnsetType) -> T:
    """``old`` with the fields that are set in ``changes``."""
    if isinstance(changes, UnsetType):
        return old
    given = {name: getattr(changes, name) for name in changes.__struct_fields__}
    return replace(old, **{name: value for name, value in given.items() if value is not UNSET})


def differing(into: type[T], old: Struct, new: Struct) -> T | UnsetType:
    """The changes of type ``into`` that make of ``old`` what ``new`` is, if any: the inverse of ``changed``."""
    given = {name: (getattr(old, name), getattr(new, name)) for name in into.__struct_fields__}
    found = {name: after for name, (before, after) in given.items() if before != after}
    return into(**found) if found else UNSET


def _clauses(law: Law, changes: tuple[Change, ...]) -> tuple[Clause, ...]:
    found = {each.id: each for each in law.clauses}
    order = [each.id for each in law.clauses]
    for i, change in enumerate(changes):
        where = f"$.changes[{i}]"
        _check_form(change, where)
        if (change.id in found) is (change.op == "add"):
            wrong = "stands there already" if change.op == "add" else "is not there"
            raise Invalid("patch", f"the clause {change.id!r} {wrong}", where=f"{where}.id")
        if change.op == "remove":
            del found[change.id]
            order.remove(change.id)
        if change.op == "add":
            order.insert(_place(order, change.after, where), change.id)
        if change.clause is not None:
            found[change.id] = change.clause
    return tuple(found[id] for id in order)


def _place(order: list[str], after: str | None, where: str) -> int:
    if after is None:
        return 0
    if after not in order:
        raise Invalid("patch", f"the clause {after!r} is not there", where=f"{where}.after")
    return order.index(after) + 1


def _check_form(change: Change, where: str) -> None:
    """A removal has no clause, everything else has the one it names; only an addition says where."""
    if (change.clause is None) is not (change.op == "remove"):
        raise Invalid("patch", "to replace or add takes the clause, to remove does not", where=f"{where}.clause")
    if change.clause is not None and change.clause.id != change.id:
        raise Invalid("patch", f"the clause is {change.clause.id!r}", where=f"{where}.clause.id")
    if change.after is not None and change.op != "add":
        raise Invalid("patch", "only an added clause has a place", where=f"{where}.after", hint="remove and add it")
