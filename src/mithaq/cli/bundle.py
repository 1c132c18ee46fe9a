"""``mithaq bundle``: what waits for a partner in a file, carried by hand, and the receipts that come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.cli.spooling import PIECE, spool, take, unpacked
from mithaq.config import Home
from mithaq.errors import Clash, Invalid, MithaqError


@click.group()
def bundle() -> None:
    """Deliveries in files, carried by hand where there is no line."""


@bundle.command()
@click.argument("party")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--after", default=0, show_default=True, help="Go on after this number, for what was packed before.")
@click.option("--max-size", metavar="MIB", type=float, help="The largest file, in MiB; more becomes NAME-2, NAME-3, …")
@json_option
@pass_home
def write(home: Home, party: str, out: Path, after: int, max_size: float | None, as_json: bool) -> None:
    """Write what waits for PARTY to a file that only PARTY can open. It goes on waiting until a receipt settles it."""
    from mithaq.adapters.transport.bundle import Head, write_bundles
    from mithaq.cli.reach import reach
    from mithaq.config import read_config

    if out.exists():
        raise Clash("file", "there is a file already", where=str(out), hint="choose another --out")
    largest = None if max_size is None else int(max_size * 1024 * 1024)
    piece = PIECE if largest is None else max(1, min(PIECE, largest // 2))
    last = after
    with reach(home) as reached:

        def deliveries() -> Iterator[bytes]:
            nonlocal last
            while packed := reached.carry("bundle.pack", {"party": party, "after": last, "size": piece}):
                if not packed["sealed"]:
                    return
                last = packed["last"]
                yield unpacked(packed["sealed"])

        written = write_bundles(out, Head(read_config(home).party, party, "deliveries"), deliveries(), largest)
    files = [str(path) for path in written]
    found = {"files": files, "bytes": sum(path.stat().st_size for path in written), "after": after, "last": last}
    text = f"nothing waits for {party}" if not written else f"up to number {last}: {', '.join(files)}"
    emit(found, as_json=as_json, text=text)


@bundle.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reply", type=click.Path(path_type=Path), help="For deliveries: where to write the receipts.")
@json_option
@pass_home
def read(home: Home, file: Path, reply: Path | None, as_json: bool) -> None:
    """Take the deliveries of a bundle and write the receipts to carry back; or settle by the receipts of one.

    Reading a file again, or one that was cut off, does no harm: what was taken before gets its verdict again.
    """
    from mithaq.adapters.transport.bundle import read_head

    head = read_head(file)
    if head.holds == "deliveries" and reply is None:
        raise Invalid("reply", "the receipts must go somewhere", hint="name a file with --reply to carry back")
    if head.holds == "receipts" and reply is not None:
        raise Invalid("reply", "these are receipts: they are not answered", hint="leave --reply out")
    found = _take(home, file, head.sender, reply) if reply is not None else _settle(home, file)
    emit(found, as_json=as_json, text=_tell(found))
    if found["problem"]:
        raise SystemExit(1)


def _take(home: Home, file: Path, sender: str, reply: Path) -> dict[str, Any]:
    from mithaq.adapters.transport.bundle import Head, read_frames, write_bundles
    from mithaq.cli.reach import reach
    from mithaq.config import read_config

    counts: dict[str, int] = {}
    problem = ""
    receipts: list[bytes] = []
    with reach(home) as reached:
        try:
            for frame in read_frames(file):
                answered = reached.carry("bundle.take", {"sealed": frame})
                counts[answered["outcome"]] = counts.get(answered["outcome"], 0) + 1
                receipts.append(unpacked(answered["sealed"]))
        except MithaqError as error:
            problem = str(error)
    write_bundles(reply, Head(read_config(home).party, sender, "receipts"), receipts)
    return {"deliveries": counts, "reply": str(reply) if receipts else "", "problem": problem}


def _settle(home: Home, file: Path) -> dict[str, Any]:
    from mithaq.adapters.transport.bundle import read_frames
    from mithaq.cli.reach import reach

    found: dict[str, Any] = {"receipts": 0, "settled": 0, "refused": 0, "head": 0, "problem": ""}
    with reach(home) as reached:
        try:
            for frame in read_frames(file):
                told = reached.carry("bundle.settle", {"sealed": frame})
                found["receipts"] += 1
                found["settled"] += told["settled"]
                found["refused"] += told["refused"]
                found["head"] = told["head"]
        except MithaqError as error:
            found["problem"] = str(error)
    return found


def _tell(found: dict[str, Any]) -> str:
    if "receipts" in found:
        told = f"{found['receipts']} receipts settled {found['settled']} messages, {found['refused']} of them refused; "
        told += f"the partner holds {found['head']} numbers"
    else:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in found["deliveries"].items()) or "none"
        told = f"deliveries: {counts}; carry back {found['reply']}" if found["reply"] else f"deliveries: {counts}"
    return f"{told}\n{found['problem']}" if found["problem"] else told


bundle.add_command(spool)
bundle.add_command(take)
