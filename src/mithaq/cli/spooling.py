"""``mithaq bundle spool`` and ``bundle take``: bundles through folders, for a diode that lets data go one way only.

What is spooled goes on waiting until a receipt settles it, if ever one comes: then by another way (docs/gate.md).
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.config import Home
from mithaq.errors import BadInput, Invalid, NotAllowed, Unavailable, Untrusted

if TYPE_CHECKING:
    from mithaq.adapters.metrics.prometheus import PrometheusMetrics
    from mithaq.cli.reach import Reached

PIECE = 256 * 1024  # bytes of content in one delivery of a bundle
_MIB = 1024 * 1024
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_watch = click.option("--watch", is_flag=True, help="Go on until stopped, looking again every so many seconds.")
_every = click.option("--every", default=10.0, show_default=True, type=click.FloatRange(0.1), help="Seconds.")
_figures = click.option(
    "--metrics", "figures", type=click.Path(path_type=Path), help="A file for figures (Prometheus)."
)


@click.command()
@click.argument("party")
@click.option("--out", required=True, type=_FOLDER, help="The folder that the diode empties.")
@click.option("--max-size", default=16.0, show_default=True, type=click.FloatRange(0.01), help="The largest file, MiB.")
@click.option(
    "--most", default=1024.0, show_default=True, type=float, help="Write no more while so many MiB lie there."
)
@click.option("--again", type=click.FloatRange(1.0), help="Spool all that no receipt has settled again, every SECONDS.")
@_watch
@_every
@_figures
@json_option
@pass_home
def spool(
    home: Home, party: str, out: Path, max_size: float, most: float, again: float | None, watch: bool, every: float,
    figures: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Put what waits for PARTY into a folder, as files that only PARTY can open, in order, each with its sum."""
    from mithaq.adapters.metrics.prometheus import PrometheusMetrics
    from mithaq.kernel.clock import SystemClock

    made = Spool(home, party, out, int(max_size * _MIB), int(most * _MIB))
    clock, metrics = SystemClock(), PrometheusMetrics()
    begun = clock.monotonic()

    def once() -> None:
        nonlocal begun
        if again is not None and clock.monotonic() - begun >= again and made.begin_again():
            begun = clock.monotonic()
        found = made.round(metrics)
        text = f"{found['files']} files, up to number {found['last']}"
        _tell(found, text, as_json or watch, not watch or bool(found["files"]))
        _show(figures, metrics)

    _run(once, watch, every)


@click.command()
@click.option("--in", "source", required=True, type=_FOLDER, help="The folder that the diode fills.")
@click.option("--reply", type=_FOLDER, help="A folder for receipts, where there is a way back.")
@_watch
@_every
@_figures
@json_option
@pass_home
def take(
    home: Home, source: Path, reply: Path | None, watch: bool, every: float, figures: Path | None, as_json: bool
) -> None:
    """Take what lies whole in a folder, in order: deliveries of partners, and receipts. What was taken goes.

    What is still on its way, or comes too early, is left for later. What cannot be taken is put into the folder bad,
    with the reason.
    """
    from mithaq.adapters.metrics.prometheus import PrometheusMetrics

    metrics = PrometheusMetrics()

    def once() -> None:
        found = take_round(home, source, reply, metrics)
        counts = ", ".join(f"{count} {what}" for what, count in found.items() if count) or "nothing"
        _tell(found, counts, as_json or watch, not watch or bool(found["taken"] or found["bad"]))
        _show(figures, metrics)

    _run(once, watch, every)


def unpacked(encoded: str) -> bytes:
    """The bytes that JSON carries as text."""
    import base64

    return base64.b64decode(encoded)


