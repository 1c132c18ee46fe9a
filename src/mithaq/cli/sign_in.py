"""``mithaq sign-in``: an officer becomes known at this terminal. Secrets are typed or piped in, never arguments."""

from __future__ import annotations

import sys
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home, write_private
from mithaq.errors import Malformed


@click.command("sign-in")
@click.argument("name")
@json_option
@pass_home
def sign_in(home: Home, name: str, as_json: bool) -> None:
    """Sign in as the officer NAME, with a password and the code of a device. Afterwards: mithaq --as NAME …

    Both are asked for; where standard input is no terminal, the password is its first line and the code the second.
    """
    from mithaq.cli.reach import reach

    home.session(name)  # what cannot be a name is told before a password is typed
    given = {"name": name, "password": secret("password"), "code": line("code")}
    with reach(Home(home.path)) as reached:
        signed_in = reached.enter("session", given)
    keep(home, signed_in, as_json=as_json)


def keep(home: Home, signed_in: dict[str, Any], *, as_json: bool) -> None:
    """Keep the session in the home, where only its owner reads it, and say so. The token is not shown."""
    path = home.session(signed_in["officer"])
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, signed_in["token"].encode())
    found = {"officer": signed_in["officer"], "until": signed_in["until"]}
    emit(
        found, as_json=as_json, text=f"{found['officer']} is signed in until {found['until']}: mithaq --as {path.name}"
    )


def secret(what: str, *, twice: bool = False) -> str:
    """A secret as it is typed, unseen; the next line of standard input where that is no terminal."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))
    return _piped(what)


def line(what: str) -> str:
    """A line as it is typed; the next line of standard input where that is no terminal."""
    return str(click.prompt(what, err=True)) if sys.stdin.isatty() else _piped(what)


def _piped(what: str) -> str:
    data = sys.stdin.buffer.readline()
    if not data:
        raise Malformed("input", f"standard input ended before the {what}", hint="one line for each")
    try:
        return data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Malformed("not-utf8", f"the {what} is not UTF-8 text", where="standard input") from None
