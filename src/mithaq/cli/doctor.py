"""``mithaq doctor``: what is wrong with this node, in plain words, and what to do about it."""

from __future__ import annotations

from typing import Any

import click
from msgspec import to_builtins

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import MithaqError

_MARKS = {"good": "✔", "look": "◇", "act": "✖"}


@click.command()
@click.option(
    "--lang", type=click.Choice(("ar", "en", "fr")), default="en", show_default=True, help="In which language."
)
@click.option("--all", "every", is_flag=True, help="Also what is good.")
@json_option
@pass_home
def doctor(home: Home, lang: str, every: bool, as_json: bool) -> None:
    """Look at this node, serving or not: what is wrong, and what to do. Exit 0 all is good, 1 something is not."""
    from mithaq.kernel.clock import SystemClock
    from mithaq.servers.doctor import examine, say

    status, duties = _asked(home)
    found = examine(home, SystemClock().now(), status, duties)
    bad = [each for each in found if each.level != "good"]
    shown = found if every or as_json else bad
    lines = [(each, *say(each, lang)) for each in shown]
    told = [{**to_builtins(each), "says": what, "do": do} for each, what, do in lines]
    text = "\n".join(f"{_MARKS[each.level]} {what}" + (f"\n    → {do}" if do else "") for each, what, do in lines)
    good = {"ar": "كل شيء سليم", "en": "all is good", "fr": "tout va bien"}[lang]
    emit(told, as_json=as_json, text=text if bad or every else f"✔ {good}: {len(found)}")
    raise SystemExit(1 if bad else 0)


def _asked(home: Home) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """What the node says of itself, and what is owed; nothing where it cannot be reached."""
    from mithaq.cli.reach import reach

    try:
        serving = home.serving.exists()
        with reach(home) as reached:
            status, duties = reached.ask("node.status", {}), reached.ask("duty.list", {})
    except MithaqError:
        return None, []
    return {**status, "serving": serving}, list(duties)
