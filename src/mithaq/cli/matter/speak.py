"""Speaking: draft a statement at the node, sign it with officials' keys, and say it. What every such command shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mithaq.cli.reach import Reached
from mithaq.cli.show import emit
from mithaq.errors import NotFound

F = TypeVar("F", bound=Callable[..., Any])


def key_options(command: F) -> F:
    """``--key`` (repeatable), ``--passphrase-file`` and ``--out``: how a statement gets its signatures."""
    key = click.option(
        "--key", "keys", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
        help="An official's key to sign with. Repeatable.",
    )  # fmt: skip
    phrase = click.option(
        "--passphrase-file", type=click.Path(path_type=Path), help="Where the passphrase is; asked for by default."
    )
    out = click.option(
        "--out", type=click.Path(path_type=Path), help="Write the draft for other officials to sign with matter sign."
    )
    return key(phrase(out(command)))


def speak(
    node: Reached, given: dict[str, Any], *, keys: tuple[Path, ...], passphrase_file: Path | None, out: Path | None
) -> dict[str, Any]:
    """Draft what is given, sign it with these keys, and say it; with fewer signatures than needed it waits."""
    drafted: dict[str, Any] = node.do("matter.draft", given)
    envelope = sign_with(drafted["envelope"], keys, passphrase_file)
    if out is not None:
        out.write_text(envelope)
        return {**drafted, "state": "draft", "out": str(out)}
    return say_signed(node, envelope)


def say_signed(node: Reached, envelope: str) -> dict[str, Any]:
    spoken: dict[str, Any] = node.do("matter.say", {"envelope": envelope})
    return spoken


def sign_with(envelope: str, keys: tuple[Path, ...], passphrase_file: Path | None) -> str:
    """The envelope with a signature by each of these personal keys."""
    from mithaq.adapters.keystore.personal import PersonalKey
    from mithaq.kernel.statement import add_signature

    for path in keys:
        if not path.exists():
            raise NotFound("key", "no such key file", where=str(path))
        key = PersonalKey.load(path, passphrase(path, passphrase_file))
        envelope = add_signature(envelope.encode(), key).decode()
    return envelope


def passphrase(path: Path, file: Path | None) -> bytes:
    """From the file if one is named, else asked for on the terminal."""
    if file is None:
        return str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True)).encode()
    try:
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as problem:
        raise NotFound("passphrase", f"cannot be read: {problem.strerror}", where=str(file)) from None


def tell(found: dict[str, Any], *, as_json: bool) -> None:
    """What became of a statement."""
    if found["state"] == "draft":
        text = f"{found['says']} drafted as number {found['number']} of {found['matter']}: {found['out']}\n"
        text += f"{found['need']} of role {found['role']} must sign: mithaq matter sign {found['out']} --key …"
    elif found["state"] == "waits":
        text = f"{found['says']} waits: {found['signatures']} of {found['need']} signatures. It is kept as a draft."
    else:
        to = ", ".join(found["to"]) or "nobody: no party is a partner of this node yet (later: mithaq matter share)"
        text = f"{found['says']} said as number {found['number']} of {found['matter']}, to {to}"
    emit(found, as_json=as_json, text=text)
