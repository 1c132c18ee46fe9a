"""Compose: join what every layer asks of a release into one set of levels and obligations, and say who asked.

A layer is a basis clause, a duty that matched, or the obligations that bind everything under a law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from mithaq.kernel.law import level, obligation
from mithaq.kernel.law.clause import Clause
from mithaq.kernel.law.decision import Basis, Forbid, Ruling
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.obligation import Obligation, Value
from mithaq.kernel.law.request import Request
from mithaq.kernel.law.vocabulary import Vocabulary


class Layer(Struct, frozen=True):
    """One voice in a release: whose it is, the levels it sets and the obligations it imposes."""

    law: Law
    clause: Clause | None
    levels: Mapping[str, str]
    obligations: Mapping[str, Value]

    @property
    def by(self) -> str:
        return by(self.law, self.clause)


def by(law: Law, clause: Clause | None) -> str:
    """How a layer is named in a Decision: ``JO-SA-border/1 4.1``, or ``JO-SA-border/1`` for all of it."""
    return f"{law.ref} {clause.id}" if clause is not None else law.ref


def compose(
    layers: Sequence[Layer], request: Request, vocabulary: Vocabulary,
    forbids: tuple[Forbid, ...] = (), unknown: tuple[str, ...] = (),
) -> Ruling:  # fmt: skip
    """The Ruling that rests on ``layers[0]``: a permit, or a denial where the layers cannot all be obeyed."""
    joined = [each for what in obligation.WORDS if (each := join_obligation(what, layers)) is not None]
    conflict = impossible(joined, request.purpose)
    if conflict:
        return Ruling(decision="deny", forbids=forbids, unknown=unknown, conflict=conflict)
    levels = {name: join_level(name, layers) for name in asked_fields(request, layers[0], vocabulary)}
    first = layers[0]
    assert first.clause is not None  # noqa: S101
    return Ruling(
        decision="permit", basis=Basis(first.law.ref, first.clause.id, first.law.digest),
        fields={name: each for name, (each, _) in levels.items()},
        fields_by={name: who for name, (_, who) in levels.items()},
        obligations=tuple(joined), forbids=forbids, unknown=unknown,
    )  # fmt: skip


def asked_fields(request: Request, basis: Layer, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The fields a request is about: those it names, else all of its Kind, else those of the basis."""
    if request.fields:
        return request.fields
    words = vocabulary.kinds.get(request.kind or "")
    return tuple(words.fields if words is not None else basis.levels)


def join_level(name: str, layers: Sequence[Layer]) -> tuple[str, str]:
    """The join of what every layer says of a field, and the first layer that asks for exactly that.

    What the basis does not name is absent. Any other layer that does not name the field says nothing of it.
    """
    said = [(layers[0].levels.get(name, level.ABSENT), layers[0].by)]
    said += [(layer.levels[name], layer.by) for layer in layers[1:] if name in layer.levels]
    joined = level.join(*(each for each, _ in said))
    return joined, next((who for each, who in said if each == joined), layers[0].by)


def join_obligation(what: str, layers: Sequence[Layer]) -> Obligation | None:
    """The join of one obligation over the layers, who imposes exactly that, and the weaker ones it overrode."""
    said = [(layer.obligations[what], layer.by) for layer in layers if what in layer.obligations]
    if not said:
        return None
    joined = obligation.join(what, (each for each, _ in said))
    if joined is None:
        return Obligation(what, (), ", ".join(who for _, who in said))
    imposing = [who for each, who in said if each == joined] or [who for _, who in said]
    over = tuple((who, each) for each, who in said if each != joined)
    return Obligation(what, joined, ", ".join(imposing), over)


def impossible(joined: Sequence[Obligation], purpose: str) -> tuple[str, ...]:
    """The obligations that nobody can comply with."""
    return tuple(each.what for each in joined if _impossible(each, purpose))


def _impossible(joined: Obligation, purpose: str) -> bool:
    """Whether nothing is left of a set or an interval, or our purpose is not among those left."""
    if joined.what in obligation.MEETS | {"log"} and joined.value == ():
        return True
    return joined.what == "purposes" and purpose not in _words(joined.value)


def _words(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
