"""``mithaq link``: how the links are, and whether the logs hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.renew import COMMANDS
from mithaq.cli.show import emit, table
from mithaq.config import Home
from mithaq.errors import Invalid

WHY = ("wrong", "ended", "unlawful", "contested", "withdrawn")


@click.group()
def link() -> None:
    """The links to partners: state and proofs."""


@link.command()
@json_option
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Every direction of every link: numbers, what became of them, and how the line is."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.status", {})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        show_links(found)


@link.command()
@click.argument("party")
@json_option
@pass_home
def pause(home: Home, party: str, as_json: bool) -> None:
    """Stop sending to PARTY and taking from it, at once, until it is resumed. What waits stays and is not lost."""
    _tell(home, "link.pause", {"party": party}, as_json, f"the links with {party} are paused by us")


@link.command()
@click.argument("party")
@json_option
@pass_home
def resume(home: Home, party: str, as_json: bool) -> None:
    """Send to PARTY and take from it again."""
    _tell(home, "link.resume", {"party": party}, as_json, f"the links with {party} are open again")


@link.command()
@click.argument("record")
@click.option("--why", type=click.Choice(WHY), default="withdrawn", show_default=True, help="What partners are told.")
@json_option
@pass_home
def recall(home: Home, record: str, why: str, as_json: bool) -> None:
    """Take back RECORD: what still waits of it is stopped, and every partner who has it is told that it is recalled."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.do("link.recall", {"id": record, "why": why})
    lines = [f"stopped {len(found['stopped'])} messages that waited"]
    lines += [f"  already arrived: {each}" for each in found["arrived"]]
    lines += [f"  told {party}" for party in found["told"]]
    emit(found, as_json=as_json, text="\n".join(lines))


@link.command()
@json_option
@pass_home
def verify(home: Home, as_json: bool) -> None:
    """Rebuild every log from its messages and check it against every checkpoint and receipt. Exit 1 if one fails."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.verify", {})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        show_verifications(found)
    if not all(each["verified"] for each in found):
        raise SystemExit(1)


@link.command()
@click.argument("sender")
@click.argument("receiver")
@click.argument("seq", type=int)
@click.option("--out", type=click.Path(path_type=Path), help="Also write a .tlog-proof file, for an auditor.")
@click.option("--epoch", type=click.IntRange(1), help="Of the link, where it was begun anew; else the present one.")
@json_option
@pass_home
def prove(home: Home, sender: str, receiver: str, seq: int, out: Path | None, epoch: int | None, as_json: bool) -> None:
    """The proof that message SEQ from SENDER to RECEIVER is in the log that SENDER signed."""
    from mithaq.cli.reach import reach
    from mithaq.kernel.link.log.proof_file import ProofFile, write_proof

    with reach(home) as reached:
        found = reached.ask("link.prove", {"sender": sender, "receiver": receiver, "seq": seq, "epoch": epoch})
    if out is not None:
        path = tuple(bytes.fromhex(part) for part in found["path"])
        made = ProofFile(found["seq"] - 1, path, found["checkpoint"], bytes.fromhex(found["salt"]))
        _write(out, [write_proof(made).encode()])
    lines = [f"message  {found['link']}/{found['seq']}", f"entry    {found['entry']}"]
    lines += [f"path     {part}" for part in found["path"]]
    emit(found, as_json=as_json, text="\n".join([*lines, "", found["checkpoint"]]))


@link.command()
@json_option
@pass_home
def witnesses(home: Home, as_json: bool) -> None:
    """How each log stands towards the witnesses that its agreement asks for. Exit 1 if one is late."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.witnesses", {})
    if as_json:
        emit(found, as_json=True, text="")
    else:
        columns = ("link", "agreement", "size", "witnessed", "age", "missing", "due", "late")
        rows = [[_cell(each.get(name)) for name in columns] for each in found]
        table("witnesses", columns, rows)
    if any(each["late"] for each in found):
        raise SystemExit(1)


@link.command()
@click.argument("sender")
@click.argument("receiver")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.")
@json_option
@pass_home
def policy(home: Home, sender: str, receiver: str, out: Path | None, as_json: bool) -> None:
    """Whose cosignatures the log from SENDER to RECEIVER needs, as a C2SP tlog-policy file for an auditor."""
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.ask("link.policy", {"sender": sender, "receiver": receiver})
    if out is not None:
        _write(out, [found["policy"].encode()])
    emit(found, as_json=as_json, text=found["policy"].removesuffix("\n"))


@link.command("cosign-again")
@click.argument("party")
@json_option
@pass_home
def cosign_again(home: Home, party: str, as_json: bool) -> None:
    """After a restore: cosign again what PARTY sends, which holds no newer checkpoint that we cosigned."""
    _tell(home, "link.cosign-again", {"party": party}, as_json, f"the log of {party} is cosigned again")


