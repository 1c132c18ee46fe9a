"""Bundles by hand, through the command line and the files it writes: the same sequence, verdicts and receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mithaq.cli.main import mithaq
from mithaq.cli.rehearsal import Rehearsal
from mithaq.errors import MithaqError
from tests.worlds import alert, rehearsed


@pytest.fixture
def nations(tmp_path: Path) -> Rehearsal:
    """Two homes that trust each other; no node serves them and there is no line."""
    return rehearsed(tmp_path / "homes")


def state(nations: Rehearsal, count: int, first: int = 0) -> None:
    rows = [alert(plate=f"P-{n}") for n in range(first, first + count)]
    nations.nations["JO"].do("intelligence.alert-vehicles", {"rows": rows})


def run(nations: Rehearsal, party: str, *words: object) -> dict[str, Any]:
    home = nations.nations[party].home.path
    result = CliRunner().invoke(mithaq, ["--home", str(home), "bundle", *map(str, words), "--json"])
    if isinstance(result.exception, MithaqError):
        raise result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found | {"exit": result.exit_code}


def waiting(nations: Rehearsal) -> int:
    return sum(each["waiting"] for each in nations.nations["JO"].ask("link.status", {}))


def assert_sound(nations: Rehearsal, received: int) -> None:
    found = nations.audit()
    assert found["received"] == received
    assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
    assert found["logs_verified"] == found["logs"] == 2


def test_there_and_back(nations: Rehearsal, tmp_path: Path) -> None:
    state(nations, 5)
    written = run(nations, "JO", "write", "SA", "--out", tmp_path / "a.bundle")
    assert (written["last"], waiting(nations)) == (5, 5)
    assert b"P-0" not in (tmp_path / "a.bundle").read_bytes()
    taken = run(nations, "SA", "read", tmp_path / "a.bundle", "--reply", tmp_path / "a.receipts")
    assert taken["deliveries"] == {"settled": 1}
    told = run(nations, "JO", "read", tmp_path / "a.receipts")
    assert (told["settled"], told["head"], waiting(nations)) == (5, 5, 0)
    assert_sound(nations, 5)


def test_many_small_files_in_any_state(nations: Rehearsal, tmp_path: Path) -> None:
    """Small media; files read twice, and one that came too early is told to be a gap and read again later."""
    state(nations, 300)
    written = run(nations, "JO", "write", "SA", "--out", tmp_path / "a.bundle", "--max-size", 0.06)
    files = [Path(each) for each in written["files"]]
    assert len(files) > 3
    assert all(each.stat().st_size <= 0.06 * 1024 * 1024 for each in files)
    early = run(nations, "SA", "read", files[1], "--reply", tmp_path / "early")
    assert set(early["deliveries"]) == {"gap"}
    for number, file in enumerate([files[0], files[0], *files[1:]]):
        answered = run(nations, "SA", "read", file, "--reply", tmp_path / f"{number}.receipts")
        assert set(answered["deliveries"]) == {"settled"}
        run(nations, "JO", "read", tmp_path / f"{number}.receipts")
    assert waiting(nations) == 0
    assert_sound(nations, 300)


def test_packing_goes_on_after_what_was_packed(nations: Rehearsal, tmp_path: Path) -> None:
    state(nations, 3)
    first = run(nations, "JO", "write", "SA", "--out", tmp_path / "1.bundle")
    state(nations, 2, first=3)
    second = run(nations, "JO", "write", "SA", "--out", tmp_path / "2.bundle", "--after", first["last"])
    assert second["last"] == 5
    assert run(nations, "JO", "write", "SA", "--out", tmp_path / "3.bundle", "--after", 5)["files"] == []
    for number in (1, 2):
        run(nations, "SA", "read", tmp_path / f"{number}.bundle", "--reply", tmp_path / f"{number}.receipts")
    # receipts in another order than their deliveries
    for number in (2, 1):
        run(nations, "JO", "read", tmp_path / f"{number}.receipts")
    assert waiting(nations) == 0
    assert_sound(nations, 5)


def test_a_file_that_is_cut_off_is_taken_as_far_as_it_goes_and_then_again(nations: Rehearsal, tmp_path: Path) -> None:
    state(nations, 400)
    run(nations, "JO", "write", "SA", "--out", tmp_path / "a.bundle")
    whole = (tmp_path / "a.bundle").read_bytes()
    (tmp_path / "cut.bundle").write_bytes(whole[: len(whole) - 1000])
    cut = run(nations, "SA", "read", tmp_path / "cut.bundle", "--reply", tmp_path / "cut.receipts")
    assert (cut["exit"], cut["deliveries"]["settled"] > 0) == (1, True)
    assert "cut off" in cut["problem"]
    run(nations, "JO", "read", tmp_path / "cut.receipts")
    assert 0 < waiting(nations) < 400
    run(nations, "SA", "read", tmp_path / "a.bundle", "--reply", tmp_path / "a.receipts")
    run(nations, "JO", "read", tmp_path / "a.receipts")
    assert waiting(nations) == 0
    assert_sound(nations, 400)


@pytest.fixture
def serving(nations: Rehearsal) -> Iterator[Rehearsal]:
    with nations:
        yield nations


def test_bundles_mix_with_a_line(serving: Rehearsal, tmp_path: Path) -> None:
    """SA is away; JO packs; SA comes back and takes the same over the line and by hand."""
    sa = serving.nations["SA"]
    sa.stop()
    state(serving, 50)
    run(serving, "JO", "write", "SA", "--out", tmp_path / "a.bundle")
    run(serving, "SA", "read", tmp_path / "a.bundle", "--reply", tmp_path / "a.receipts")
    state(serving, 10, first=50)
    sa.start()
    serving.settle()
    told = run(serving, "JO", "read", tmp_path / "a.receipts")
    assert told["settled"] == 0  # the line was first
    state(serving, 1, first=60)
    serving.settle()
    assert_sound(serving, 61)


@pytest.mark.parametrize("content", [b"", b"x" * 600, b"{}\n", b'{"format":"other"}\n'])
def test_what_is_not_a_bundle_is_said_to_be_none(nations: Rehearsal, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(MithaqError):
        run(nations, "SA", "read", tmp_path / "x", "--reply", tmp_path / "y")


def test_a_bundle_for_another_nation_is_not_taken(nations: Rehearsal, tmp_path: Path) -> None:
    state(nations, 1)
    run(nations, "JO", "write", "SA", "--out", tmp_path / "a.bundle")
    found = run(nations, "JO", "read", tmp_path / "a.bundle", "--reply", tmp_path / "r")
    assert (found["exit"], found["deliveries"]) == (1, {})


def test_nothing_is_packed_for_a_partner_that_is_paused(nations: Rehearsal, tmp_path: Path) -> None:
    state(nations, 1)
    nations.nations["JO"].do("link.pause", {"party": "SA"})
    with pytest.raises(MithaqError, match="paused by us"):
        run(nations, "JO", "write", "SA", "--out", tmp_path / "a.bundle")


def test_nothing_is_overwritten(nations: Rehearsal, tmp_path: Path) -> None:
    (tmp_path / "a.bundle").write_text("mine")
    with pytest.raises(MithaqError, match="already"):
        run(nations, "JO", "write", "SA", "--out", tmp_path / "a.bundle")
