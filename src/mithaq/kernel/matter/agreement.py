"""The Matter by which nations make an agreement: offers and counter-offers, signature, and everything until its end.

After the Vienna Convention on the Law of Treaties (VCLT): initialling and signature (10, 12), ratification (14),
accession (15), reservations and objections (19, 20), entry into force (24), provisional application (25), denunciation
(56), suspension (57, 65) and termination by consent (54). Own releases can be stopped by a party alone and at once:
that is no act under the treaty but a fact, and the legal clock runs beside it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mithaq.kernel.matter.kind import Deadline, MatterKind, Stage, Verb
from mithaq.kernel.values import Digest, FreeText, Instant, Line, PartyId

KIND = "matter.agreement/1"
_CLAUSES = Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=1000)]


class Paper(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A paper that stands behind a statement: full powers, the signed copy, the instrument of ratification.

    ``sha256`` is of its scan, where there is one; the scan itself does not cross.
    """

    what: Literal["full_powers", "signature", "ratification", "accession", "notice"]
    reference: Line
    dated: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
    held_by: Line | None = None
    sha256: Digest | None = None


class Offer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The first text, whole, and the parties it is offered to. ``text`` is a Text (``kernel/law/text.py``)."""

    parties: Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=99)]
    text: dict[str, Any]
    note: FreeText | None = None


class CounterOffer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Another text, as changes to one that was offered (``against``, by digest)."""

    against: Digest
    patch: dict[str, Any]
    note: FreeText | None = None


class Consent(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Terms of endorse, sign, ratify, accede and the like: the papers behind it."""

    papers: Annotated[tuple[Paper, ...], Meta(max_length=10)] = ()
    note: FreeText | None = None


class Reserve(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A Reservation (``kernel/law/reserve.py``): clauses that may only narrow."""

    reservation: dict[str, Any]
    note: FreeText | None = None


class Stop(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Own releases stop under these permits (all by default), and why. The reason is for the partner: say little."""

    clauses: _CLAUSES = ()
    reason: FreeText | None = None


class Notice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Reasons, and the date on which it is to take effect where that is later than the notice period."""

    reason: FreeText | None = None
    takes_effect: Instant | None = None


AGREEMENT = MatterKind(
    name=KIND,
    verbs=(
        Verb(name="propose", role="negotiator", gives="proposed", brings="text", takes=Offer, opens=True),
        Verb(name="counter", role="negotiator", gives="proposed", brings="patch", takes=CounterOffer),
        Verb(name="endorse", role="negotiator", after=("", "proposed"), gives="endorsed", takes=Consent),
        Verb(name="sign", role="signatory", after=("", "proposed", "endorsed"), gives="signed", takes=Consent),
        Verb(name="ratify", role="signatory", after=("signed",), gives="ratified", takes=Consent),
        Verb(
            name="withdraw",
            role="signatory",
            after=("proposed", "endorsed", "signed", "ratified"),
            gives="withdrawn",
            takes=Notice,
        ),
        Verb(name="accede", role="signatory", gives="acceded", when=("signed", "ratified"), takes=Consent, joins=True),
        Verb(name="consent", role="signatory", about="statement", gives="consented", takes=Consent),
        Verb(name="object", role="signatory", about="statement", gives="objected", takes=Notice),
        Verb(
            name="reserve",
            role="signatory",
            axis="reservation",
            after=("", "reserved"),
            gives="reserved",
            takes=Reserve,
        ),
        Verb(name="suspend", role="legal", axis="releases", after=("", "suspended"), gives="suspended", takes=Stop),
        Verb(name="resume", role="legal", axis="releases", after=("suspended",), gives="", takes=Notice),
        Verb(
            name="denounce",
            role="signatory",
            after=("signed", "ratified", "acceded"),
            gives="denounced",
            takes=Notice,
        ),
        Verb(name="end", role="signatory", axis="end", gives="agreed", takes=Notice),
    ),
    stages=(
        Stage("ended", "every", ("agreed",), axis="end"),
        Stage("withdrawn", "some", ("withdrawn",)),
        Stage("ratified", "every", ("ratified", "denounced")),
        Stage("signed", "every", ("signed", "ratified", "denounced")),
        Stage("endorsed", "every", ("endorsed", "signed", "ratified")),
        Stage("offered", "some", ("proposed", "endorsed", "signed", "ratified")),
    ),
    deadlines=(
        Deadline(
            what="answer_offer", after="propose", within="P90D", role="negotiator", escalates_to="signatory",
            discharged_by=("counter", "endorse", "sign", "withdraw"),
        ),
        Deadline(
            what="answer_offer", after="counter", within="P90D", role="negotiator", escalates_to="signatory",
            discharged_by=("counter", "endorse", "sign", "withdraw"),
        ),
        Deadline(
            what="answer_reservation", after="reserve", within="P12M", role="legal", escalates_to="signatory",
            discharged_by=("object",),
        ),
        Deadline(
            what="answer_suspension", after="suspend", within="P90D", role="legal", escalates_to="signatory",
            discharged_by=("object", "denounce", "end"),
        ),
    ),
)  # fmt: skip
"""VCLT 20(5) gives twelve months to object to a reservation, 65(2) three to object to a notice of suspension."""
