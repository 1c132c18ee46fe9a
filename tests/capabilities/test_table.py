"""Alerts in a CSV file: good rows and bad rows are told apart, each bad one by line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from mithaq.capabilities.intelligence.formats.table import read_rows
from mithaq.errors import MithaqError

HEADER = "plate,reason,place,time,purpose,remarks,caveats,exercise\n"
GOOD = '12-3,stolen,"31.4,36.9",2026-11-20T04:10:33Z,vehicle_theft,,,\n'


def rows(folder: Path, text: str | bytes) -> list[tuple[int, bool, str]]:
    path = folder / "alerts.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return [(row.line, row.alert is not None, row.problem) for row in read_rows(path)]


def test_good_rows(tmp_path: Path) -> None:
    quoted = (
        '12-4,stolen,"31.4,36.9",2026-11-20T04:10:33Z,vehicle_theft,"two\nlines, ملاحظة",contested|domestic_only,yes\n'
    )
    assert rows(tmp_path, "\ufeff" + HEADER + GOOD + "\n" + quoted) == [(2, True, ""), (5, True, "")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace("stolen", "odd"), "reason"),
        (GOOD.replace("31.4", "x"), "place"),
        (GOOD.replace("12-3", ""), "plate"),
        (GOOD.replace("04:10:33Z", "late"), "time"),
        (GOOD.replace(",,,\n", ",,,maybe\n"), "exercise"),
        (GOOD.replace("12-3", "12\x07"), "plate"),
        ("only,three,cells\n", "3 cells"),
    ],
)
def test_a_bad_row_is_told_and_the_others_are_kept(tmp_path: Path, row: str, reason: str) -> None:
    found = rows(tmp_path, HEADER + GOOD + row + GOOD)
    assert [good for _, good, _ in found] == [True, False, True]
    assert found[1][0] == 3
    assert reason in found[1][2]


@pytest.mark.parametrize(
    "text",
    [b"\xff\xfe", "", "plate,plate\n", "plate,colur\n", "plate,reason\n", HEADER.replace("plate", "plate,plate")],
    ids=repr,
)
def test_a_file_that_cannot_be_used_is_refused_whole(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(MithaqError):
        rows(tmp_path, text)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(MithaqError, match="cannot be read"):
        list(read_rows(tmp_path / "none.csv"))


def test_an_open_quote_keeps_the_rows_before_it(tmp_path: Path) -> None:
    found = rows(tmp_path, HEADER + GOOD + 'x,"never closed\n' + GOOD)
    assert [good for _, good, _ in found] == [True, False]
