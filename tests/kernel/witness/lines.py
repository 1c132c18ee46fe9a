"""A verifier of cosignatures that knows nothing of Mithaq: the two C2SP pages and ``cryptography``."""

from __future__ import annotations

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa


def verified(note: str, vkey: str) -> int:
    """The time of the cosignature of this key on a note; raises if there is none or it is false."""
    body, _, tail = note.partition("\n\n")
    name, short, encoded = vkey.split("+", 2)
    raw = base64.b64decode(encoded)
    assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == short
    [line] = [each for each in tail.split("\n") if each.startswith(f"— {name} ") and _id(each) == short]
    value = base64.b64decode(line.rpartition(" ")[2])
    time, signature = struct.unpack(">Q", value[4:12])[0], value[12:]
    if raw[0] == 4:
        message = b"cosignature/v1\ntime %d\n" % time + body.encode() + b"\n"
        ed25519.Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature, message)
    else:
        assert raw[0] == 6
        origin, size, root = body.split("\n")
        message = struct.pack(">12sB", b"subtree/v1\n\0", len(name)) + name.encode()
        message += struct.pack(">QB", time, len(origin)) + origin.encode()
        message += struct.pack(">QQ", 0, int(size)) + base64.b64decode(root)
        mldsa.MLDSA44PublicKey.from_public_bytes(raw[1:]).verify(signature, message)
    return int(time)


def _id(line: str) -> str:
    return base64.b64decode(line.rpartition(" ")[2])[:4].hex()
