"""A diode between two nations: files go one way, in any order, in pieces, twice or never; nothing is taken twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.transport import spool
from mithaq.adapters.transport.bundle import Head
from mithaq.cli.rehearsal import Rehearsal
from tests.gate.gated import command
from tests.worlds import alert, homes


class Diode:
    """JO's folder, SA's folder, and what carries from one to the other. There is no line between them."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(homes(), folder / "homes")
        self.rehearsal = Rehearsal(folder / "homes")
        self.nations = self.rehearsal.nations
        self.out, self.into, self.back = (folder / name for name in ("out", "into", "back"))
        for each in (self.out, self.into, self.back):
            each.mkdir()

    def state(self, count: int, first: int = 0) -> None:
        rows = [alert(plate=f"P-{n}") for n in range(first, first + count)]
        self.nations["JO"].do("intelligence.alert-vehicles", {"rows": rows})

    def spool(self, *words: object) -> dict[str, Any]:
        return command(self.nations["JO"].home.path, "bundle", "spool", "SA", "--out", self.out, *words)

    def take(self, *words: object) -> dict[str, Any]:
        return command(self.nations["SA"].home.path, "bundle", "take", "--in", self.into, *words)

    def carry(self) -> None:
        """Everything that lies there, and it is gone from there."""
        for path in self.out.iterdir():
            shutil.move(path, self.into / path.name)

    def waiting(self) -> int:
        return sum(each["waiting"] for each in self.nations["JO"].ask("link.status", {}))

    def received(self) -> int:
        found = self.rehearsal.audit()
        assert (found["duplicates"], found["out_of_order"]) == (0, 0)
        return int(found["received"])


@pytest.fixture
def diode(tmp_path: Path) -> Diode:
    return Diode(tmp_path)


def test_what_goes_one_way_is_taken_once_and_in_order_and_the_sender_never_knows(diode: Diode) -> None:
    diode.state(40)
    assert diode.spool()["last"] == 40
    diode.state(5, 40)
    assert (diode.spool()["files"], diode.spool()["files"]) == (1, 0)
    names = sorted(path.name for path in diode.out.glob("*.bundle"))
    assert names == ["JO-SA-000000000001-000000000040.bundle", "JO-SA-000000000041-000000000045.bundle"]
    assert all(b"P-1" not in path.read_bytes() for path in diode.out.iterdir())
    for path in diode.out.iterdir():
        shutil.copy(path, diode.into / path.name)
    assert diode.take()["taken"] == 2
    diode.carry()  # the same once more
    assert diode.take()["taken"] == 2
    assert list(diode.into.iterdir()) == []
    assert (diode.received(), diode.waiting()) == (45, 45)


def test_sums_are_as_everybody_checks_them(diode: Diode) -> None:
    diode.state(3)
    diode.spool()
    names = [path.name for path in diode.out.glob("*.sha256")]
    assert subprocess.run(["sha256sum", "-c", *names], cwd=diode.out, check=False, capture_output=True).returncode == 0


def test_pieces_and_any_order_until_all_is_there(diode: Diode) -> None:
    """Files come byte by byte, sums before their files, later numbers before earlier ones."""
    for first in range(0, 50, 10):
        diode.state(10, first)
        diode.spool()
    draw = random.Random(7)
    files = list(diode.out.iterdir())
    draw.shuffle(files)
    for path in files:
        whole = path.read_bytes()
        (diode.into / path.name).write_bytes(whole[: draw.randrange(len(whole))])
        found = diode.take()
        assert found["bad"] == 0
        (diode.into / path.name).write_bytes(whole)
        diode.take()
    diode.take()
    assert list(diode.into.iterdir()) == []
    assert diode.received() == 50


def test_a_file_that_is_lost_stops_what_follows_until_it_is_spooled_again(diode: Diode) -> None:
    for first in range(0, 30, 10):
        diode.state(10, first)
        diode.spool()
    lost = sorted(diode.out.glob("*.bundle"))[1]
    spool.done(lost)
    diode.carry()
    found = diode.take()
    assert (found["taken"], found["early"]) == (1, 1)
    assert diode.received() == 10
    assert diode.take()["early"] == 1  # it lies there, and is no harm
    state = diode.nations["JO"].home.path / "spool" / "SA.json"
    state.write_text(json.dumps({"last": 10}))
    diode.spool()
    diode.carry()
    found = diode.take()
    assert (found["taken"], found["early"]) == (2, 0)
    assert diode.received() == 30


