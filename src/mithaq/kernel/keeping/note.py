"""What a statement about a held record changes here, on either side. Called once for each that has an effect."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.duty import Duty, discharge, open_duty, renew, void
from mithaq.kernel.keeping import holder, onward
from mithaq.kernel.keeping.due import set_due
from mithaq.kernel.keeping.retention import EXPECTED, RECALLED_WITHIN
from mithaq.kernel.matter.holding import ActedOn, Answered, Deletion, Freed, Hold, OnwardRequest, Told
from mithaq.kernel.matter.said import Said
from mithaq.kernel.ports import Transaction

ANSWER_WITHIN = timedelta(hours=72)


def note(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    """Take in what was said: by a partner of our records, by an origin of what we asked, or by ourselves."""
    known = _NOTES.get(said.says)
    if known is not None:
        known(tx, said, at, me)


def await_deletion(tx: Transaction, record: str, partner: str, due: datetime, at: datetime) -> None:
    """It is owed that the partner deletes the record and says so."""
    duty = Duty(
        id=duty_id(record, partner), what="await_deletion", about=f"{record} at {partner}", since=at, due=due,
        owed_by="liaison_officer", escalates_to="legal_officer", discharged_by=("deleted",),
    )  # fmt: skip
    renew(tx, duty)


def duty_id(record: str, partner: str) -> str:
    return f"await_deletion/{record}/{partner}"


def _deleted(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    for gone in canonical.fit(said.terms, Deletion).records:
        if said.party == me or not holder.was_given(tx, gone.record, me, said.party):
            continue
        known = holder.holder(tx, gone.record, said.party)
        new = replace(known, deleted=said.at, deleted_for=gone.why, held=None, held_for=None)
        holder.keep(tx, gone.record, said.party, new)
        discharge(tx, duty_id(gone.record, said.party), said.digest, at)
        set_due(tx, EXPECTED, f"{gone.record}|{said.party}", None)
        tx.journal.add("deleted", gone.record, at=at, party=said.party)


def _held(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    terms = canonical.fit(said.terms, Hold)
    if said.party != me and holder.was_given(tx, terms.record, me, said.party):
        known = holder.holder(tx, terms.record, said.party)
        holder.keep(tx, terms.record, said.party, replace(known, held=said.at, held_for=terms.why))
        void(tx, duty_id(terms.record, said.party), f"held for a {terms.why}", at)
        set_due(tx, EXPECTED, f"{terms.record}|{said.party}", None)
        tx.journal.add("held", terms.record, at=at, party=said.party)


def _freed(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    terms = canonical.fit(said.terms, Freed)
    if said.party != me and holder.was_given(tx, terms.record, me, said.party):
        known = holder.holder(tx, terms.record, said.party)
        holder.keep(tx, terms.record, said.party, replace(known, held=None, held_for=None))
        await_deletion(tx, terms.record, said.party, at + RECALLED_WITHIN, at)


def _acted(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    terms = canonical.fit(said.terms, ActedOn)
    if said.party != me and holder.was_given(tx, terms.record, me, said.party):
        new = holder.Acted(terms.version, terms.act, terms.by, terms.when)
        holder.acted(tx, terms.record, said.party, new)
        tx.journal.add("acted", f"{terms.record}/{terms.version}", at=at, party=said.party)


def _passed_on(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    terms = canonical.fit(said.terms, Told)
    if said.party != me and holder.was_given(tx, terms.record, me, said.party):
        known = holder.holder(tx, terms.record, said.party)
        to = tuple(dict.fromkeys((*known.passed_to, terms.to)))
        holder.keep(tx, terms.record, said.party, replace(known, passed_to=to))
        tx.journal.add("passed_on", terms.record, at=at, party=said.party)


def _ask_onward(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    terms = canonical.fit(said.terms, OnwardRequest)
    if said.party != me and not holder.was_given(tx, terms.record, me, said.party):
        return  # it never had the record
    onward.keep_asked(
        tx,
        onward.Asked(
            matter=said.matter, record=terms.record, by=said.party, to=terms.to, purpose=terms.purpose, at=said.at
        ),
    )
    if said.party != me and holder.was_given(tx, terms.record, me, said.party):
        duty = Duty(
            id=f"answer_onward/{said.matter}", what="answer_onward", about=f"{terms.record} to {terms.to}", since=at,
            due=at + ANSWER_WITHIN, owed_by="liaison_officer", escalates_to="legal_officer",
            discharged_by=("consent", "refuse"),
        )  # fmt: skip
        open_duty(tx, duty)


def _answered(tx: Transaction, said: Said, at: datetime, me: str) -> None:
    """Only the origin of the record answers; what anybody else says in its place counts for nothing."""
    known = onward.asked(tx, said.matter)
    if known is None or not known.record.startswith(f"{said.party}-") or said.party == known.by:
        return
    until = canonical.fit(said.terms, Answered).until if said.says == "consent" else None
    answer = onward.Consent(matter=said.matter, given=said.says == "consent", at=said.at, until=until)
    onward.keep_asked(tx, replace(known, answer=answer))
    if known.by == me:
        onward.keep_consent(tx, known.record, known.to, answer)
    discharge(tx, f"answer_onward/{said.matter}", said.says, at)


_NOTES = {
    "deleted": _deleted,
    "held": _held,
    "freed": _freed,
    "acted": _acted,
    "passed_on": _passed_on,
    "ask_onward": _ask_onward,
    "consent": _answered,
    "refuse": _answered,
}
