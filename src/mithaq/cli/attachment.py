"""``mithaq attachment``: pictures into the node, to be named by records, and out of it again."""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home, write_private
from mithaq.errors import Invalid, Malformed, NotFound, Untrusted

if TYPE_CHECKING:
    from mithaq.cli.reach import Reached


@click.group()
def attachment() -> None:
    """Pictures that records name: give one, get one."""


@attachment.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_home
def add(home: Home, file: Path, as_json: bool) -> None:
    """Give the picture in FILE (JPEG or PNG). What is printed goes into a record as it is.

    If it was broken off, the same command goes on where it was. The picture is made anew from what is seen on it:
    where and with what it was taken is not kept.
    """
    from mithaq.cli.reach import reach

    data = _read(file)
    with reach(home) as reached:
        finished = _given(reached, data)
    found = finished["attachment"]
    if finished["scaled"]:
        click.echo(f"it was made smaller: {found['width']}x{found['height']}", err=True)
    emit(found, as_json=as_json, text=json.dumps(found))


@attachment.command()
@click.argument("digest")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write it, for its owner alone.")
@json_option
@pass_home
def get(home: Home, digest: str, out: Path, as_json: bool) -> None:
    """Write the picture that a record names by DIGEST, if you may read that record."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        data, media_type = _fetched(reached, digest)
    try:
        write_private(out, data)
    except OSError as problem:
        raise Invalid("file", f"cannot be written: {problem.strerror}", where=str(out)) from None
    found = {"digest": digest, "media_type": media_type, "size": len(data), "out": str(out)}
    emit(found, as_json=as_json, text=f"{out}: {media_type}, {len(data)} bytes")


def _given(reached: Reached, data: bytes) -> dict[str, Any]:
    """What the picture became: it is announced, the parts that the node lacks are sent, and it is finished."""
    from mithaq.kernel.attachment.descriptor import cut
    from mithaq.kernel.values import digest

    cuts = [(digest(part), part) for part in cut(data)]
    parts = dict(cuts)
    file = {"size": len(data), "sha256": digest(data), "parts": [name for name, _ in cuts]}
    missing = reached.do("attachment.begin", file)["missing"]
    for number, name in enumerate(missing, 1):
        reached.do("attachment.part", {"data": b64encode(parts[name]).decode()})
        _tell(f"part {number} of {len(missing)}")
    finished: dict[str, Any] = reached.carry("attachment.finish", {"sha256": file["sha256"]})
    return finished


def _fetched(reached: Reached, digest: str) -> tuple[bytes, str]:
    """The bytes of a picture and its media type. Untrusted if they are not those that the digest is of."""
    from mithaq.kernel import values

    data, number, parts, media_type = b"", 0, 1, ""
    while number < parts:
        number += 1
        part = reached.ask("attachment.fetch", {"digest": digest, "part": number})
        data, parts, media_type = data + b64decode(part["data"]), part["parts"], part["media_type"]
        _tell(f"part {number} of {parts}")
    if values.digest(data) != digest:
        raise Untrusted("digest", "these are not the bytes that the record names", where=digest)
    return data, media_type


def _read(file: Path) -> bytes:
    from mithaq.kernel.attachment.descriptor import LARGEST

    try:
        if file.stat().st_size > LARGEST:
            most = f"a picture has {LARGEST} bytes at most"
            raise Malformed("too-large", most, where=str(file), hint="make it smaller")
        data = file.read_bytes()
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=str(file)) from None
    if not data:
        raise Malformed("empty", "there is nothing in it", where=str(file), hint="a JPEG or PNG picture")
    return data


def _tell(progress: str) -> None:
    """How far it has come, while a person is watching."""
    if sys.stderr.isatty():
        click.echo(f"\r{progress}", err=True, nl=False)
