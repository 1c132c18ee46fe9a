"""Files in and out of any capability: import with a dry run, export page by page. Tried with one outside the tree."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mithaq.cli import export, feeds
from mithaq.cli.main import mithaq
from mithaq.errors import Invalid, MithaqError, NotFound
from mithaq.kernel.plug import Feed, Line
from tests.samples.crossing import made_home
from tests.samples.install import ANIMAL_HEALTH, install

HEADER = "species,count,holding,certificate,place,time\n"
ROW = 'sheep,{count},Wadi Araba farm 7,JO-VET-{n},"29.3711,34.9712",2026-11-21T06:15:00Z\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(ANIMAL_HEALTH, tmp_path / "site", monkeypatch)
    return made_home(tmp_path / "jo", "JO").path


def run(home: Path, *words: str, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(mithaq, ["--home", str(home), "animal-health", *words, "--json"])
    if isinstance(result.exception, MithaqError):
        raise result.exception
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def listed(home: Path) -> int:
    result = CliRunner().invoke(mithaq, ["--home", str(home), "animal-health", "consignments", "--json"])
    return len(json.loads(result.stdout))


def table(folder: Path, rows: int, bad: tuple[int, ...] = ()) -> str:
    """A CSV file with so many rows, those of these numbers with no animals in them."""
    path = folder / "notices.csv"
    path.write_text(HEADER + "".join(ROW.format(n=n, count="none" if n in bad else "12") for n in range(rows)))
    return str(path)


def feed(name: str, *columns: str, suffix: str = ".csv", problem: bool = False) -> Feed:
    """A feed that reads a file whose first line is these columns, and no other; with ``problem``, none of its rows."""

    def read(data: bytes, where: str) -> Iterator[Line]:
        if data.decode().splitlines()[0].split(",") != list(columns):
            raise Invalid("column", f"not of {name}", where=where)
        yield Line(2, problem="not this") if problem else Line(2, {})

    return Feed(name, name, suffix, "text/csv", "wells.add-many", read)


def test_good_rows_are_kept_and_bad_ones_told_by_line(home: Path, tmp_path: Path) -> None:
    found = run(home, "import", table(tmp_path, 4, bad=(1,)), code=1)
    assert (found["rows"], found["stated"], found["dry_run"]) == (4, 3, False)
    assert [(each["line"], each["reason"].partition(":")[0]) for each in found["problems"]] == [(3, "count")]
    assert listed(home) == 3


def test_a_dry_run_says_the_same_and_keeps_nothing(home: Path, tmp_path: Path) -> None:
    file = table(tmp_path, 3)
    tried = run(home, "import", file, "--dry-run")
    assert listed(home) == 0
    done = run(home, "import", file)
    same = ("rows", "stated", "unchanged", "released", "withheld", "problems")
    assert {name: tried[name] for name in same} == {name: done[name] for name in same}
    assert (tried["dry_run"], done["dry_run"], listed(home)) == (True, False, 3)


def test_many_rows_go_in_chunks_by_number_and_by_size() -> None:
    short = [Line(n, {"n": n}) for n in range(1200)]
    assert [len(chunk) for chunk in feeds.chunks(short)] == [500, 500, 200]
    long = [Line(n, {"text": "x" * 900_000}) for n in range(5)]
    assert [len(chunk) for chunk in feeds.chunks(long)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("none.csv",), "file"),
        (("notices.xlsx",), "feed"),
        (("notices.csv", "--feed", "animal-health.xml"), "feed"),
        (("odd.csv",), "column"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_by_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, 1)
    (tmp_path / "notices.xlsx").write_bytes(b"PK")
    (tmp_path / "odd.csv").write_text("specis\n")
    with pytest.raises(MithaqError) as caught:
        run(home, "import", *words)
    assert caught.value.code == code


def test_the_feed_is_the_one_that_can_read_the_file() -> None:
    known = (feed("wells.csv.deep", "depth"), feed("wells.csv.dry", "since"), feed("wells.json", suffix=".json"))
    file = Path("wells.csv")
    assert feeds.choose(known, file, b"since\n", None).name == "wells.csv.dry"
    assert feeds.choose(known, Path("wells.JSON"), b"", None).name == "wells.json"
    assert feeds.choose(known, file, b"since\n", "wells.csv.deep").name == "wells.csv.deep"
    with pytest.raises(Invalid, match=r"not of wells\.csv\.deep"):
        feeds.choose(known, file, b"other\n", None)
    with pytest.raises(NotFound, match="no feed"):
        feeds.choose(known, file, b"since\n", "wells.xml")
    bad, good = (feed(f"wells.csv.{name}", "depth", problem=name == "bad") for name in ("bad", "good"))
    assert feeds.choose((bad, good), file, b"depth\n", None).name == "wells.csv.good"
    both = (feed("wells.csv.a", "depth"), feed("wells.csv.b", "depth"))
    with pytest.raises(Invalid, match=r"--feed: wells\.csv\.a, wells\.csv\.b"):
        feeds.choose(both, file, b"depth\n", None)


@pytest.mark.parametrize("suffix", [".csv", ".json", ".ndjson"])
def test_everything_that_answers_a_question_is_exported_for_its_owner_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    run(home, "import", table(tmp_path, 5))
    out = tmp_path / f"out{suffix}"
    assert run(home, "export", "consignments", str(out))["rows"] == 5
    assert out.stat().st_mode & 0o777 == 0o600
    assert certificates(out) == {f"JO-VET-{n}" for n in range(5)}


def certificates(file: Path) -> set[str]:
    text = file.read_text()
    if file.suffix == ".csv":
        return {row["fields.certificate"] for row in csv.DictReader(text.splitlines())}
    rows = json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return {row["fields"]["certificate"] for row in rows}


def test_an_export_takes_what_the_question_takes(home: Path, tmp_path: Path) -> None:
    run(home, "import", table(tmp_path, 2))
    given = tmp_path / "given.json"
    given.write_text('{"exercise": true}')
    assert run(home, "export", "consignments", str(tmp_path / "out.json"), "--from", str(given))["rows"] == 0
    assert run(home, "export", "consignments", str(tmp_path / "out.json"), "--exercise")["rows"] == 0
    with pytest.raises(Invalid, match=r"\.csv"):
        run(home, "export", "consignments", "out.xlsx")


def test_no_cell_of_a_table_is_a_formula() -> None:
    run_ = ("=1+1", "+1", "-cmd", "@x", "\tx", "-2+3+cmd|' /C calc'!A0", '-1+HYPERLINK("http://x")', "-1,2,3", "-1\n+2")
    left = ("-31.4,36.9", "-31,-36.95", "-5", "-0.25", "plain", "31.4,36.9", "")
    told = csv.DictReader(io.StringIO(export.as_csv([{"a": text} for text in (*run_, *left)]).decode(), newline=""))
    assert [row["a"] for row in told] == [*(f"'{text}" for text in run_), *left]
    assert export.as_csv([{"=k": "x", "@m": {"y": 1}}]) == b"'=k,'@m.y\nx,1\n"
