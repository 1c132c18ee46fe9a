"""Backups: one command makes one while the node serves, one looks whether it is good, one makes a home of it.

    PLACE/keys.sealed                    the newest record keys: each backup replaces them
    PLACE/20270301T041000Z/              one backup
          manifest.json                  what is in it, with checksums; readable, and authenticated by the secret
          store.sealed  home.sealed      the store without record keys; the files of the home

What is erased at home is gone from every backup of the place with the next one: its key is nowhere any more. A place
that is copied elsewhere must be copied with its ``keys.sealed``, and old copies of that file must not be kept.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

import mithaq
from mithaq.adapters.copies import snapshot
from mithaq.adapters.copies.sealed_file import (
    CHUNK,
    Progress,
    Secret,
    open_file,
    open_stream,
    quiet,
    seal_file,
    seal_stream,
)
from mithaq.adapters.keystore.box import Argon2, Hkdf
from mithaq.adapters.store.schema import SCHEMA
from mithaq.config import Home, ensure_file_store, read_config, write_private
from mithaq.errors import Clash, Invalid, NotFound, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.values import Digest, Instant, PartyId

KEYS, STORE, HOME, MANIFEST = "keys.sealed", "store.sealed", "home.sealed", "manifest.json"
LAST = "backed-up.json"
LEFT_OUT = (LAST, "lock", "serving.json", "watermark", "node.db", "standby.json")
"""Files of a home that are of this moment or this machine, or that the store's own copy holds."""
FREE = 16 * 1024 * 1024  # bytes beyond the size of the store that must be free to begin


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    sha256: Digest
    size: int


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a backup holds. ``links``: how many numbers each has; ``mac``: of all the rest, under the secret."""

    format: Literal["mithaq-backup/1"] = "mithaq-backup/1"
    party: PartyId
    at: Instant
    program: str
    store_schema: int
    journal: int
    audit: int
    links: dict[str, int]
    files: dict[str, Part]
    kdf: Hkdf | Argon2
    mac: bytes = b""


def make(home: Home, place: Path, secret: bytes, at: datetime, progress: Progress = quiet) -> Path:
    """A backup of this home in this place, whether its node serves or not; where it is. Durable when it returns.

    The store is copied first and the files after it: keys are made before what rests on them, so none is lacking.
    """
    ensure_file_store(home)
    config, opener = read_config(home), Secret(secret)
    target = place / at.strftime("%Y%m%dT%H%M%SZ")
    if target.exists():
        raise Clash("backup", "there is a backup of this second already", where=str(target), hint="try again")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _room(home.store, home.path)
    _room(home.store, place)
    with _aside(home.path) as staging:
        copy, keys = staging / "store", staging / "keys"
        snapshot.snapshot(home.store, copy, progress)
        snapshot.part_keys(copy, keys)
        part = place / f".{target.name}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        try:
            seal_file(copy, part / STORE, opener, STORE, progress)
            seal_stream(tar_of(home), part / HOME, opener, HOME)
            files = {name: _part(part / name) for name in (STORE, HOME)}
            write_private(part / MANIFEST, canonical.encode(_manifest(copy, config.party, at, files, opener)))
            fresh = place / f".{KEYS}"
            seal_file(keys, fresh, opener, KEYS)
            fresh.replace(place / KEYS)  # first: newer keys open older bodies, but for what was erased
            part.replace(target)
            _sync(place)
        except OSError as problem:
            raise Unavailable(
                "backup",
                f"the backup cannot be written: {problem.strerror}",
                where=str(place),
                hint="see mithaq doctor",
            ) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    write_private(home.path / LAST, canonical.encode({"at": write_instant(at), "place": str(place)}))
    return target


def backups(place: Path) -> list[Path]:
    """The backups of a place, the newest last."""
    return sorted(path.parent for path in place.glob(f"[0-9]*Z/{MANIFEST}"))


def newest(place: Path) -> Path:
    """The newest backup of a place, or the one that it is. NotFound if there is none."""
    if (place / MANIFEST).exists():
        return place
    found = backups(place)
    if not found:
        raise NotFound("backup", "no backup here", where=str(place), hint="mithaq backup make")
    return found[-1]


def prune(place: Path, keep: int) -> int:
    """Remove all but the newest backups of a place; how many were removed."""
    over = backups(place)[:-keep]
    for each in over:
        shutil.rmtree(each)
    return len(over)


def check(backup: Path, secret: bytes | None = None) -> Manifest:
    """What a backup says of itself, with every checksum recomputed; with the secret also that nobody wrote it anew."""
    manifest = read_manifest(backup, secret)
    for name, part in manifest.files.items():
        found = _part(backup / name)
        if found != part:
            raise Untrusted("backup", "the file is not the one that was written", where=str(backup / name))
    return manifest


def read_manifest(backup: Path, secret: bytes | None = None) -> Manifest:
    """The manifest of a backup. With the secret, Untrusted if it was not written by whoever holds it."""
    path = backup / MANIFEST
    try:
        manifest = canonical.decode(path.read_bytes(), Manifest)
    except OSError as problem:
        raise NotFound("backup", f"cannot be read: {problem.strerror}", where=str(path)) from None
    if set(manifest.files) != {STORE, HOME}:
        raise Invalid("backup", "it does not name the files that a backup has", where=str(path))
    if secret is not None and not hmac.compare_digest(_mac(manifest, Secret(secret)), manifest.mac):
        raise Untrusted("backup", "the secret is another one, or the manifest was changed", where=str(path))
    return manifest


def unpack(backup: Path, home: Home, secret: bytes, keys: Path | None = None, progress: Progress = quiet) -> Manifest:
    """The files and the store of a backup as a home that nobody has opened yet, with the record keys of its place.

    Clash if there is a home already, or a newer Mithaq wrote it; nothing is left behind if it cannot be finished.
    """
    if home.settings.exists() or home.store.exists():
        raise Clash("home", "there is a node here already", where=str(home.path), hint="choose another --home")
    opener, manifest = Secret(secret), check(backup, secret)
    if manifest.store_schema > SCHEMA:
        raise Clash("schema", f"Mithaq {manifest.program} wrote it, which is newer", hint="upgrade Mithaq first")
    made = not home.path.exists()
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with _aside(home.path) as staging:
            open_file(backup / STORE, staging / "store", opener, STORE, progress)
            open_file(keys or backup.parent / KEYS, staging / "keys", opener, KEYS)
            snapshot.check_pages(staging / "store")
            snapshot.join_keys(staging / "store", staging / "keys")
            untar(open_stream(backup / HOME, opener, HOME), home.path)
            # If the home is opened by whatever way, the node notices that it was set back.
            write_private(home.watermark, b"%020d" % (manifest.journal + 1))
            (staging / "store").replace(home.store)
        _sync(home.path)
    except BaseException:
        home.store.unlink(missing_ok=True)
        home.settings.unlink(missing_ok=True)
        if made:
            shutil.rmtree(home.path, ignore_errors=True)
        raise
    return manifest


def home_files(home: Home) -> Iterator[Path]:
    """The files of a home that a copy needs: no store, no sessions, nothing that is half written."""
    for path in sorted(home.path.rglob("*")):
        within = path.relative_to(home.path)
        if within.parts[0].startswith((*LEFT_OUT, ".")) or within.parts[0] == home.sessions.name:
            continue
        if path.is_file() and not path.is_symlink() and path.suffix not in (".new", ".lock", ".log"):
            yield path


def tar_of(home: Home) -> Iterator[bytes]:
    """The files as a tar, in chunks: names below the home, modes of their owner, no names of users."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in home_files(home):
            with suppress(FileNotFoundError):  # a file that was replaced at this very moment is there under its name
                data = path.read_bytes()
                named = tarfile.TarInfo(str(path.relative_to(home.path)))
                named.size, named.mode, named.mtime = len(data), 0o600, int(path.stat().st_mtime)
                tar.addfile(named, io.BytesIO(data))
    whole = buffer.getvalue()
    yield from (whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK))


