"""Where a desk stands: what of the node an act may use, and what becomes of a record that is stated there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from mithaq.kernel.contact import Book
from mithaq.kernel.link.line import Line
from mithaq.kernel.link.message import MAX_CONTENT
from mithaq.kernel.link.rings import Rings
from mithaq.kernel.party import Card
from mithaq.kernel.ports import Keyed, Pictures, Signer
from mithaq.kernel.record import Kind
from mithaq.kernel.standing import Standing

if TYPE_CHECKING:
    from mithaq.kernel.plug import Command, Question


class Stated(Struct, frozen=True):
    """What became of a record version: the partners it was released to, and those it was withheld from and why.

    ``without_attachments``: those it was released to whose node cannot take its attachments: they know only of them.
    """

    id: str
    version: int
    released: tuple[str, ...] = ()
    withheld: dict[str, tuple[str, ...]] = {}
    deferred: tuple[str, ...] = ()  # decided later: since a restore the partner has not told how far we had come
    reviewing: tuple[str, ...] = ()  # goes once a second person here has agreed: see release.review
    unchanged: bool = False
    without_attachments: tuple[str, ...] = ()


LARGEST = MAX_CONTENT - 32 * 1024
"""Bytes of a record: its release, with levels and handling, must fit into one message of a link."""
Fate = Literal["released", "reviewing"] | tuple[str, ...]
"""What became of a release: it goes, it waits for a review, or it is withheld by these clauses."""


class Surroundings(Struct, frozen=True):
    """What every desk of a node shares."""

    party: str
    standing: Standing
    kinds: Mapping[str, Kind]
    rings: Rings
    lines: Mapping[str, Line]
    unsure: set[str]  # partners for whom nothing may be numbered yet
    keyed: Keyed
    signer: Signer
    randomness: Callable[[int], bytes]
    touched: set[str]  # links with something new; the node signs their heads at the end of the commit
    commands: Mapping[str, Command]
    questions: Mapping[str, Question]
    pictures: Pictures
    contacts: Book
    gate: Callable[[], str]  # how our gate is; nothing where there is none

    @property
    def card(self) -> Card:
        """Our own, as it is now."""
        return self.rings.own.card

    @property
    def cards(self) -> Mapping[str, Card]:
        """Of the partners, as they are now."""
        return {party: known.card for party, known in self.rings.partners.items()}

    @property
    def partners(self) -> tuple[str, ...]:
        return tuple(sorted(self.rings.partners))
