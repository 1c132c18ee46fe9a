"""Clauses: the one form of sentence that agreements, national laws and the floor are written in.

    {"id": "4.1", "effect": "permit", "from": "JO", "to": "SA", "reciprocal": true, "act": "share",
     "kinds": ["intelligence.alert.vehicle/1"],
     "when": [["purpose", "in", ["drug_trafficking"]], ["place", "within", "border-belt-50km"]],
     "release": {"fields": {"plate": "clear", "place": "generalised:10km"}},
     "obligations": {"retain": "P1Y", "onward": "never"}}

- **permit** gives a basis: its fields at these levels, under these obligations. A field it does not name is absent.
- **forbid** takes away: in an agreement that agreement's permits, in a law or the floor all of them.
- **duty** adds: where it matches, its obligations and levels are joined to whatever basis was found.

``when`` must hold in every part; of ``any``, if given, at least one group must. There are no functions and no text
patterns, so a clause can be rendered, compared and proved about.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Invalid, Malformed
from mithaq.kernel.clock import read_instant
from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.vocabulary import Attribute, Vocabulary, Word, known_word
from mithaq.kernel.law.window import read_window
from mithaq.kernel.values import Code, Line

Operator = Literal[
    "eq", "in", "notin", "lt", "le", "gt", "ge", "anyof", "allof", "noneof", "within", "during"
]  # fmt: skip
Operand = bool | int | str | tuple[Word, ...]

OPERATORS: dict[str, tuple[str, ...]] = {
    "enum": ("eq", "in", "notin"),
    "party": ("eq", "in", "notin"),
    "text": ("eq", "in", "notin"),
    "bool": ("eq",),
    "int": ("eq", "lt", "le", "gt", "ge"),
    "instant": ("lt", "le", "gt", "ge", "during"),
    "set": ("anyof", "allof", "noneof"),
    "place": ("within",),
}
_LISTS = frozenset({"in", "notin", "anyof", "allof", "noneof"})
ANY = "any"
LIFE_SAVING = frozenset({"disaster_relief", "search_and_rescue"})
"""The purposes of a clause that no suspension stops (VCLT 44(1): a text may provide for suspension in part).

A closed list of the engine, not of a Vocabulary: vocabularies grow, and no new word may quietly outlast a suspension.
These two serve persons in distress, who are helped whoever they are (SAR Convention, annex 2.1.10; secondary source).
Every other purpose can wait until the parties agree again."""
ClauseId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}(?!\n)$")]
Country = Annotated[str, Meta(pattern=r"^([A-Z]{2}|any)(?!\n)$")]


class Constraint(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One condition: attribute, operator, value. On a missing attribute a permit's fails and a forbid's holds."""

    attribute: Word
    operator: str
    value: Operand


class Citation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the rule comes from in law, and how far that was checked: only ``read`` was read in the text itself.

    ``source`` is where it was read, or who reports it: an article number without one is refused.
    """

    instrument: Line
    status: Literal["read", "secondary", "to_be_verified"]
    article: Line | None = None
    source: Line | None = None


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """What is released: each field by name, with its level."""

    fields: dict[Code, level.Level]


class Clause(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True,
             rename={"sender": "from", "receiver": "to"}):  # fmt: skip
    """One clause. ``sender`` and ``receiver`` are written ``from`` and ``to``; ``reciprocal`` adds the mirror image.

    ``life_saving`` marks a permit of an agreement that survives its suspension: warnings, distress, rescue.
    """

    id: ClauseId
    effect: Literal["permit", "forbid", "duty"]
    sender: Country
    receiver: Country
    reciprocal: bool = False
    act: Word
    kinds: Annotated[tuple[Word, ...], Meta(min_length=1)] = (ANY,)
    when: tuple[Constraint, ...] = ()
    any: tuple[tuple[Constraint, ...], ...] = ()
    release: Terms | None = None
    obligations: dict[Code, obligation.Value] = {}
    life_saving: bool = False
    cite: tuple[Citation, ...] = ()

    @property
    def levels(self) -> dict[str, str]:
        return self.release.fields if self.release is not None else {}

    def covers(self, sender: str, receiver: str, act: str, kind: str) -> bool:
        """Whether the clause speaks of this act on this Kind in this direction at all."""
        there = self.sender in (ANY, sender) and self.receiver in (ANY, receiver)
        back = self.reciprocal and self.sender in (ANY, receiver) and self.receiver in (ANY, sender)
        return (there or back) and self.act in (ANY, act) and (self.kinds == (ANY,) or kind in self.kinds)


def check(clause: Clause, vocabulary: Vocabulary, areas: frozenset[str], where: str) -> None:
    """Refuse a clause with any word the Vocabulary, or the law's areas, do not have."""
    _check_scope(clause, vocabulary, where)
    for i, constraint in enumerate(clause.when):
        _check_constraint(constraint, vocabulary, areas, f"{where}.when[{i}]")
    for i, group in enumerate(clause.any):
        if not group:
            raise Invalid("clause", "an empty group always holds", where=f"{where}.any[{i}]")
        for j, constraint in enumerate(group):
            _check_constraint(constraint, vocabulary, areas, f"{where}.any[{i}][{j}]")
    _check_levels(clause, vocabulary, where)
    for what, value in clause.obligations.items():
        obligation.check(what, value, vocabulary, f"{where}.obligations.{what}")
    if clause.life_saving:
        _check_life_saving(clause, f"{where}.life_saving")
    check_citations(clause.cite, f"{where}.cite")


