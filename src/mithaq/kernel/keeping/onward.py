"""Onward: whether what a partner told us may be passed on to a third nation, in whatever record of ours it stands.

A record of ours that rests on a partner's says so in its marking (``sources``), which stays at home. It goes to a third
nation only as the handling of each source lets it: *free*; *notify*, and the origin is told; *consent*, once the origin
has said so for this nation, and is told; *never*. Where the handling says nothing, or the source is not here any more,
consent is asked. Its origin itself may always have it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from msgspec import Struct

from mithaq.kernel import canonical
from mithaq.kernel.law.decision import Forbid
from mithaq.kernel.law.obligation import CHAIN
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Record
from mithaq.kernel.release import Release
from mithaq.kernel.values import Code, Instant, PartyId, RecordId

CONSENTED, ASKED, TELL = "onward_consented", "onward_asked", "onward_tell/"
UNSAID = "consent"


class Consent(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an origin answered for one record and one third nation."""

    matter: RecordId
    given: bool
    at: Instant
    until: Instant | None = None


class Asked(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request to pass a record on, as both sides keep it, by its matter."""

    matter: RecordId
    record: RecordId
    by: PartyId
    to: PartyId
    purpose: Code
    at: Instant
    answer: Consent | None = None


def rule_of(tx: Transaction, source: str) -> str:
    """How far a record that is held here may be passed on: free, notify, consent or never."""
    holding = tx.records.get(source)
    if holding is None or not holding.content:
        return tx.memos.get(f"onward/{source}") or UNSAID
    if not holding.link:
        return "free"  # our own
    release = canonical.fit(canonical.decode(holding.content, dict), Release)
    return str(release.handling.get("onward", UNSAID))


def strictest(tx: Transaction, sources: Collection[str]) -> str:
    """The strictest rule of these sources; nothing where there are none."""
    return max((rule_of(tx, source) for source in sources), key=CHAIN.index, default="")


def remember(tx: Transaction, release: Release) -> None:
    """Keep what a partner's record lets be done with it: that is to hold when the record is erased, too."""
    tx.memos.put(f"onward/{release.record}", str(release.handling.get("onward", UNSAID)))


def stops(tx: Transaction, record: Record, partner: str, at: datetime) -> tuple[Forbid, ...]:
    """What of the handling of its sources keeps this record of ours from a partner."""
    found = []
    for source in record.marking.sources:
        if source[:2] in (record.origin, partner):
            continue
        rule = rule_of(tx, source)
        if rule == "never" or (rule == "consent" and not has_consent(tx, source, partner, at)):
            found.append(Forbid(f"handling {source}", f"onward {rule}"))
    return tuple(found)


def has_consent(tx: Transaction, source: str, partner: str, at: datetime) -> bool:
    """Whether the origin of a record lets it be passed on to this nation now."""
    found = tx.papers.get(CONSENTED, f"{source}|{partner}")
    known = msgspec.json.decode(found, type=Consent) if found is not None else None
    return known is not None and known.given and (known.until is None or at < known.until)


def passed_on(tx: Transaction, record: Record, partner: str) -> None:
    """Note that the origins of its sources are to be told that it was released to a third nation."""
    for source in record.marking.sources:
        if source[:2] not in (record.origin, partner) and rule_of(tx, source) != "free":
            tx.memos.put(f"{TELL}{source}/{partner}", "")


def asked(tx: Transaction, matter: str) -> Asked | None:
    found = tx.papers.get(ASKED, matter)
    return msgspec.json.decode(found, type=Asked) if found is not None else None


def keep_asked(tx: Transaction, new: Asked) -> None:
    tx.papers.put(ASKED, new.matter, msgspec.json.encode(new))


def keep_consent(tx: Transaction, record: str, to: str, answer: Consent) -> None:
    """Keep what the origin answered: the last word counts."""
    tx.papers.put(CONSENTED, f"{record}|{to}", msgspec.json.encode(answer))