class Spool:
    """What was spooled for one partner. How far it had come is kept in the home, after the files are in place."""

    def __init__(self, home: Home, party: str, folder: Path, largest: int, most: int) -> None:
        from mithaq.config import read_config

        self._home, self._party, self._folder = home, party, folder
        self._largest, self._most = largest, most
        self._own = read_config(home).party
        self._kept = home.path / "spool" / f"{party}.json"

    def round(self, metrics: PrometheusMetrics) -> dict[str, Any]:
        """Spool what is new, as long as there is room. It says how many files, and up to which number."""
        from mithaq.adapters.transport.spool import held
        from mithaq.cli.reach import reach

        last, files = self._last(), 0
        with reach(self._home) as reached:
            while held(self._folder) < self._most:
                through = self._file(reached, last)
                if through == last:
                    break
                last, files = through, files + 1
                self._keep(last)
                metrics.count("spool_files", partner=self._party)
        metrics.gauge("spool_last", last, partner=self._party)
        metrics.gauge("spool_held_bytes", held(self._folder), partner=self._party)
        return {"party": self._party, "files": files, "last": last, "held": held(self._folder)}

    def begin_again(self) -> bool:
        """From the first number that no receipt has settled; not while the diode has still to carry what lies there."""
        from mithaq.adapters.transport.spool import held

        if held(self._folder):
            return False
        self._keep(0)
        return True

    def _file(self, reached: Reached, after: int) -> int:
        """Put one file into the folder; the last number in it, or ``after`` if nothing waits."""
        from mithaq.adapters.transport.bundle import Head
        from mithaq.adapters.transport.spool import place

        piece = max(1, min(PIECE, self._largest // 2))
        frames: list[bytes] = []
        size, last = 0, after
        while size + piece < self._largest or not frames:
            packed = reached.carry("bundle.pack", {"party": self._party, "after": last, "size": piece})
            if not packed["sealed"]:
                break
            frames.append(unpacked(packed["sealed"]))
            size, last = size + len(frames[-1]), packed["last"]
        if frames:
            place(self._folder, Head(self._own, self._party, "deliveries"), after + 1, last, frames)
        return last

    def _last(self) -> int:
        try:
            return int(json.loads(self._kept.read_bytes())["last"])
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError):
            hint = "remove it: all that waits is spooled again, which does no harm"
            raise Invalid("spool", "this does not say how far was spooled", where=str(self._kept), hint=hint) from None

    def _keep(self, last: int) -> None:
        from mithaq.config import write_private

        self._kept.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(self._kept, json.dumps({"last": last}).encode())


def take_round(home: Home, source: Path, reply: Path | None, metrics: PrometheusMetrics) -> dict[str, int]:
    """Look at every file of a folder once. How many were taken, are coming, came too early, must wait, or are bad."""
    from mithaq.adapters.transport.spool import done, lying, set_aside
    from mithaq.cli.reach import reach
    from mithaq.kernel.clock import SystemClock

    found = dict.fromkeys(("taken", "coming", "early", "later", "bad"), 0)
    files = lying(source, SystemClock().now().timestamp())
    for each in files:
        if each.state == "whole":
            with reach(home) as reached:
                state, reason = _take_file(home, reached, each.path, reply)
        else:
            state, reason = each.state, each.reason
        if state == "taken":
            done(each.path)
        elif state == "bad":
            set_aside(each.path, reason)
        found[state] += 1
        if state in ("taken", "bad"):
            metrics.count("spool_taken" if state == "taken" else "spool_bad")
    for state in ("coming", "early", "later"):
        metrics.gauge("spool_lying", found[state], state=state)
    return found


def _take_file(home: Home, reached: Reached, path: Path, reply: Path | None) -> tuple[str, str]:
    """(what became of it, why): taken, early (numbers before it are missing), later, or bad."""
    from mithaq.adapters.transport.bundle import read_frames, read_head

    receipts: list[bytes] = []
    try:
        head = read_head(path)
        for frame in read_frames(path):
            if head.holds == "receipts":
                reached.carry("bundle.settle", {"sealed": frame})
                continue
            answered = reached.carry("bundle.take", {"sealed": frame})
            if answered["outcome"] != "settled":
                state = {"gap": "early", "paused": "later"}.get(answered["outcome"], "bad")
                return state, f"{answered['outcome']}: what it says contradicts what was taken before"
            receipts.append(unpacked(answered["sealed"]))
    except Unavailable as problem:
        return "later", str(problem)
    except (BadInput, NotAllowed, Untrusted) as problem:
        return "bad", f"{problem.code}: {problem}"
    if reply is not None and receipts:
        _reply(home, head.sender, reply, receipts)
    return "taken", ""


def _reply(home: Home, to: str, folder: Path, receipts: list[bytes]) -> None:
    from mithaq.adapters.transport.bundle import Head
    from mithaq.adapters.transport.spool import place_receipts
    from mithaq.config import read_config
    from mithaq.kernel.clock import SystemClock

    at = SystemClock().now().strftime("%Y%m%dT%H%M%SZ")
    place_receipts(folder, Head(read_config(home).party, to, "receipts"), at, receipts)


def _run(once: Callable[[], None], watch: bool, every: float) -> None:
    """Once, or until SIGINT or SIGTERM: then what is under way is finished."""
    if not watch:
        once()
        return
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    while not stopping.is_set():
        try:
            once()
        except Unavailable as problem:  # the node is busy or starts anew: it is there the next time
            click.echo(json.dumps({"later": problem.code}))
        stopping.wait(every)


def _tell(found: dict[str, Any], text: str, as_json: bool, news: bool) -> None:
    """For people one line; for programs a JSON object."""
    if news:
        click.echo(json.dumps(found) if as_json else text)


def _show(path: Path | None, metrics: PrometheusMetrics) -> None:
    if path is None:
        return
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(metrics.text())
        part.replace(path)
    except OSError as problem:
        raise Invalid("metrics", f"cannot be written: {problem.strerror}", where=str(path)) from None
