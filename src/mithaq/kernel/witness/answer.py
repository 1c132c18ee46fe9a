"""What a witness answers to ``add-checkpoint`` (C2SP tlog-witness): the checks, in their order, as pure functions.

    old 20852014
    <base64: one hash of the consistency proof>

    mithaq/JO/SA
    20852163
    <the rest of the signed checkpoint>

A witness never cosigns two roots for one size and never goes back. That what is cosigned is durable first, and that
nobody else comes between the check and that, is the part of whoever keeps the state (``State``).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from mithaq.errors import BadInput, Malformed, Untrusted
from mithaq.kernel.keys import verify_raw
from mithaq.kernel.link.log.checkpoint import Checkpoint, read_checkpoint
from mithaq.kernel.link.log.note import NoteSignature, SignedNote, write_lines, write_note
from mithaq.kernel.link.log.proof import verify_consistency
from mithaq.kernel.link.log.tree import EMPTY_ROOT, HASH
from mithaq.kernel.witness.cosignature import LOG_TYPES, Cosigner, VerifierKey

MAX_REQUEST = 72 * 1024
MAX_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class Known(Struct, frozen=True):
    """A log that this witness was told of: sets of keys, any one of which signs for it, always with all of its keys."""

    origin: str
    sets: tuple[tuple[VerifierKey, ...], ...]


class Newest(Struct, frozen=True):
    """The newest checkpoint of a log that was cosigned: its size and root, and the whole note."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""


class Request(Struct, frozen=True):
    """One submission."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: SignedNote
    text: str


class Reply(Struct, frozen=True):
    """What the client is told, as HTTP says it. ``against``: the note that this submission contradicts, if it does."""

    status: int
    body: str
    media_type: str = TEXT
    against: str = ""


class State(Protocol):
    """What a witness remembers of the logs it was told of.

    ``advance`` takes the place of ``old`` only if that is still the newest, atomically, and is durable once it returns
    True; False changes nothing. Safe to call from several threads and processes at once.
    """

    def origins(self) -> Sequence[str]: ...

    def known(self, origin: str) -> Known | None: ...

    def newest(self, origin: str) -> Newest: ...

    def advance(self, origin: str, old: Newest, new: Newest) -> bool: ...


def read_request(body: bytes) -> Request:
    """The submission in these bytes; Malformed unless it is spelt exactly."""
    if len(body) > MAX_REQUEST:
        raise Malformed("request", f"more than {MAX_REQUEST} bytes")
    try:
        head, gap, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Malformed("request", "not UTF-8") from None
    lines = head.split("\n")
    old = _OLD.fullmatch(lines[0])
    if not gap or old is None or len(lines) - 1 > MAX_PROOF:
        raise Malformed("request", "an old size, at most 63 hashes, an empty line and a checkpoint")
    proof = tuple(map(_hash, lines[1:]))
    found, signed = read_checkpoint(note)
    return Request(int(old[1]), proof, found, signed, note)


def write_request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The bytes of a submission."""
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def check(request: Request, known: Known | None, newest: Newest) -> Reply | None:
    """Why this checkpoint is not cosigned, or None if it may be. In the order of the specification."""
    found = request.checkpoint
    if known is None:
        return Reply(404, "unknown log\n")
    try:
        trusted = True in {_signed(request, keys) for keys in known.sets}  # every set is looked at: none may be false
    except Untrusted:
        trusted = False
    if not trusted:
        return Reply(403, "not signed by a key that is trusted for this log\n")
    against = newest.note if found.size == newest.size and found.root != newest.root else ""
    if request.old > found.size:
        return Reply(400, "the old size is greater than the size\n", against=against)
    if request.old != newest.size:
        return Reply(409, f"{newest.size}\n", SIZE, against)
    if not _follows(request, newest):
        return Reply(422, "not consistent with what was cosigned before\n", against=newest.note)
    return None


def add_checkpoint(body: bytes, state: State, cosigner: Cosigner, time: int) -> Reply:
    """Take a submission: check it, make it the newest durably, and only then cosign it."""
    try:
        request = read_request(body)
    except BadInput as problem:
        return Reply(400, f"{problem.message}\n")
    origin = request.checkpoint.origin
    newest = state.newest(origin)
    refused = check(request, state.known(origin), newest)
    if refused is not None:
        return refused
    lines = cosigner.cosign(request.checkpoint, time)
    new = Newest(request.checkpoint.size, request.checkpoint.root, _with(request, state, lines))
    if not state.advance(origin, newest, new):
        return Reply(409, f"{state.newest(origin).size}\n", SIZE)
    return Reply(200, write_lines(lines))


def _with(request: Request, state: State, lines: Sequence[NoteSignature]) -> str:
    """The checkpoint with the log's own signatures that were verified, and with ours: for monitors."""
    known = state.known(request.checkpoint.origin)
    ids = {(key.name, key.id) for keys in (known.sets if known else ()) for key in keys}
    own = tuple(each for each in request.note.signatures if (each.name, each.key) in ids)
    return write_note(SignedNote(request.note.text, (*own, *lines)))


def _signed(request: Request, keys: Sequence[VerifierKey]) -> bool:
    """Whether all of these keys signed. Untrusted if one of them is named by a signature that does not hold."""
    named = []
    for key in keys:
        lines = [s.value for s in request.note.signatures if (s.name, s.key) == (key.name, key.id)]
        for value in lines:
            verify_raw(LOG_TYPES[key.type][0], key.public, request.note.text.encode(), value)
        named.append(bool(lines))
    return bool(named) and all(named)


def _follows(request: Request, newest: Newest) -> bool:
    found = request.checkpoint
    if found.size == 0 and found.root != EMPTY_ROOT:
        return False
    if request.old == 0:
        return not request.proof and (found.size > 0 or found.root == newest.root)
    try:
        verify_consistency(request.old, found.size, request.proof, newest.root, found.root)
    except Untrusted:
        return False
    return True


def _hash(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Malformed("request", "a hash of the proof is not base64") from None
    if len(raw) != HASH or base64.b64encode(raw).decode() != text:
        raise Malformed("request", "a hash of the proof has not 32 bytes")
    return raw
