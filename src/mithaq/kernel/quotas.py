"""How many questions are left today, by clause and partner, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mithaq.kernel import quota
from mithaq.kernel.desk import Desk
from mithaq.kernel.law.law import Law
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Question
from mithaq.kernel.values import link_id


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No input."""


class Left(Struct, frozen=True):
    """One clause and one direction: how many it lets be asked in a day, how many were, and how many are left.

    A nation's own law may allow fewer; a question beyond that is refused as one beyond this is.
    """

    asks: str
    asked: str
    law: str
    clause: str
    day: str
    quota: int
    used: int
    left: int


def left(desk: Desk, _: Nothing) -> tuple[Left, ...]:
    """What is left today of every quota in force between us and a partner."""
    me, found = desk.node.party, dict[tuple[str, str, str, str], Left]()
    for partner in desk.node.partners:
        for asks, asked in ((me, partner), (partner, me)):
            for law in desk.law.book.agreements:
                if law.binds(asks, asked, desk.at):
                    for each in _of_law(desk, law, asks, asked):
                        found[asks, asked, law.ref, each.clause] = each
    return tuple(found.values())


def _of_law(desk: Desk, law: Law, asks: str, asked: str) -> Iterator[Left]:
    kinds = [kind.name for kind in desk.node.kinds.values() if kind.asks]
    for clause in law.clauses:
        if clause.effect != "permit" or not any(clause.covers(asks, asked, "query", kind) for kind in kinds):
            continue
        stated = [each["quota"] for each in (clause.obligations, law.obligations) if "quota" in each]
        if stated:
            most, link = min(int(each) for each in stated if isinstance(each, int)), link_id(asks, asked)
            count = quota.used(desk.tx, link, law.ref, clause.id, desk.at)
            yield Left(asks, asked, law.ref, clause.id, f"{desk.at:%Y-%m-%d}", most, count, max(0, most - count))


QUESTIONS = (
    Question(
        "release.quotas", "how many questions are left today, by clause and partner", Nothing, tuple[Left, ...], left,
        personal=False, of_views=False, roles=(*OPERATIONAL, "oversight"),
    ),
)  # fmt: skip
