"""The receiver's side: what a release announces is waited for, and each part is held against its hash.

Nothing a partner sends is kept that an accepted release of the same partner did not name, part by part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from mithaq.errors import Invalid, NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.attachment import hold
from mithaq.kernel.attachment.descriptor import MAGIC, Attachment, length_of, named, uncaptioned
from mithaq.kernel.attachment.part import Part
from mithaq.kernel.law.level import CLEAR
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Kind
from mithaq.kernel.release import Release
from mithaq.kernel.values import digest


def announce(tx: Transaction, release: Release, kind: Kind, at: datetime) -> None:
    """Wait for the parts of what an accepted release shows, and keep them as long as it, and our own rule, let us.

    Invalid, and nothing is kept, if it describes an attachment otherwise than the same partner did before.
    """
    shown = _shown(release, kind)
    before = {each.digest: hold.held(tx, release.origin, each.digest) for each in shown}
    for each in shown:
        known = before[each.digest]
        if known is not None and known.attachment != uncaptioned(each):
            raise Invalid("attachment", f"{each.digest} was described otherwise before")
    until = hold.kept_until(at, release.handling.get("retain"))
    for each in shown:
        known = before[each.digest] or hold.Held(party=release.origin, attachment=each)
        longest = max(until, known.until) if known.until is not None else until
        hold.keep(tx, replace(known, until=longest, erased=None))
        hold.name(tx, each.digest, release.record, release.version)


def announced(
    tx: Transaction, part: Part, link: str, kinds: Mapping[str, Kind], at: datetime
) -> tuple[Release, hold.Held]:
    """The release that named this part, and what is held of its attachment. NotAllowed if there is none, or no more."""
    holding = tx.records.get(part.record, part.version)
    kind = kinds.get(holding.kind) if holding is not None else None
    if (
        holding is None
        or not holding.content
        or kind is None
        or holding.link != link
        or recalled(tx, part.record) is not None
    ):
        raise _not_announced()
    release = canonical.fit(canonical.decode(holding.content, dict), Release)
    held = hold.held(tx, release.origin, part.of)
    terms = (part.basis, part.made) == (release.basis, release.made)
    if not terms or held is None or part.of not in {each.digest for each in _shown(release, kind)}:
        raise _not_announced()
    if held.until is None or held.until <= at:
        raise _not_announced()
    return release, held


def take(tx: Transaction, held: hold.Held, part: Part, at: datetime, *, exercise: bool) -> None:
    """Keep the part that was announced, and note in the journal when it was the last. The same again changes nothing.

    NotAllowed (``not_this_part``, ``not_a_picture``), and nothing is kept, if it is not what was announced.
    """
    attachment, number = held.attachment, part.part
    if number > len(attachment.parts) or digest(part.data) != attachment.parts[number - 1]:
        raise NotAllowed("not_this_part", "these are not the bytes that the release named")
    if len(part.data) != length_of(attachment.size, number):
        raise NotAllowed("not_this_part", f"part {number} of {attachment.size} bytes has another length")
    if number == 1 and not part.data.startswith(MAGIC[attachment.media_type]):
        raise NotAllowed("not_a_picture", f"it does not begin as {attachment.media_type} does")
    if number in held.have:
        return
    if len(held.have) + 1 == len(attachment.parts) and not _is_whole(tx, held, part):
        raise NotAllowed("not_this_part", "its parts do not make the attachment that the release named")
    if hold.put_part(tx, held, number, part.data).complete:
        tx.journal.add("attachment", attachment.digest, at=at, party=held.party, exercise=exercise)


def _shown(release: Release, kind: Kind) -> list[Attachment]:
    """Each attachment that a release shows, once."""
    clear = {name: value for name, value in release.fields.items() if release.levels.get(name) == CLEAR}
    return list({each.digest: each for _, each in named(clear, kind)}.values())


def _is_whole(tx: Transaction, held: hold.Held, last: Part) -> bool:
    """Whether the parts that are here make, with this one, the bytes of the attachment."""
    found = hashlib.sha256()
    for number in range(1, len(held.attachment.parts) + 1):
        found.update(last.data if number == last.part else hold.part(tx, held, number) or b"")
    return f"sha256:{found.hexdigest()}" == held.attachment.digest


def _not_announced() -> NotAllowed:
    return NotAllowed("not_announced", "no release that is held here names this part")
