"""Proofs as files (C2SP tlog-proof): that one entry is in a log that its sender signed, for an auditor without a node.

c2sp.org/tlog-proof@v1
extra <base64: the salt of the entry>
index 6
<base64: one hash of the inclusion path>

mithaq/JO/SA
12
<the rest of the signed checkpoint>
"""

from __future__ import annotations

import base64
import binascii

from msgspec import Struct

from mithaq.errors import Malformed

HEAD = "c2sp.org/tlog-proof@v1"
MAX_PATH = 64


class ProofFile(Struct, frozen=True):
    """``index`` counts from 0. ``salt`` makes the entry out of the message; empty where it may not be shown."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    salt: bytes = b""


def write_proof(proof: ProofFile) -> str:
    extra = [f"extra {_base64(proof.salt)}"] if proof.salt else []
    lines = [HEAD, *extra, f"index {proof.index}", *map(_base64, proof.path)]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def read_proof(text: str) -> ProofFile:
    """The proof in this text; Malformed unless it is spelt exactly as ``write_proof`` would. Verifies nothing."""
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != HEAD:
        raise Malformed("proof", f"a proof starts with {HEAD}, and has a checkpoint after an empty line")
    salt = _read(lines.pop(1), "extra ") if len(lines) > 1 and lines[1].startswith("extra ") else b""
    index = lines[1].removeprefix("index ") if len(lines) > 1 else ""
    if not (index.isascii() and index.isdecimal()) or len(lines) - 2 > MAX_PATH:
        raise Malformed("proof", "the index or the path of the proof cannot be read")
    found = ProofFile(int(index), tuple(_read(line, "") for line in lines[2:]), checkpoint, salt)
    if write_proof(found) != text or any(len(part) != 32 for part in found.path):
        raise Malformed("proof", "not the exact spelling of a proof")
    return found


def _read(line: str, prefix: str) -> bytes:
    try:
        return base64.b64decode(line.removeprefix(prefix), validate=True)
    except binascii.Error:
        raise Malformed("proof", "a line of the proof is not base64") from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
