"""What the commands on keys read and write: requests, roots and public keys as files, and the keys of a home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mithaq.config import Home, unlock_secret
from mithaq.errors import Clash, Malformed, NotFound

if TYPE_CHECKING:
    from mithaq.adapters.keystore.file import KeyFile
    from mithaq.kernel.party import Identity

FILE = click.Path(path_type=Path)


def read(path: Path) -> bytes:
    """The bytes of a file; NotFound, with its name, if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(path)) from None


def read_text(path: Path) -> str:
    """The text of a file; Malformed if it is none."""
    try:
        return read(path).decode()
    except UnicodeDecodeError:
        raise Malformed("file", "this is not a text", where=str(path)) from None


def ensure_new(path: Path) -> None:
    """Refuse to write over a file: it may hold signatures, and a root is for ever."""
    if path.exists():
        raise Clash("file", "there is a file already", where=str(path), hint="choose another name, or move it away")
    if not path.parent.is_dir():
        raise NotFound("file", "no such folder", where=str(path.parent))


def write_unsigned(path: Path, name: str, value: object) -> None:
    """An envelope that nobody has signed yet."""
    from mithaq.kernel import canonical
    from mithaq.kernel.statement import Envelope, media_type

    path.write_bytes(canonical.encode(Envelope(media_type(name), canonical.encode(value), ())))


def identity(home: Home) -> Identity:
    """What the nation of this home is known by, by its card."""
    from mithaq.kernel.party import read_identity

    try:
        return read_identity(home.card.read_bytes())
    except FileNotFoundError:
        raise NotFound("home", "no node here", where=str(home.path), hint="run mithaq node init") from None


def keys_of(home: Home) -> KeyFile:
    """The keys of this home, also when the time of all of them is over: that is when these commands are needed."""
    from mithaq.adapters.keystore.file import KeyFile

    return KeyFile.load(home.keys, unlock_secret(home))
