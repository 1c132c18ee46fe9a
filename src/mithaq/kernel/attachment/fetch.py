"""Fetching: the bytes of a part, for whoever may read a record that names its attachment.

What may not be read and what is not there look the same.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.errors import NotFound, Unavailable
from mithaq.kernel.attachment import hold
from mithaq.kernel.attachment.descriptor import attachments_in
from mithaq.kernel.attachment.part import Number
from mithaq.kernel.desk import Desk
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import Digest


class Fetch(Struct, frozen=True, forbid_unknown_fields=True):
    """One part of an attachment, by the digest that its record gives; numbers start from 1."""

    digest: Digest
    part: Number = 1

    @property
    def id(self) -> str:
        """What the audit log says it was about."""
        return self.digest


class Fetched(Struct, frozen=True):
    """The bytes of one part, and how many parts and bytes the whole has."""

    data: bytes
    part: int
    parts: int
    size: int
    media_type: Literal["image/jpeg", "image/png"]


def fetch(desk: Desk, given: Fetch) -> Fetched:
    """The part, if a record that is held here names it and whoever asks may see that field of it.

    NotFound: ``attachment`` (none that may be seen), ``part`` (it has fewer), ``erased`` (its time was over).
    Unavailable: this part has not arrived yet.
    """
    seen = _seen(desk, given.digest)
    if not seen:
        raise NotFound("attachment", f"no attachment {given.digest}", hint="take the digest from a record you can read")
    for held in seen:
        if given.part > len(held.attachment.parts):
            raise NotFound("part", f"it has {len(held.attachment.parts)} parts")
        data = hold.part(desk.tx, held, given.part)
        if data is not None:
            whole = held.attachment
            return Fetched(data, given.part, len(whole.parts), whole.size, whole.media_type)
    if any(held.erased is None for held in seen):
        raise Unavailable("part", f"part {given.part} has not arrived", hint="it comes by itself; see link.status")
    raise NotFound("erased", f"{given.digest} was erased when its time was over", hint="ask its origin for it again")


def _seen(desk: Desk, digest: Digest) -> list[hold.Held]:
    """What is held of an attachment, from each party through whose records whoever acts may see it."""
    found: dict[str, hold.Held] = {}
    for id, version in hold.named_by(desk.tx, digest):
        holding = desk.tx.records.get(id, version)
        if holding is not None and holding.origin not in found and _is_shown(desk, holding, digest):
            held = hold.held(desk.tx, holding.origin, digest)
            if held is not None:
                found[holding.origin] = held
    return list(found.values())


def _is_shown(desk: Desk, holding: Holding, digest: Digest) -> bool:
    """Whether this version shows it, and the newest one still does: what came to be protected is, throughout."""
    newest = desk.held(holding.id)
    return _names(desk, newest, digest) and (newest.version == holding.version or _names(desk, holding, digest))


def _names(desk: Desk, holding: Holding, digest: Digest) -> bool:
    """Whether whoever acts may see that this version shows the attachment."""
    kind, reading = desk.node.kinds.get(holding.kind), desk.reading(holding)
    if kind is None or reading is None:
        return False
    return any(each.digest == digest for _, each in attachments_in(reading.fields, kind))
