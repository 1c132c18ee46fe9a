"""What may be done with alerts: raise one, correct it, take in many at once. The same three for each sort of alert."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mithaq.capabilities.intelligence import again, drafts, rules
from mithaq.capabilities.intelligence.asking import COMMANDS as ASKING
from mithaq.capabilities.intelligence.following import COMMANDS as FOLLOWING
from mithaq.capabilities.intelligence.foresight import foresee
from mithaq.capabilities.intelligence.forms import Corrected, bulk, form
from mithaq.capabilities.intelligence.records import ALERTS
from mithaq.capabilities.intelligence.releasing import COMMANDS as RELEASING
from mithaq.capabilities.intelligence.review import COMMANDS as REVIEWING
from mithaq.capabilities.intelligence.words import GUARDED
from mithaq.errors import MithaqError
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Record

RAISES: dict[str, tuple[str, ...]] = {
    "vehicle": OPERATIONAL,
    "person": ("duty_officer", "analyst", "commander", "legal_officer", "supervisor"),
    "document": OPERATIONAL,
    "vessel": OPERATIONAL,
    "goods": OPERATIONAL,
    "organisation": ("analyst", "customs_officer", "legal_officer", "supervisor"),
}
"""Who raises and corrects alerts of each sort."""


Drafted = dict[tuple[str, bool], tuple[Record | None, str | None]]
"""What the rows of a dry run would have become, by reference and whether it is an exercise, with their digests."""


class Taken(Struct, frozen=True, omit_defaults=True):
    """What became of one row (in a dry run: what would): stated, or the problem that kept it out."""

    stated: Stated | None = None
    problem: str = ""


def article(sort: str) -> str:
    """The sort with its article, as summaries say it.

    >>> article("organisation"), article("goods"), article("vehicle")
    ('an organisation', 'goods', 'a vehicle')
    """
    return sort if sort == "goods" else f"an {sort}" if sort[0] in "aeiou" else f"a {sort}"


FORMS: dict[str, type[Struct]] = {
    sort: form(f"Alert{sort.title()}", kind, f"An alert on {article(sort)} as an officer gives it.")
    for sort, kind in ALERTS.items()
}
"""What raises an alert of each sort."""

AlertVehicle = FORMS["vehicle"]


def raise_alert(desk: Desk, sort: str, given: Any) -> Stated:
    """Raise an alert, or the next version of the one with the same reference. The same again changes nothing, and
    what became of it meanwhile stands.
    """
    known, digest = drafts.known(desk, ALERTS[sort], given), again.row_digest(ALERTS[sort], given)
    if known is not None and again.last_taken(desk, known.id) == digest:
        return Stated(known.id, known.version, unchanged=True)
    new = drafts.alert(desk, sort, given, known)
    if given.reference:
        again.note_taken(desk, new.id, digest)
    if known is not None and drafts.same(new, known):
        return Stated(known.id, known.version, unchanged=True)
    return desk.state(new, reference=given.reference or "", flash=given.flash)


def correct_alert(desk: Desk, sort: str, given: Any) -> Stated:
    """State the next version of an alert."""
    known = drafts.own_alert(desk, given.id, sort)
    reference = given.reference or desk.held(given.id).reference
    new = drafts.alert(desk, sort, given, known, corrects=True)
    return desk.state(new, reference=reference, flash=given.flash)


def raise_many(desk: Desk, sort: str, given: Any) -> tuple[Taken, ...]:
    """Raise each row; a row that breaks a rule is left out and says why. Checked before anything of it is kept."""
    drafted: Drafted = {}
    return tuple(_take(desk, sort, row, drafted if given.dry_run else None) for row in given.rows)


def needs_second(desk: Desk, given: Any) -> str:
    """Why an alert on a person needs a second person; nothing if it does not."""
    asked = {given.measure, given.category} & rules.SECOND
    if asked:
        return f"an alert on a person that asks for {min(asked)}"
    guarded = GUARDED.intersection(given.flags or ())
    if guarded and (given.release_description or given.release_remarks):
        return f"a text for partners about a person who is a {', '.join(sorted(guarded))}"
    return ""


def _take(desk: Desk, sort: str, row: Any, drafted: Drafted | None) -> Taken:
    try:
        if sort == "person" and (why := needs_second(desk, row)) and desk.second is None:
            return Taken(problem=f"{why} needs a second person: raise it by itself, intelligence.alert-person")
        if drafted is None:
            return Taken(stated=raise_alert(desk, sort, row))
        return Taken(stated=_rehearse(desk, sort, row, drafted))
    except MithaqError as problem:
        return Taken(problem=str(problem))


def _rehearse(desk: Desk, sort: str, row: Any, drafted: Drafted) -> Stated:
    """What would become of a row, after the rows before it. Nothing is kept but what they would have been."""
    digest, key = again.row_digest(ALERTS[sort], row), (row.reference or "", row.exercise)
    known, last = drafted.get(key) or _kept(desk, sort, row)
    if known is not None and last == digest:
        return Stated(known.id, known.version, unchanged=True)
    new = drafts.alert(desk, sort, row, known)
    if known is not None and drafts.same(new, known):
        new, told = known, Stated(known.id, known.version, unchanged=True)
    else:
        told = foresee(desk, new)
    if row.reference:
        drafted[key] = new, digest
    return told


def _kept(desk: Desk, sort: str, row: Any) -> tuple[Record | None, str | None]:
    known = drafts.known(desk, ALERTS[sort], row)
    return known, again.last_taken(desk, known.id) if known is not None else None


def _three(sort: str) -> tuple[Command, ...]:
    """The commands for one sort of alert."""
    raised, roles = FORMS[sort], RAISES[sort]
    doc = f"The whole alert on {article(sort)} as it should now read: it becomes the next version."
    corrected = form(f"Correct{sort.title()}", ALERTS[sort], doc, Corrected)
    many = bulk(f"Alert{sort.title()}s", raised)
    second = needs_second if sort == "person" else None
    plural = sort if sort == "goods" else f"{sort}s"
    return (
        Command(
            f"intelligence.alert-{sort}", f"raise an alert on {article(sort)}", raised, Stated, _run(raise_alert, sort),
            roles=roles, second=second,
        ),
        Command(
            f"intelligence.correct-{sort}", f"correct an alert on {article(sort)} by a new version", corrected, Stated,
            _run(correct_alert, sort), roles=roles, second=second,
        ),
        Command(
            bulk_name(sort), f"raise many alerts on {plural}", many, tuple[Taken, ...], _run(raise_many, sort),
            roles=roles,
        ),
    )  # fmt: skip


def bulk_name(sort: str) -> str:
    """The command that takes in many alerts of a sort.

    >>> bulk_name("vehicle"), bulk_name("goods")
    ('intelligence.alert-vehicles', 'intelligence.alert-many-goods')
    """
    return "intelligence.alert-many-goods" if sort == "goods" else f"intelligence.alert-{sort}s"


def _run(what: Callable[[Desk, str, Any], Any], sort: str) -> Callable[[Desk, Any], Any]:
    return lambda desk, given: what(desk, sort, given)


COMMANDS = (*(each for sort in ALERTS for each in _three(sort)), *FOLLOWING, *REVIEWING, *ASKING, *RELEASING)
