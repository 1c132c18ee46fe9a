"""Files sealed for safe-keeping: of any size, a chunk at a time, opened by whoever holds the secret and by nobody else.

A line of canonical JSON, then chunks of 1 MiB under AES-256-GCM. Each chunk is bound to its place and to the line, and
the last one says that it is the last: a file that was cut, joined, reordered or renamed does not open. The key of each
file is derived from the secret (as for a box) and from the file's name, so that no two share one.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta, Struct

from mithaq.adapters.keystore.box import Argon2, Hkdf, fresh_kdf, key_of
from mithaq.errors import Malformed, NotFound, Untrusted
from mithaq.kernel import canonical

CHUNK = 1024 * 1024
TAG = 16
LONGEST_LINE = 4096
Progress = Callable[[int], None]
"""Is told how many bytes were done since it was told last."""


def quiet(_: int) -> None:
    """Nobody watches."""


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a sealed file. ``name``: what is in it."""

    name: str
    kdf: Hkdf | Argon2
    prefix: Annotated[bytes, Meta(min_length=7, max_length=7)]
    format: Literal["mithaq-sealed-file/1"] = "mithaq-sealed-file/1"


class Secret:
    """A secret of a person or of a machine, stretched once for all files that are made together."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._fresh: Hkdf | Argon2 | None = None
        self._known: dict[bytes, bytes] = {}

    def __repr__(self) -> str:
        return "Secret()"

    def fresh(self) -> Hkdf | Argon2:
        self._fresh = self._fresh or fresh_kdf(self._secret)
        return self._fresh

    def key(self, kdf: Hkdf | Argon2, name: str, prefix: bytes) -> AESGCM:
        return AESGCM(self._derived(kdf, f"mithaq-sealed-file/1\n{name}", prefix))

    def mac(self, kdf: Hkdf | Argon2, name: str, data: bytes) -> bytes:
        """HMAC-SHA256 of bytes that are to be readable by all, and writable by whoever holds the secret."""
        return hmac.digest(self._derived(kdf, f"mithaq-mac/1\n{name}", b""), data, "sha256")

    def _derived(self, kdf: Hkdf | Argon2, what: str, salt: bytes) -> bytes:
        said = canonical.encode(kdf)
        if said not in self._known:
            self._known[said] = key_of(self._secret, kdf)
        return HKDF(hashes.SHA256(), length=32, salt=salt, info=what.encode()).derive(self._known[said])


def seal_stream(chunks: Iterator[bytes], target: Path, secret: Secret, name: str) -> None:
    """These bytes as a sealed file, durable when this returns."""
    line = Line(name, secret.fresh(), secrets.token_bytes(7))
    cipher, head = secret.key(line.kdf, name, line.prefix), canonical.encode(line) + b"\n"
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(head)
        for number, (chunk, last) in enumerate(_with_last(chunks)):
            file.write(cipher.encrypt(_nonce(line, number, last), chunk, head))
        file.flush()
        os.fsync(file.fileno())


def seal_file(source: Path, target: Path, secret: Secret, name: str, progress: Progress = quiet) -> None:
    """A file as a sealed file."""

    def chunks() -> Iterator[bytes]:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK):
                progress(len(chunk))
                yield chunk

    seal_stream(chunks(), target, secret, name)


def open_stream(source: Path, secret: Secret, name: str) -> Iterator[bytes]:
    """What was sealed, chunk by chunk. Untrusted if the secret is another one, or anything was changed."""
    try:
        file = source.open("rb")
    except OSError as problem:
        raise NotFound("backup", f"cannot be read: {problem.strerror}", where=str(source)) from None
    with file:
        head = file.readline(LONGEST_LINE)
        line = _line(head, source, name)
        cipher = secret.key(line.kdf, name, line.prefix)
        number, chunk = 0, file.read(CHUNK + TAG)
        while True:
            following = file.read(CHUNK + TAG)
            try:
                yield cipher.decrypt(_nonce(line, number, not following), chunk, head)
            except InvalidTag:
                raise Untrusted(
                    "backup", "the secret does not open it, or it was changed or cut off", where=str(source)
                ) from None
            if not following:
                return
            number, chunk = number + 1, following


def open_file(source: Path, target: Path, secret: Secret, name: str, progress: Progress = quiet) -> None:
    """A sealed file as the file that it was, for its owner only, durable when this returns."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in open_stream(source, secret, name):
            file.write(chunk)
            progress(len(chunk))
        file.flush()
        os.fsync(file.fileno())


def _line(head: bytes, source: Path, name: str) -> Line:
    if not head.endswith(b"\n"):
        raise Malformed("backup", "this is not a sealed file", where=str(source))
    line = canonical.decode(head[:-1], Line)
    if line.name != name:
        raise Untrusted("backup", f"it holds {line.name!r}, not {name!r}", where=str(source))
    return line


def _nonce(line: Line, number: int, last: bool) -> bytes:
    return line.prefix + number.to_bytes(4, "big") + bytes((last,))


def _with_last(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Chunks of exactly ``CHUNK`` bytes but the last, each with whether it is that one. At least one."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > CHUNK:
            yield bytes(held[:CHUNK]), False
            del held[:CHUNK]
    yield bytes(held), True
