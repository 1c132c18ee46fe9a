"""Errors at the terminal: one line with a code and what to do, and an exit code from one table."""

from __future__ import annotations

import json
from typing import NoReturn

import click

from mithaq.cli.show import shown
from mithaq.errors import BadInput, Clash, Invalid, MithaqError, NotAllowed, NotFound, Unavailable, Untrusted

EXIT: tuple[tuple[type[MithaqError], int], ...] = (
    (BadInput, 2),
    (NotAllowed, 3),
    (NotFound, 4),
    (Clash, 5),
    (Unavailable, 6),
    (Untrusted, 7),
)


def fail(error: MithaqError, *, as_json: bool) -> NoReturn:
    """Tell the error on standard error and leave with the exit code of its class."""
    tell(error, as_json=as_json)
    raise SystemExit(next(code for kind, code in EXIT if isinstance(error, kind)))


def tell(error: MithaqError, *, as_json: bool) -> None:
    """The error on standard error, as one line."""
    if as_json:
        told = {"error": error.code, "message": error.message, "where": error.where, "hint": error.hint}
        click.echo(json.dumps(told), err=True)
    else:
        click.echo(f"error[{error.code}]: {shown(str(error))}", err=True)


def usage(error: click.ClickException) -> MithaqError:
    """A word of the command line that click did not understand, as one of our errors."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "mithaq"
    return Invalid("usage", error.format_message().replace("\n", " "), hint=f"see {command} --help")
