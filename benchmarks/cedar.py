"""Export of permits and forbids to Cedar: a foreign engine to compare decisions with, and to measure beside.

Cedar skips a policy that reads an attribute which is not there, forbids too: so every read is guarded with ``has``, and
a forbid's guard holds where the attribute is unknown, unless the context lists it as inapplicable. Levels and
obligations have no counterpart in Cedar. Areas are looked up before: one truth for each area that a clause names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import cedarpy

from mithaq.kernel.clock import read_instant
from mithaq.kernel.law.clause import ANY, Clause, Constraint
from mithaq.kernel.law.decision import Ruling
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.request import INAPPLICABLE, UNKNOWN, Cell, Request, value
from mithaq.kernel.law.rulebook import Rulebook
from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.law.window import read_window

NOTHING: list[Any] = []


class Peer:
    """A Rulebook as Cedar policies: one set for each agreement, with the laws and the floor in each."""

    def __init__(self, book: Rulebook) -> None:
        self._book = book
        above = (*book.laws, book.floor)
        self._sets = {
            law.ref: cedarpy.PolicySet.from_str(policies((law, *above), book.vocabulary)) for law in book.agreements
        }
        self._areas = {(law.ref, name): area for law in book.all for name, area in law.areas.items()}

    def ask(self, context: dict[str, Any]) -> list[tuple[bool, set[str]]]:
        """What Cedar says by each agreement, and the ids of the clauses that it says it by."""
        return [_answer(cedarpy.is_authorized(context, each, NOTHING)) for each in self._sets.values()]

    def context(self, request: Request) -> dict[str, Any]:
        """The request as Cedar takes it."""
        given: dict[str, Any] = {"kind": request.kind or ""}
        inapplicable = []
        for name in self._book.vocabulary.attributes:
            known = value(request, name, self._book.vocabulary)
            if known is INAPPLICABLE:
                inapplicable.append(name)
            elif known is not UNKNOWN:
                given |= self._encoded(name, known)
        return {
            "principal": f'Party::"{request.sender}"', "resource": f'Party::"{request.receiver}"',
            "action": f'Action::"{request.act}"', "context": {**given, "inapplicable": inapplicable},
        }  # fmt: skip

    def _encoded(self, name: str, known: Any) -> dict[str, Any]:
        sort = self._book.vocabulary.attributes[name].type
        if sort == "place":
            return self._places(name, known)
        if sort == "instant":
            instant = read_instant(known)
            return {name: int(instant.timestamp()), f"{name} minute": instant.hour * 60 + instant.minute}
        return {name: list(known) if sort == "set" else known}

    def _places(self, name: str, known: Any) -> dict[str, bool]:
        if isinstance(known, Cell):
            return {_within(name, ref, area): True for ref, area in self._areas if area == known.cell}
        return {_within(name, ref, area): each.holds(known) for (ref, area), each in self._areas.items()}


def agree(answers: list[tuple[bool, set[str]]], ruling: Ruling) -> bool:
    """Whether Cedar, by each agreement, says what we say: the same decision, the same forbids, our basis among its own.

    Obligations that cannot be met together are beyond Cedar: there it allows, and we deny.
    """
    allowed = [ids for allow, ids in answers if allow]
    if ruling.conflict:
        return bool(allowed)
    if ruling.basis is not None:
        return any(f"{ruling.basis.law} {ruling.basis.clause}" in ids for ids in allowed)
    vetoes = set().union(*(ids for allow, ids in answers if not allow))
    return not allowed and vetoes == {f"{each.law} {each.clause}" for each in ruling.forbids}


def policies(laws: Sequence[Law], vocabulary: Vocabulary) -> str:
    """The permits and forbids of these laws as Cedar text; each policy's ``@id`` is ``LAW CLAUSE``."""
    said = ((law, clause) for law in laws for clause in law.clauses if clause.effect != "duty")
    return "\n".join(_policy(law, clause, vocabulary) for law, clause in said)


def _policy(law: Law, clause: Clause, vocabulary: Vocabulary) -> str:
    conditions = [_scope(clause), *(_guarded(each, law, clause, vocabulary) for each in clause.when)]
    if clause.any:
        groups = (" && ".join(_guarded(each, law, clause, vocabulary) for each in group) for group in clause.any)
        conditions.append(" || ".join(f"({group})" for group in groups))
    told = " && ".join(f"({each})" for each in conditions if each)
    action = "action" if clause.act == ANY else f'action == Action::"{clause.act}"'
    id = json.dumps(f"{law.ref} {clause.id}")
    return f"@id({id})\n{clause.effect} (principal, {action}, resource) when {{ {told or 'true'} }};"


def _scope(clause: Clause) -> str:
    there = _ends(clause.sender, clause.receiver)
    ends = f"({there}) || ({_ends(clause.receiver, clause.sender)})" if clause.reciprocal else there
    kinds = "" if clause.kinds == (ANY,) else f" && {json.dumps(clause.kinds)}.contains(context.kind)"
    return f"({ends}){kinds}"


def _ends(sender: str, receiver: str) -> str:
    named = [("principal", sender), ("resource", receiver)]
    return " && ".join(f'{end} == Party::"{party}"' for end, party in named if party != ANY) or "true"


def _guarded(each: Constraint, law: Law, clause: Clause, vocabulary: Vocabulary) -> str:
    key = _within(each.attribute, law.ref, str(each.value)) if each.operator == "within" else each.attribute
    has, test = f"context has {json.dumps(key)}", _test(each, key, vocabulary)
    if clause.effect == "permit":
        return f"{has} && ({test})"
    return f"if {has} then ({test}) else !context.inapplicable.contains({json.dumps(each.attribute)})"


def _test(each: Constraint, key: str, vocabulary: Vocabulary) -> str:
    read, operand = f"context[{json.dumps(key)}]", each.value
    if each.operator == "within":
        return read
    if each.operator == "during":
        return _during(read, f"context[{json.dumps(f'{key} minute')}]", str(operand))
    if vocabulary.attributes[each.attribute].type == "instant":
        operand = int(read_instant(str(operand)).timestamp())
    written = json.dumps(operand)
    return {
        "eq": f"{read} == {written}", "in": f"{written}.contains({read})", "notin": f"!{written}.contains({read})",
        "lt": f"{read} < {written}", "le": f"{read} <= {written}",
        "gt": f"{read} > {written}", "ge": f"{read} >= {written}",
        "anyof": f"{read}.containsAny({written})", "allof": f"{read}.containsAll({written})",
        "noneof": f"!{read}.containsAny({written})",
    }[each.operator]  # fmt: skip


def _during(read: str, minute: str, text: str) -> str:
    window = read_window(text)
    if window.start is not None and window.end is not None:
        return f"{read} >= {int(window.start.timestamp())} && {read} < {int(window.end.timestamp())}"
    joint = "&&" if window.opens < window.closes else "||"
    return f"{minute} >= {window.opens} {joint} {minute} < {window.closes}"


def _within(name: str, ref: str, area: str) -> str:
    return f"{name} in {ref} {area}"


def _answer(found: Any) -> tuple[bool, set[str]]:
    if found.diagnostics.errors:
        raise AssertionError(found.diagnostics.errors)
    ids = found.diagnostics.id_annotations_by_reason
    return bool(found.allowed), {ids[each] for each in found.diagnostics.reasons}
