"""``mithaq keys status``: every key of this node with its time, and what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, table
from mithaq.config import Home

URGENT = timedelta(days=7)


@click.command()
@json_option
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Every key with its time, which is in use, and what expires when. Exit code 1 if anything does within 7 days."""
    from mithaq.assembly import load_keys
    from mithaq.kernel.clock import SystemClock
    from mithaq.kernel.party import read_identity

    found = told(read_identity(home.card.read_bytes()), load_keys(home), SystemClock().now())
    if as_json:
        emit(found, as_json=True, text="")
    else:
        head = (
            f"manifest {found['serial']}, expires {found['expires'] or 'never'}; grace ends {found['ends'] or 'never'}"
        )
        click.echo(head if found["serial"] else "no root: the keys of this node never expire and cannot be revoked")
        columns = ("what", "key", "from", "until", "days left", "state")
        table("keys", columns, [tuple(str(each[name]) for name in columns) for each in found["keys"]])
        for warning in found["warnings"]:
            click.echo(warning)
    if found["urgent"]:
        raise SystemExit(1)


def told(identity: Any, keys: Any, at: datetime) -> dict[str, Any]:
    """The state of every key, warnings 90, 30 and 7 days before what is in use ends, and whether that is urgent."""
    from mithaq.kernel.clock import write_instant
    from mithaq.kernel.manifest import WARNINGS, pair_id
    from mithaq.kernel.seal import sealing_key_id

    ring = identity.ring
    rows, warnings, urgent = [], [], False

    def row(what: str, key: str, start: datetime, until: datetime, state: str) -> None:
        rows.append({"what": what, "key": key, "from": write_instant(start)[:10], "until": write_instant(until)[:10],
                     "days left": max(0, (until - at).days), "state": state})  # fmt: skip

    for each in ring.signing:
        state = "revoked" if each.revoked else "in use" if dict(each.keys) == keys.signing else _when(each, at)
        row("signing", each.id, each.start, each.until, state if keys.holds(each.keys) else f"{state}, not held here")
    for each in ring.sealing:
        state = _when(each, at) if keys.holds(each.public) else "not held here"
        row("sealing", sealing_key_id(each.public), each.start, each.until, state)
    for each in ring.officials:
        row(f"official {each.role}", pair_id(each.keys), each.start, each.until, _when(each, at))
    good = [each.until for each in ring.signing if each.revoked is None and keys.holds(each.keys)]
    ends = {"the last signing key": max(good, default=at), "the last sealing key": max(e.until for e in ring.sealing)}
    ends |= {"the manifest": ring.expires} if ring.expires is not None else {}
    for what, until in ends.items():
        passed = [each.days for each in WARNINGS if until - at <= each]
        if passed:
            warnings.append(f"{what} ends {write_instant(until)[:10]}, within {min(passed)} days: mithaq keys request")
            urgent = urgent or until - at <= URGENT
    return {
        "party": identity.party,
        "serial": ring.serial,
        "expires": write_instant(ring.expires) if ring.expires else None,
        "ends": write_instant(ring.expires + ring.grace) if ring.expires else None,
        "in_grace": ring.in_grace(at),
        "keys": rows,
        "warnings": warnings,
        "urgent": urgent,
    }


def _when(each: Any, at: datetime) -> str:
    return "to come" if at < each.start else "over" if at >= each.until else "valid"
