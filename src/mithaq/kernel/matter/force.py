"""Force: between whom, from when and until when a text of an agreement binds, and what is suspended in it.

Everything here follows from the State and the Text by arithmetic on the instants that statements name, so every party
reaches the same answer. Instants are those the parties signed; the links' logs show when each was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import BadInput
from mithaq.kernel import canonical
from mithaq.kernel.clock import after
from mithaq.kernel.law.reserve import Reservation
from mithaq.kernel.law.text import Text
from mithaq.kernel.matter.fold import State
from mithaq.kernel.matter.said import Said


class Force(Struct, frozen=True):
    """``start`` None: not in force. ``suspended``: by party, the permits under which it releases nothing ("": all)."""

    text: str
    parties: tuple[str, ...] = ()
    joining: tuple[tuple[str, datetime], ...] = ()  # parties that acceded, and since when that counts
    start: datetime | None = None
    provisional: datetime | None = None
    until: datetime | None = None
    leaving: tuple[tuple[str, datetime], ...] = ()  # parties that denounced it, and when that takes effect
    suspended: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reservations: tuple[tuple[str, Reservation], ...] = ()
    why: str = ""  # what is missing, as a code


def force(state: State, text: Text) -> Force:
    """What has become of a text."""
    founding = tuple(text.law.parties)
    acts = _Acts(state, text.digest)
    none = Force(text.digest, suspended=acts.suspended(), reservations=acts.reservations())
    if sorted(state.parties) != sorted(set(founding)) or len(founding) < 2:
        return replace(none, why="parties")
    consented = [acts.consent(party, "ratified" if text.conclusion.ratification else "signed") for party in founding]
    signed = [acts.consent(party, "signed") for party in founding]
    start = None if None in consented else _enters(text, consented)
    withdrawn = acts.withdrawn(founding)
    if withdrawn is not None and (start is None or withdrawn < start):
        return replace(none, why="withdrawn")
    provisional = None
    if text.conclusion.provisional and None not in signed:
        provisional = max(text.law.in_force.start, *(at for at in signed if at is not None))
    if start is None and provisional is None:
        return replace(none, why="signatures" if None in signed else "ratifications")
    joined = _joined(acts, state, text, start)
    leaving = acts.leaving((*founding, *(party for party, _ in joined)), text)
    return replace(
        none,
        parties=(*founding, *(party for party, _ in joined)),
        joining=joined,
        start=start,
        provisional=provisional,
        until=_until(text, acts, founding, leaving),
        leaving=leaving,
    )


def _enters(text: Text, consented: Iterable[datetime | None]) -> datetime:
    last = max(at for at in consented if at is not None)
    wait = text.conclusion.enters_after
    return max(text.law.in_force.start, after(last, wait) if wait else last)


def _joined(acts: _Acts, state: State, text: Text, start: datetime | None) -> tuple[tuple[str, datetime], ...]:
    """Parties that acceded as the text lets them, and since when: once all that it takes has been said."""
    if start is None or text.conclusion.accession == "closed":
        return ()
    found = []
    for party in state.joined:
        said = acts.last(party, ("accede",))
        if said is None or (text.conclusion.open_to and party not in text.conclusion.open_to):
            continue
        asked = text.law.parties if text.conclusion.accession == "consent" else ()
        agreed = [acts.last(each, ("consent",), about=said.digest) for each in asked]
        if None not in agreed:
            found.append((party, max(start, said.at, *(each.at for each in agreed if each is not None))))
    return tuple(found)


def _until(
    text: Text, acts: _Acts, founding: tuple[str, ...], leaving: tuple[tuple[str, datetime], ...]
) -> datetime | None:
    """The end: as written, as all agreed, or when fewer than two parties are left."""
    ends = [text.law.in_force.until] if text.law.in_force.until is not None else []
    agreed = [acts.last(party, ("end",)) for party in founding]
    if None not in agreed:
        ends.append(max(_effect(each, each.at) for each in agreed if each is not None))
    if len(founding) - sum(party in founding for party, _ in leaving) < 2 and leaving:
        ends.append(sorted(at for party, at in leaving if party in founding)[len(founding) - 2])
    return min(ends) if ends else None


def _effect(said: Said, earliest: datetime) -> datetime:
    """When a notice takes effect: when it says, and not before its period is over."""
    named: Any = said.terms.get("takes_effect")
    return max(earliest, canonical.fit(named, datetime)) if named else earliest


class _Acts:
    """The effective statements about one text, by party."""

    def __init__(self, state: State, text: str) -> None:
        self._text = text
        self._said: dict[str, list[Said]] = {}
        for each in state.effective:
            self._said.setdefault(each.party, []).append(each)

    def last(self, party: str, says: tuple[str, ...], about: str | None = None) -> Said | None:
        found = [s for s in self._said.get(party, ()) if s.says in says and s.about == (about or self._text)]
        return found[-1] if found else None

    def consent(self, party: str, standing: str) -> datetime | None:
        """When a party gave its consent: by the statement that makes it stand so."""
        said = self.last(party, ("sign",) if standing == "signed" else ("ratify",))
        return said.at if said is not None else None

    def withdrawn(self, parties: Iterable[str]) -> datetime | None:
        """When the first party took its consent back; a signature given again afterwards cannot undo it."""
        found = [said.at for party in parties if (said := self.last(party, ("withdraw",))) is not None]
        return min(found) if found else None

    def leaving(self, parties: Iterable[str], text: Text) -> tuple[tuple[str, datetime], ...]:
        notice = text.conclusion.withdrawal_notice
        said = ((party, self.last(party, ("denounce", "withdraw"))) for party in parties)
        return tuple((party, _effect(each, after(each.at, notice))) for party, each in said if each is not None)

    def suspended(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Parties whose own releases stand still: all of them, or those under the permits they named last."""
        found = []
        for party in sorted(self._said):
            said = self.last(party, ("suspend", "resume"))
            if said is not None and said.says == "suspend":
                found.append((party, tuple(said.terms.get("clauses", ()))))
        return tuple(found)

    def reservations(self) -> tuple[tuple[str, Reservation], ...]:
        """The last reservation of each party, made before it gave its last consent or at any time: it only narrows."""
        found = []
        for party in sorted(self._said):
            said = self.last(party, ("reserve",))
            if said is None:
                continue
            try:
                found.append((party, canonical.fit(said.terms["reservation"], Reservation)))
            except (BadInput, KeyError):
                continue
        return tuple(found)
