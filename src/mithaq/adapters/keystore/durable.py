"""Key files on disk: only their owner may read them, each is written whole or not at all, and one process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mithaq.errors import Clash


def write_new(path: Path, data: bytes) -> None:
    """A new file, durable when this returns. Clash if there is one: keys are never overwritten."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Clash("keys", "a key file is already there", where=str(path), hint="keys are never overwritten") from None
    _fill(handle, data)
    _sync_folder(path)


def rewrite(path: Path, data: bytes) -> None:
    """This instead of what the file held, at once and durable when this returns, or not at all."""
    fresh = path.with_name(path.name + ".new")
    _fill(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), data)
    fresh.replace(path)
    _sync_folder(path)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else changes this file meanwhile: two commands that both make keys must not lose each other's."""
    handle = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _fill(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
