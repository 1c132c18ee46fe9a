"""Our own attachments: a record that is stated names only what was finished here, and keeps it."""

from __future__ import annotations

from msgspec.structs import replace

from mithaq.errors import BadInput, Invalid
from mithaq.kernel.attachment import hold
from mithaq.kernel.attachment.descriptor import Attachment, named, uncaptioned
from mithaq.kernel.ports import Transaction
from mithaq.kernel.record import Kind, Record


def stay(tx: Transaction, record: Record, kind: Kind) -> None:
    """Keep each attachment that a new version of our own record names, as long as the version.

    Invalid, with its JSON path, if one is not held here, or is not what the record says of it; nothing is kept then.
    What a partner sent us is not ours to name: it would be passed on.
    """
    try:
        found = named(record.body, kind)
    except BadInput as problem:
        raise type(problem)(problem.code, problem.message, where=f"$.body.{problem.where}") from None
    for held in [_held(tx, record.origin, attachment, where) for where, attachment in found]:
        hold.keep(tx, replace(held, until=None))
        hold.name(tx, held.attachment.digest, record.id, record.version)


def _held(tx: Transaction, party: str, attachment: Attachment, where: str) -> hold.Held:
    held = hold.held(tx, party, attachment.digest)
    if held is None or not held.complete:
        raise Invalid(
            "attachment", f"no attachment {attachment.digest} of ours is held here", where=f"$.body.{where}",
            hint="give the picture first: attachment.begin, attachment.part, attachment.finish",
        )  # fmt: skip
    if held.attachment != uncaptioned(attachment):
        raise Invalid("attachment", "it is described otherwise than it is", where=f"$.body.{where}")
    return held
