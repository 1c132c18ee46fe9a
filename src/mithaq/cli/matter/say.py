"""``mithaq matter say``, ``sign`` and ``share``: speaking in any matter, whatever its kind."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.matter.speak import key_options, say_signed, sign_with, speak, tell
from mithaq.cli.reach import reach
from mithaq.cli.show import emit
from mithaq.cli.show import say as echo
from mithaq.config import Home
from mithaq.errors import Malformed, NotFound


@click.command()
@click.argument("matter")
@click.argument("verb")
@click.option("--about", help="The text, or the statement, that it is about, by its digest.")
@click.option("--terms", default="{}", help="What the verb takes, as JSON, or @FILE.")
@key_options
@json_option
@pass_home
def say(
    home: Home, matter: str, verb: str, about: str | None, terms: str, keys: tuple[Path, ...],
    passphrase_file: Path | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say VERB in MATTER. For agreements, the commands of mithaq law do this with the right terms."""
    given = {"says": verb, "matter": matter, "about": about, "terms": _json(terms)}
    with reach(home) as node:
        tell(speak(node, given, keys=keys, passphrase_file=passphrase_file, out=out), as_json=as_json)


@click.command()
@click.argument("draft", type=click.Path(path_type=Path))
@key_options
@click.option("--offline", is_flag=True, help="Only sign, and write the draft back: on a machine without the node.")
@json_option
@pass_home
def sign(
    home: Home, draft: Path, keys: tuple[Path, ...], passphrase_file: Path | None, out: Path | None, offline: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Sign the statement in DRAFT with one more official's key, and say it once all have signed."""
    from mithaq.kernel import canonical
    from mithaq.kernel.matter.said import read_said

    try:
        envelope = draft.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise NotFound("draft", f"cannot be read: {problem}", where=str(draft)) from None
    said = read_said(envelope.encode())
    shown = canonical.plain(said)
    if not as_json:
        echo(f"{said.party} says {said.says} in {said.matter} about {said.about or 'the matter'}", err=True)
        echo(json.dumps(shown.get("terms", {}), ensure_ascii=False)[:2000], err=True)
    signed = sign_with(envelope, keys, passphrase_file)
    if offline or out is not None:
        path = out or draft
        path.write_text(signed)
        emit({"draft": str(path)}, as_json=as_json, text=f"signed: {path}")
        return
    with reach(home) as node:
        tell(say_signed(node, signed), as_json=as_json)


@click.command()
@click.argument("matter")
@click.option("--to", required=True, help="The nation to show it to.")
@json_option
@pass_home
def share(home: Home, matter: str, to: str, as_json: bool) -> None:
    """Show MATTER, every statement as it was signed, to a nation that its text lets accede."""
    with reach(home) as node:
        found = node.do("matter.share", {"matter": matter, "to": to})
    emit(found, as_json=as_json, text=f"{found['statements']} statements of {matter} are addressed to {to}")


def _json(terms: str) -> object:
    try:
        return json.loads(Path(terms[1:]).read_text() if terms.startswith("@") else terms)
    except (OSError, ValueError) as problem:
        raise Malformed("terms", f"not JSON: {problem}", where="--terms") from None
