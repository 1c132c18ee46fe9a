"""Talk between parties, as statements without signatures: what the fold works on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mithaq.kernel.matter.agreement import AGREEMENT
from mithaq.kernel.matter.said import Said
from mithaq.kernel.values import digest
from tests.worlds import START

MATTER = "JO-01JD0000000000000000000000"
ROLES = {verb.name: verb.role for verb in AGREEMENT.verbs}
TEXT = digest(b"a text")
OTHER = digest(b"another text")


class Talk:
    """Parties that speak in turn, each having heard everything said before unless told otherwise."""

    def __init__(self, kind: str = "matter.agreement/1", matter: str = MATTER) -> None:
        self.kind, self.matter = kind, matter
        self.said: list[Said] = []
        self.at: datetime = START

    def say(
        self, party: str, says: str, about: str | None = TEXT, *, deaf_to: tuple[str, ...] = (), **terms: Any
    ) -> Said:
        """The party says it, one minute after whatever was said last."""
        self.at += timedelta(minutes=1)
        last = {each.party: each for each in self.said}
        own = last.get(party)
        heard = {p: each.digest for p, each in last.items() if p != party and p not in deaf_to}
        made = Said(
            matter=self.matter,
            kind=self.kind,
            party=party,
            number=own.number + 1 if own else 1,
            previous=own.digest if own else None,
            heard=heard,
            says=says,
            about=about,
            role=ROLES.get(says, "signatory"),
            at=self.at,
            terms=terms,
        )
        self.said.append(made)
        return made

    def propose(self, party: str = "JO", parties: tuple[str, ...] = ("JO", "SA"), about: str = TEXT) -> Said:
        return self.say(party, "propose", about, parties=list(parties), text={})