@link.command()
@click.argument("sender")
@click.argument("receiver")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--epoch", type=click.IntRange(1), help="Of the link, where it was begun anew; else the present one.")
@json_option
@pass_home
def export(home: Home, sender: str, receiver: str, out: Path, epoch: int | None, as_json: bool) -> None:
    """This nation's side of the link from SENDER to RECEIVER as a file that an auditor can check without a node.

    It holds every message, its verdict, the receipts and the signed checkpoints: guard it like the node itself.
    """
    from mithaq.cli.reach import reach
    from mithaq.config import read_config
    from mithaq.kernel import canonical
    from mithaq.kernel.link.export import Head

    counts = {"messages": 0, "receipts": 0, "checkpoints": 0}

    def lines() -> Iterator[bytes]:
        with reach(home) as reached:
            link = reached.ask("link.named", {"sender": sender, "receiver": receiver, "epoch": epoch})["link"]
            yield canonical.write_line(Head(link, read_config(home).party))
            after: int | None = 0
            while after is not None:
                page = reached.ask(
                    "link.export", {"sender": sender, "receiver": receiver, "after": after, "epoch": epoch}
                )
                for line in page["lines"]:
                    counts[f"{next(iter(line))}s"] += 1
                    yield canonical.write_line(line)
                after = page["after"]

    _write(out, lines())
    text = f"{out}: {counts['messages']} messages, {counts['receipts']} receipts, {counts['checkpoints']} checkpoints"
    emit({**counts, "out": str(out)}, as_json=as_json, text=text)


@link.command()
@click.argument("sender")
@click.argument("receiver")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write to.")
@click.option("--epoch", type=click.IntRange(1), help="Of the link, where it was begun anew; else the present one.")
@json_option
@pass_home
def tiles(home: Home, sender: str, receiver: str, out: Path, epoch: int | None, as_json: bool) -> None:
    """The log of the link from SENDER to RECEIVER as files of C2SP tlog-tiles: hashes only, no message."""
    from base64 import b64decode

    from mithaq.cli.reach import reach

    count = 0
    after: int | None = 0
    with reach(home) as reached:
        while after is not None:
            page = reached.ask("link.tiles", {"sender": sender, "receiver": receiver, "after": after, "epoch": epoch})
            for each in page["files"]:
                path = out / each["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, [b64decode(each["data"])])
            count += len(page["files"])
            after = page["after"]
    emit({"out": str(out), "files": count}, as_json=as_json, text=f"{out}: {count} files")


@link.command()
@click.argument("one", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path))
@json_option
def compare(one: Path, other: Path, as_json: bool) -> None:
    """Hold two exports of one link against each other: the first number on which they differ. Exit 1 if they do."""
    from mithaq.kernel.link.export import first_difference

    try:
        with one.open("rb") as ours, other.open("rb") as theirs:
            found = first_difference(iter(ours), iter(theirs))
    except OSError as problem:
        raise Invalid("file", f"cannot be read: {problem.strerror}", where=str(problem.filename)) from None
    emit({"first_difference": found}, as_json=as_json, text=found or "both hold the same messages")
    raise SystemExit(1 if found else 0)


for _each in COMMANDS:
    link.add_command(_each)


def _tell(home: Home, command: str, given: dict[str, Any], as_json: bool, text: str) -> None:
    from mithaq.cli.reach import reach

    with reach(home) as reached:
        found = reached.do(command, given)
    emit(found, as_json=as_json, text=text)


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _write(path: Path, lines: Iterable[bytes]) -> None:
    """A file that only its owner may read, in place when it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.writelines(lines)
        part.replace(path)
    except OSError as problem:
        raise Invalid("file", f"cannot be written: {problem.strerror}", where=str(path)) from None


def show_links(found: list[dict[str, Any]]) -> None:
    """Link states as a table."""
    columns = ("link", "size", "waiting", "oldest", "accepted", "refused", "tombstone", "bytes", "state")
    rows = [[*(str(each[name]) for name in columns[:-1]), _state(each)] for each in found]
    table("links", columns, rows)


def _state(found: dict[str, Any]) -> str:
    unsure = "asks how far we had come" if found["unsure"] else ""
    return " ".join(part for part in (found["state"], unsure, found["problem"]) if part)


def show_verifications(found: list[dict[str, Any]]) -> None:
    """Verifications as a table, with what was found."""
    rows = []
    for each in found:
        verdict = (
            "✔ verified"
            if each["verified"]
            else "✖ " + "; ".join(f"{finding['where']}: {finding['what']}" for finding in each["findings"][:5])
        )
        rows.append(
            (
                each["link"],
                str(each["size"]),
                each["root"][:16],
                str(each["checkpoints"]),
                str(each["receipts"]),
                verdict,
            )
        )
    table("logs", ("link", "size", "root", "checkpoints", "receipts", ""), rows)