def check_citations(cited: tuple[Citation, ...], where: str) -> None:
    """Refuse an article, or a text that was read, without its source."""
    for i, each in enumerate(cited):
        if each.source is None and (each.article is not None or each.status == "read"):
            place = f"{where}[{i}]"
            raise Invalid("citation", "an article, or a text that was read, needs its source", where=place)


def _check_life_saving(clause: Clause, where: str) -> None:
    """Only what is permitted can survive a suspension, and only where ``when`` leaves no purpose but saving lives."""
    if clause.effect != "permit":
        raise Invalid("life-saving", f"a {clause.effect} is not suspended: only a permit is", where=where)
    limited = [each.value for each in clause.when if each.attribute == "purpose" and each.operator in ("eq", "in")]
    if not any(LIFE_SAVING.issuperset(value if isinstance(value, tuple) else (value,)) for value in limited):
        raise Invalid(
            "life-saving", "a clause that survives suspension serves no purpose but saving lives", where=where,
            hint=f"limit its purpose in when to {', '.join(sorted(LIFE_SAVING))}",
        )  # fmt: skip


def _check_scope(clause: Clause, vocabulary: Vocabulary, where: str) -> None:
    if not (clause.act == ANY and clause.effect != "permit"):
        known_word("act", clause.act, vocabulary.acts, f"{where}.act")
    if clause.kinds != (ANY,):
        for i, kind in enumerate(clause.kinds):
            known_word("kind", kind, vocabulary.kinds, f"{where}.kinds[{i}]")
    if clause.effect == "forbid" and (clause.release is not None or clause.obligations):
        raise Invalid("clause", "a forbid releases nothing and asks for nothing", where=where)
    if clause.effect == "duty" and not (clause.release is not None or clause.obligations):
        raise Invalid("clause", "a duty that asks for nothing", where=where)


def _check_levels(clause: Clause, vocabulary: Vocabulary, where: str) -> None:
    if not clause.levels:
        return
    named = vocabulary.kinds if clause.kinds == (ANY,) else clause.kinds
    if clause.effect == "permit" and clause.kinds == (ANY,):
        raise Invalid("clause", "a permit that releases fields names its kinds", where=f"{where}.kinds")
    precisions: dict[str, tuple[str, ...]] = {str(sort): words for sort, words in vocabulary.levels.items()}
    for name, asked in clause.levels.items():
        place = f"{where}.release.fields.{name}"
        known_word("field", name, {field for kind in named for field in vocabulary.kinds[kind].fields}, place)
        sorts = {words.fields[name] for kind in named if name in (words := vocabulary.kinds[kind]).fields}
        if not all(level.is_known(asked, sort) for sort in sorts):
            raise Invalid("level", f"{asked!r} is not a level of this field", where=place)
        precision = level.precision(asked)
        if precision is not None:
            for sort in sorts:
                known_word("precision", precision, precisions.get(sort, ()), place)


def _check_constraint(constraint: Constraint, vocabulary: Vocabulary, areas: frozenset[str], where: str) -> None:
    name, operator, value = constraint.attribute, constraint.operator, constraint.value
    known_word("attribute", name, vocabulary.attributes, f"{where}[0]")
    attribute = vocabulary.attributes[name]
    known_word(f"operator for {attribute.type}", operator, OPERATORS[attribute.type], f"{where}[1]")
    place = f"{where}[2]"
    if operator in _LISTS:
        if not (isinstance(value, tuple) and value):
            raise Invalid("operand", f"{operator} takes a list of one or more values", where=place)
        for i, each in enumerate(value):
            _check_value(name, attribute, each, vocabulary, f"{place}[{i}]")
    elif operator == "within":
        known_word("area", str(value), areas, place)
    elif operator == "during":
        _check_read(read_window, value, place)
    else:
        _check_value(name, attribute, value, vocabulary, place)


def _check_value(name: str, attribute: Attribute, value: Operand, vocabulary: Vocabulary, where: str) -> None:
    sort = attribute.type
    if sort in ("enum", "set"):
        known_word(f"value of {name}", str(value), vocabulary.values(name), where)
    elif sort == "instant":
        _check_read(read_instant, value, where)
    elif not fits(sort, value):
        raise Invalid("operand", f"{value!r} is not a value of {name}, which is of type {sort}", where=where)


def _check_read(read: object, value: Operand, where: str) -> None:
    try:
        read(value if isinstance(value, str) else repr(value))  # type: ignore[operator]
    except Malformed as problem:
        raise Invalid("operand", problem.message, where=where, hint=problem.hint) from None


def fits(sort: str, value: object) -> bool:
    """Whether a value is of this sort at all (for enum and set, whether it is text: their lists are checked apart)."""
    if sort == "int":
        return type(value) is int
    if sort == "bool":
        return type(value) is bool
    if sort == "party":
        return isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()
    return isinstance(value, str)