def untar(chunks: Iterator[bytes], folder: Path) -> None:
    """Files only, below the folder only, for their owner only."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks)), mode="r") as tar:
        for member in tar.getmembers():
            name = PurePosixPath(member.name)
            data = tar.extractfile(member) if member.isfile() else None
            if data is None or name.is_absolute() or ".." in name.parts:
                raise Untrusted("backup", f"{member.name!r} is no file of a home")
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, data.read())


def _manifest(copy: Path, party: str, at: datetime, files: dict[str, Part], opener: Secret) -> Manifest:
    with snapshot.opened(copy) as store:
        audit = store.execute("select coalesce(max(number), 0) from audit").fetchone()[0]
        links = dict(store.execute("select link, size from edges order by link").fetchall())
    manifest = Manifest(
        party=party, at=at, program=mithaq.__version__, store_schema=snapshot.schema_of(copy),
        journal=snapshot.position_of(copy), audit=audit, links=links, files=files, kdf=opener.fresh(),
    )  # fmt: skip
    return replace(manifest, mac=_mac(manifest, opener))


def _mac(manifest: Manifest, opener: Secret) -> bytes:
    return opener.mac(manifest.kdf, MANIFEST, canonical.encode(replace(manifest, mac=b"")))


def _part(path: Path) -> Part:
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
            return Part(f"sha256:{found.hexdigest()}", file.tell())
    except OSError as problem:
        raise NotFound("backup", f"cannot be read: {problem.strerror}", where=str(path)) from None


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder for what is in the clear for a moment: on the disk that holds the same already."""
    made = Path(tempfile.mkdtemp(prefix=".aside-", dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _room(store: Path, folder: Path) -> None:
    needed = (store.stat().st_size if store.exists() else 0) + FREE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Unavailable(
            "disk", f"{free // 2**20} MiB are free and {needed // 2**20} are needed", where=str(folder),
            hint="free some space, or name another place",
        )  # fmt: skip


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
