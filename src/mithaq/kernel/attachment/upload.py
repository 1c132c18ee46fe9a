"""Uploads inside the nation: a file is announced, comes in parts in any order, and is finished into an attachment.

It can be resumed: whoever begins the same file again is told which parts are missing. An upload belongs to who began
it, and is forgotten when it is finished, refused, or ``FRESH`` after it was begun.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import Invalid, NotFound, Unavailable
from mithaq.kernel.attachment.descriptor import LARGEST, PART, Attachment, count_of
from mithaq.kernel.attachment.hold import FRESH, remind
from mithaq.kernel.desk import Desk
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Digest, Instant, digest

UPLOAD, UPLOAD_PART, UPLOADED = "upload", "upload_part", "uploaded"
OPEN = 8  # uploads that one actor may have under way


class Begin(Struct, frozen=True, forbid_unknown_fields=True):
    """A file: how many bytes, their SHA-256, and that of each part of 128 KiB, in order."""

    size: Annotated[int, Meta(ge=1, le=LARGEST)]
    sha256: Digest
    parts: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=LARGEST // PART)]


class Begun(Struct, frozen=True):
    """The parts that are still to come, and until when; the attachment, if the file was finished before."""

    missing: tuple[Digest, ...]
    until: Instant
    attachment: Attachment | None = None


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """The bytes of one part. Which one it is, its hash says."""

    data: Annotated[bytes, Meta(min_length=1, max_length=PART)]


class Kept(Struct, frozen=True):
    """The hash of the part that is here now."""

    sha256: Digest


class Upload(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is under way."""

    given: Begin
    until: Instant


class Uploaded(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file was finished into, and whether that is smaller to look at than what was given."""

    attachment: Attachment
    scaled: bool
    until: Instant


def begin(desk: Desk, given: Begin) -> Begun:
    """Announce a file, or ask again how far it has come. Unavailable if too many are under way already."""
    if len(given.parts) != count_of(given.size):
        raise Invalid("parts", f"{given.size} bytes have {count_of(given.size)} parts", where="$.parts")
    done = uploaded(desk.tx, desk.who, given.sha256, desk.at)
    if done is not None:
        return Begun((), done.until, done.attachment)
    known = upload(desk.tx, desk.who, given.sha256, desk.at) or _open(desk, given)
    if known.given != given:
        raise Invalid("sha256", "this file was begun with other parts", hint="a file has one size and one set of parts")
    return Begun(missing(desk.tx, desk.who, known), known.until)


def put(desk: Desk, given: Part) -> Kept:
    """Keep one part; the same again changes nothing. NotFound if no upload of this actor has it."""
    hash = digest(given.data)
    waiting = [each.until for each in _under_way(desk.tx, desk.who, desk.at) if hash in each.given.parts]
    if not waiting:
        raise NotFound("part", f"no upload of {desk.who} has a part {hash}", hint="announce it: attachment.begin")
    desk.tx.papers.put(UPLOAD_PART, f"{desk.who}|{hash}", given.data, expires=max(waiting))
    return Kept(hash)


def upload(tx: Transaction, who: str, sha256: str, at: datetime) -> Upload | None:
    """An actor's upload of this file, if it is under way."""
    found = tx.papers.get(UPLOAD, f"{who}|{sha256}")
    known = msgspec.json.decode(found, type=Upload) if found else None
    return known if known is not None and known.until > at else None


def uploaded(tx: Transaction, who: str, sha256: str, at: datetime) -> Uploaded | None:
    """What an actor's upload of this file was finished into, as long as that is remembered."""
    found = tx.papers.get(UPLOADED, f"{who}|{sha256}")
    known = msgspec.json.decode(found, type=Uploaded) if found else None
    return known if known is not None and known.until > at else None


def missing(tx: Transaction, who: str, known: Upload) -> tuple[str, ...]:
    """The hashes of the parts that are still to come."""
    parts = dict.fromkeys(known.given.parts)
    return tuple(hash for hash in parts if tx.papers.get(UPLOAD_PART, f"{who}|{hash}") is None)


def joined(tx: Transaction, who: str, known: Upload) -> bytes:
    """The parts, which are all here, one after the other."""
    return b"".join(tx.papers.get(UPLOAD_PART, f"{who}|{hash}") or b"" for hash in known.given.parts)


def check(known: Upload, data: bytes) -> None:
    """Invalid if the parts do not make the file that was announced."""
    if len(data) != known.given.size or digest(data) != known.given.sha256:
        raise Invalid("sha256", "the parts do not make the file that was announced", hint="begin again with its hash")


def forget(tx: Transaction, who: str, known: Upload) -> None:
    """Let go of an upload and of every part that was given of it."""
    for hash in known.given.parts:
        tx.papers.remove(UPLOAD_PART, f"{who}|{hash}")
    tx.papers.remove(UPLOAD, f"{who}|{known.given.sha256}")


def remember(tx: Transaction, who: str, sha256: str, done: Uploaded) -> None:
    """Give the same answer to whoever asks again, for a while."""
    tx.papers.put(UPLOADED, f"{who}|{sha256}", msgspec.json.encode(done), expires=done.until)


def _open(desk: Desk, given: Begin) -> Upload:
    if sum(1 for _ in _under_way(desk.tx, desk.who, desk.at)) >= OPEN:
        raise Unavailable(
            "uploads", f"{OPEN} uploads of {desk.who} are under way", hint="finish one, or wait until one expires"
        )
    made = Upload(given, desk.at + FRESH)
    desk.tx.papers.put(UPLOAD, f"{desk.who}|{given.sha256}", msgspec.json.encode(made), expires=made.until)
    remind(desk.tx, made.until, f"{UPLOAD}|{desk.who}|{given.sha256}")
    return made


def _under_way(tx: Transaction, who: str, at: datetime) -> Iterator[Upload]:
    last = prefix = f"{who}|"
    while page := [each for each in tx.papers.page(UPLOAD, after=last) if each[0].startswith(prefix)]:
        found = (msgspec.json.decode(content, type=Upload) for _, content in page)
        yield from (known for known in found if known.until > at)
        last = page[-1][0]
