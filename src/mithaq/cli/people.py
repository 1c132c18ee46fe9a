"""``mithaq people``: what the node declares about people, and accepting an invitation at this terminal."""

from __future__ import annotations

import json
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.generated import core_group
from mithaq.cli.sign_in import keep, line, secret
from mithaq.config import Home

people = core_group("people", "officers, programs, roles: who may do what")


@people.command()
@json_option
@pass_home
def accept(home: Home, as_json: bool) -> None:
    """Take up an invitation: set a password, add the account to a device by the QR code, confirm by its first code.

    Where standard input is no terminal, its lines are: the invitation, the password, and, once the address of the
    account was printed, the code. Until the code is right, the invitation can be accepted again.
    """
    from mithaq.cli.reach import reach

    plain = Home(home.path)  # nobody is known yet, whoever --as names
    invitation = secret("invitation")
    given = {"invitation": invitation, "password": secret("new password", twice=True)}
    with reach(plain) as reached:
        enrolled = reached.enter("session/accept", given)
    _show(enrolled, as_json=as_json)
    code = line("code that the device shows")
    with reach(plain) as reached:
        signed_in = reached.enter("session/confirm", {"invitation": invitation, "code": code})
    keep(home, signed_in, as_json=as_json)


def _show(enrolled: dict[str, Any], *, as_json: bool) -> None:
    """The secret of the device, this once."""
    if as_json:
        click.echo(json.dumps(enrolled))
        return
    import segno

    click.echo(f"{enrolled['officer']}: add this to the device that will show your codes")
    segno.make(enrolled["totp_uri"], error="m").terminal(compact=True)
    click.echo(enrolled["totp_uri"])
