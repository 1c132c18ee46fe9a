"""Finishing an upload: the picture is made anew from what is seen on it, and only that is kept.

An act over the node and not a command: pictures are decoded before the transaction, never in the store's one writer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import BadInput, Clash, NotFound
from mithaq.kernel.attachment import hold, upload
from mithaq.kernel.attachment.descriptor import Attachment, cut, describe
from mithaq.kernel.node import Node
from mithaq.kernel.node_act import NodeAct
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.ports import Picture, Transaction
from mithaq.kernel.values import Digest


class Finish(Struct, frozen=True, forbid_unknown_fields=True):
    """A file by the SHA-256 that it was begun with."""

    sha256: Digest


class Finished(Struct, frozen=True):
    """What a record may now name. ``scaled``: the picture was larger, and was made smaller."""

    attachment: Attachment
    scaled: bool = False


def finish(node: Node, given: Finish, who: Actor) -> Finished:
    """Make the attachment of an upload that is complete; again, it is the same one.

    Clash if parts are missing, NotFound if there is no such upload. What cannot be taken is refused as ``Pictures``
    says, and nothing of the file stays.
    """
    sha256, pictures, at = given.sha256, node.surroundings.pictures, node.clock.now()
    with node.store.read() as tx:
        done = upload.uploaded(tx, who.id, sha256, at)
        if done is not None:
            return Finished(done.attachment, done.scaled)
        known = _complete(tx, who.id, sha256, at)
        data = upload.joined(tx, who.id, known)
    try:
        upload.check(known, data)
        picture = pictures.clean(data)
        made = describe(picture.data, picture.media_type, picture.width, picture.height)
    except BadInput:
        node.store.write(lambda tx: upload.forget(tx, who.id, known)).result()
        raise
    return node.store.write(lambda tx: _kept(tx, node.party, who.id, known, made, picture, at)).result()


def _complete(tx: Transaction, who: str, sha256: str, at: datetime) -> upload.Upload:
    known = upload.upload(tx, who, sha256, at)
    if known is None:
        raise NotFound("upload", f"no upload of {sha256} by {who}", hint="announce it: attachment.begin")
    if lacking := upload.missing(tx, who, known):
        raise Clash("incomplete", f"{len(lacking)} parts are missing", hint="attachment.begin says which")
    return known


def _kept(
    tx: Transaction, party: str, who: str, known: upload.Upload, made: Attachment, picture: Picture, at: datetime
) -> Finished:
    until = at + hold.FRESH
    before = hold.held(tx, party, made.digest)
    if before is None or before.until is not None or not before.complete:  # else a record names it: it stays
        here: Any = hold.Held(party=party, attachment=made, until=until)
        if before is not None:
            here = replace(here, have=before.have)
        for number, data in enumerate(cut(picture.data), 1):
            here = hold.put_part(tx, here, number, data)
    upload.forget(tx, who, known)
    upload.remember(tx, who, known.given.sha256, upload.Uploaded(made, picture.scaled, until))
    return Finished(made, picture.scaled)


FINISH = NodeAct(
    "attachment.finish", "make the attachment of an upload that is complete", Finish, Finished, finish, OPERATIONAL,
    about="sha256",
)  # fmt: skip
