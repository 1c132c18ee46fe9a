"""What is held of an attachment, from whom and for how long. Its parts are blobs, kept once whoever names them.

Everything is kept by (party, digest): our own, or a partner's. So nobody sees a part through the record of a partner
that did not send it, and what one party's time is over for stays for another.

Our own, once a version of a record names it, stays as long as that version does; before that, for ``FRESH``. A
partner's stays for ``KEPT`` from when the newest release that names it arrived, or as long as that release may be
kept, if that is shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.attachment.descriptor import Attachment, uncaptioned
from mithaq.kernel.clock import after, write_instant
from mithaq.kernel.ports import Store, Transaction
from mithaq.kernel.values import Digest, Instant

HELD, PART_OF, NAMED, DUE = "attachment", "attachment_part", "attachment_named", "attachment_due"
FRESH = timedelta(hours=24)
KEPT = "P30D"


class Held(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One attachment of one party: the numbers of the parts that are here, and until when. ``erased``: it was here."""

    party: str
    attachment: Attachment
    have: tuple[int, ...] = ()
    until: Instant | None = None
    erased: Instant | None = None

    @property
    def key(self) -> str:
        return _key(self.party, self.attachment.digest)

    @property
    def complete(self) -> bool:
        return len(self.have) == len(self.attachment.parts)


def held(tx: Transaction, party: str, digest: Digest) -> Held | None:
    """What is known here of an attachment of a party."""
    found = tx.papers.get(HELD, _key(party, digest))
    return msgspec.json.decode(found, type=Held) if found else None


def keep(tx: Transaction, new: Held) -> None:
    """Keep it in place of what was known, and have it looked at when its time is over."""
    old = held(tx, new.party, new.attachment.digest)
    if old is not None and old.until is not None:
        tx.papers.remove(DUE, _due(old.until, new.key))
    if new.until is not None:
        remind(tx, new.until, new.key)
    bare = replace(new, attachment=uncaptioned(new.attachment))
    tx.papers.put(HELD, new.key, msgspec.json.encode(bare))


def remind(tx: Transaction, at: datetime, key: str) -> None:
    """Have something looked at when this instant has passed."""
    tx.papers.put(DUE, _due(at, key), b"")


def put_part(tx: Transaction, of: Held, part: int, data: bytes) -> Held:
    """Keep the bytes of one part; what is held now. The caller has checked them against their hash."""
    hash = of.attachment.parts[part - 1]
    tx.blobs.put(_raw(hash), data)
    tx.papers.put(PART_OF, f"{hash}|{of.key}", b"")
    new = replace(of, have=tuple(sorted({*of.have, part})))
    keep(tx, new)
    return new


def part(tx: Transaction, of: Held, number: int) -> bytes | None:
    """The bytes of one part, if it is here."""
    return tx.blobs.get(_raw(of.attachment.parts[number - 1])) if number in of.have else None


def name(tx: Transaction, digest: Digest, record: str, version: int) -> None:
    """Note that this version of a record names the attachment."""
    tx.papers.put(NAMED, f"{digest}|{record}|{version}", b"")


def named_by(tx: Transaction, digest: Digest) -> Iterator[tuple[str, int]]:
    """(record, version) of each that names the attachment."""
    last = prefix = f"{digest}|"
    while page := [id for id, _ in tx.papers.page(NAMED, after=last) if id.startswith(prefix)]:
        for id in page:
            _, record, version = id.split("|")
            yield record, int(version)
        last = page[-1]


def unname(tx: Transaction, party: str, digest: Digest, record: str, version: int, at: datetime) -> None:
    """This version of a record of the party is no more; what nothing else of the party names goes with it."""
    tx.papers.remove(NAMED, f"{digest}|{record}|{version}")
    if not any(other.startswith(f"{party}-") for other, _ in named_by(tx, digest)):
        known = held(tx, party, digest)
        if known is not None and known.have:
            _erase(tx, known, at)


def kept_until(at: datetime, retain: object) -> datetime:
    """Until when a partner's attachment is kept whose release came at this instant and may be kept for ``retain``."""
    longest = after(at, KEPT)
    return min(longest, after(at, retain)) if isinstance(retain, str) else longest


def sweep(store: Store, at: datetime) -> int:
    """Erase what is here no longer, and forget uploads that were not finished in time; how many attachments.

    Asked often, and mostly finds nothing: it reads first and writes only where something is due.
    """
    with store.read() as tx:
        if not _overdue(tx, at):
            return 0
    return store.write(lambda tx: _sweep(tx, at)).result()


def _sweep(tx: Transaction, at: datetime) -> int:
    erased = 0
    while page := _overdue(tx, at):
        for id in page:
            tx.papers.remove(DUE, id)
            party, _, digest = id.partition("|")[2].partition("|")
            known = held(tx, party, digest)
            if known is not None and known.until is not None and known.until <= at:
                _erase(tx, known, at)
                erased += 1
    tx.papers.expire(at)
    return erased


def _erase(tx: Transaction, known: Held, at: datetime) -> None:
    """Let go of every part of it; bytes that no other attachment has are gone. That it was here is remembered."""
    for number in known.have:
        hash = known.attachment.parts[number - 1]
        tx.papers.remove(PART_OF, f"{hash}|{known.key}")
        others = tx.papers.page(PART_OF, after=f"{hash}|", limit=1)
        if not (others and others[0][0].startswith(f"{hash}|")):
            tx.blobs.remove(_raw(hash))
    keep(tx, replace(known, have=(), until=None, erased=at))
    tx.journal.add("erased", known.attachment.digest, at=at, party=known.party)


def _overdue(tx: Transaction, at: datetime) -> list[str]:
    """What is to be looked at by now, the oldest first."""
    upto = write_instant(at)
    return [id for id, _ in tx.papers.page(DUE) if id.partition("|")[0] <= upto]


def _due(at: datetime, key: str) -> str:
    return f"{write_instant(at)}|{key}"


def _key(party: str, digest: Digest) -> str:
    return f"{party}|{digest}"


def _raw(hash: Digest) -> bytes:
    return bytes.fromhex(hash.removeprefix("sha256:"))
