"""``mithaq sign-out``: the session of an officer at this terminal ends, here and at the node."""

from __future__ import annotations

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import NotAllowed


@click.command("sign-out")
@click.argument("name")
@json_option
@pass_home
def sign_out(home: Home, name: str, as_json: bool) -> None:
    """Sign the officer NAME out at this terminal. A session that has ended by itself is forgotten."""
    from mithaq.cli.reach import reach

    path = home.session(name)
    if not path.exists():
        raise NotAllowed("session", f"{name} has not signed in here", hint="nothing is to be done")
    try:
        with reach(Home(home.path, acting=name)) as reached:
            reached.leave()
    except NotAllowed as problem:
        if problem.code not in ("token", "session") or not path.is_file():
            raise
    path.unlink(missing_ok=True)
    emit({"officer": f"officer/{path.name}", "signed_in": False}, as_json=as_json, text=f"{path.name} is signed out")