def test_receipts_that_come_by_another_way_settle_what_was_taken(diode: Diode) -> None:
    diode.state(12)
    diode.spool()
    diode.carry()
    diode.take("--reply", diode.back)
    assert [path.suffix for path in sorted(diode.back.iterdir())] == [".receipts", ".sha256"]
    assert command(diode.nations["JO"].home.path, "bundle", "take", "--in", diode.back)["taken"] == 1
    assert (diode.waiting(), list(diode.back.iterdir())) == (0, [])


def test_what_cannot_be_taken_is_put_aside_with_the_reason_and_stops_nothing(
    diode: Diode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "LATE", -1.0)  # whatever is not whole now will not become so
    diode.state(3)
    diode.spool()
    diode.carry()
    good = next(diode.into.glob("*.bundle"))
    cut = diode.into / good.name.replace("000000000003", "000000000009")
    cut.write_bytes(good.read_bytes()[:-1])
    shutil.copy(good.with_name(good.name + ".sha256"), cut.with_name(cut.name + ".sha256"))
    spool.place(diode.into, Head("SA", "JO", "deliveries"), 7, 8, [b'{"from":"SA"}\nx'])
    odd = diode.into / "JO-SA-000000000004-000000000004.bundle"
    spool.place(diode.into, Head("JO", "SA", "deliveries"), 4, 4, [b"no envelope"])
    assert odd.exists()
    (diode.into / "notes.txt").write_text("not ours")
    found = diode.take()
    assert (found["taken"], found["bad"]) == (1, 3)
    reasons = {path.name.split(".")[0]: path.read_text() for path in (diode.into / "bad").glob("*.reason")}
    assert "cut off" in reasons["JO-SA-000000000001-000000000009"]
    assert reasons["JO-SA-000000000004-000000000004"].startswith("sealed: ")
    assert (diode.into / "notes.txt").exists()
    assert diode.received() == 3


def test_a_crash_between_file_and_note_spools_the_same_again(diode: Diode) -> None:
    diode.state(4)
    diode.spool()
    (diode.nations["JO"].home.path / "spool" / "SA.json").unlink()
    diode.state(2, 4)
    assert diode.spool()["last"] == 6
    diode.carry()
    diode.take()
    assert diode.received() == 6


def test_a_diode_that_stands_still_fills_the_folder_so_far_and_no_farther(diode: Diode) -> None:
    diode.state(120)
    found = diode.spool("--max-size", 0.02, "--most", 0.05)
    assert 0.05 * 1024 * 1024 <= found["held"] < 0.1 * 1024 * 1024
    assert found["last"] < 120
    assert diode.spool("--max-size", 0.02, "--most", 0.05)["files"] == 0
    while diode.received() < 120:
        diode.carry()
        assert diode.take()["taken"] > 0
        diode.spool("--max-size", 0.02, "--most", 0.05)


def test_both_ends_run_until_they_are_stopped(diode: Diode, tmp_path: Path) -> None:
    """As real processes over one folder, with figures for whoever watches them."""
    ends = []
    for party, words in (
        ("JO", ["spool", "SA", "--out", str(diode.into)]),
        ("SA", ["take", "--in", str(diode.into), "--reply", str(diode.back)]),
    ):
        command_line = [sys.executable, "-m", "mithaq", "--home", str(diode.nations[party].home.path), "bundle", *words]
        command_line += ["--watch", "--every", "0.5", "--metrics", str(tmp_path / f"{party}.prom")]
        ends.append(subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True))
    diode.state(5)
    told = [json.loads(each.stdout.readline()) for each in ends if each.stdout is not None]
    for each in ends:
        os.kill(each.pid, signal.SIGTERM)
        assert each.wait(60) == 0
        assert each.stdout is not None
        each.stdout.close()
    assert (told[0]["last"], told[1]["taken"]) == (5, 1)
    assert 'mithaq_spool_last{partner="SA"} 5.0' in (tmp_path / "JO.prom").read_text()
    assert "mithaq_spool_taken_total 1.0" in (tmp_path / "SA.prom").read_text()
    assert diode.received() == 5
