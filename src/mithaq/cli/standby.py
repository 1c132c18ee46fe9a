"""``mithaq standby``: ship a node's store to a folder, follow it on a second machine, take over."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click

from mithaq.cli.backup import FOLDER, secret_option
from mithaq.cli.common import json_option, pass_home
from mithaq.cli.show import emit, say
from mithaq.config import Home, secret_file
from mithaq.errors import Clash, MithaqError, NotFound, Unavailable

every_option = click.option("--every", type=click.FloatRange(0.2, 300), default=2.0, show_default=True, help="Seconds.")
once_option = click.option("--once", is_flag=True, help="One round, then stop: for a timer or a test.")
RENEWED = 12 * 3600.0  # seconds after which shipping begins anew, so that what was erased leaves the folder


@click.group()
def standby() -> None:
    """A second server that is a few seconds behind, and takes over by one command."""


@standby.command()
@click.argument("folder", type=FOLDER)
@secret_option
@every_option
@once_option
@pass_home
def ship(home: Home, folder: Path, secret: Path, every: float, once: bool) -> None:
    """On the first server: ship what the node commits into FOLDER, until Ctrl-C. It runs beside node serve."""
    from mithaq.cli.reach import reach
    from mithaq.kernel.clock import SystemClock
    from mithaq.servers.standby import Shipping

    shipping = Shipping(home, folder, secret_file(secret), SystemClock().now())
    began = time.monotonic()

    def round() -> None:
        nonlocal began
        shipping.round()
        if time.monotonic() - began > RENEWED:
            shipping.renew(SystemClock().now())
            began = time.monotonic()

    try:
        _rounds(round, every, once)
    except Clash as problem:
        if problem.code == "taken-over":
            with reach(home) as reached:
                reached.do("node.stand-down", {"why": "a standby has taken over"})
        raise
    finally:
        shipping.close()


@standby.command()
@click.argument("folder", type=FOLDER)
@secret_option
@every_option
@once_option
@pass_home
def follow(home: Home, folder: Path, secret: Path, every: float, once: bool) -> None:
    """On the second machine: take what arrives in FOLDER into --home, until Ctrl-C."""
    from mithaq.servers import standby as standbys

    opened = secret_file(secret)
    _rounds(lambda: standbys.follow(folder, home, opened), every, once)


@standby.command()
@click.argument("folder", type=FOLDER)
@json_option
@pass_home
def status(home: Home, folder: Path, as_json: bool) -> None:
    """How far this standby is behind what was shipped. Exit 1 if it is behind."""
    from mithaq.servers.standby import lag

    behind = lag(folder, home)
    emit({"behind": behind}, as_json=as_json, text=f"{behind} increments behind" if behind else "up to date")
    raise SystemExit(1 if behind else 0)


@standby.command("take-over")
@click.argument("folder", type=FOLDER)
@secret_option
@json_option
@pass_home
def take_over(home: Home, folder: Path, secret: Path, as_json: bool) -> None:
    """On the second machine: make --home the nation's server. Stop the first one if it still runs, then serve."""
    from mithaq.kernel.clock import SystemClock
    from mithaq.servers import standby as standbys

    begun = standbys.take_over(folder, home, secret_file(secret), SystemClock().now())
    found = {"home": str(home.path), "party": begun.party, "epoch": begun.epoch, "asks": list(begun.asks)}
    text = f"server {begun.epoch} of {begun.party}, with the journal up to {begun.journal}\n"
    text += f"now: mithaq --home {home.path} node serve"
    emit(found, as_json=as_json, text=text)


def _rounds(round: Callable[[], object], every: float, once: bool) -> None:
    """Round after round until a signal; what fails for a moment is said and tried again."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    told = ""
    while True:
        try:
            round()
            told = ""
        except (NotFound, Unavailable) as problem:
            if once:
                raise
            told = _say_once(problem, told)
        if once or stop.wait(every):
            return


def _say_once(problem: MithaqError, told: str) -> str:
    if str(problem) != told:
        say(str(problem), err=True)
    return str(problem)
