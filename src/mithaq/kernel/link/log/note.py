"""Signed notes (C2SP signed-note): a text, an empty line, and one line per signature.

    — mithaq/JO/SA Uw2QOkn8srV1yJGh…

A signature line holds the key's name and base64 of a four-byte key id and the signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable

from msgspec import Struct

from mithaq.errors import Malformed

MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 16
_DASH = "— "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")

ED25519 = b"\x01"
ML_DSA_65 = b"\xffmithaq/ml-dsa-65"  # the specification assigns no byte to it: 0xff and a name of our own


class NoteSignature(Struct, frozen=True):
    """One signature line: the key's name, its four-byte id, and the raw signature."""

    name: str
    key: bytes
    value: bytes


class SignedNote(Struct, frozen=True):
    """A note's text, ending in a newline, and its signatures, none of them verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, signature_type: bytes, public: bytes) -> bytes:
    """The id by which a signature line names its key; it only helps to find the key."""
    return hashlib.sha256(name.encode() + b"\n" + signature_type + public).digest()[:4]


def write_note(note: SignedNote) -> str:
    return note.text + "\n" + write_lines(note.signatures)


def write_lines(lines: Iterable[NoteSignature]) -> str:
    """Signature lines alone, as a witness gives them."""
    return "".join(f"{_DASH}{one.name} {base64.b64encode(one.key + one.value).decode()}\n" for one in lines)


def read_lines(data: str) -> tuple[NoteSignature, ...]:
    """The inverse of ``write_lines``; Malformed unless they are spelt exactly."""
    return read_note(f"-\n\n{data}").signatures


def read_note(data: str) -> SignedNote:
    """The note in this text; Malformed unless it is spelt exactly as ``write_note`` would."""
    if len(data) > MAX_NOTE:
        raise Malformed("note", f"a note of {len(data)} characters; the limit is {MAX_NOTE}")
    if _CONTROL.search(data):
        raise Malformed("note", "a control character in a note")
    text, gap, tail = data.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise Malformed("note", "no signatures after an empty line")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("note", f"{len(lines)} signatures; the limit is {MAX_SIGNATURES}")
    note = SignedNote(text + "\n", tuple(_signature(line) for line in lines))
    if write_note(note) != data:
        raise Malformed("note", "not the exact spelling of a signed note")
    return note


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not name or "+" in name:
        raise Malformed("note", "a signature line is a dash, a key name and base64")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Malformed("note", "a signature is not base64") from None
    if len(raw) <= 4:
        raise Malformed("note", "a signature is too short")
    return NoteSignature(name, raw[:4], raw[4:])
