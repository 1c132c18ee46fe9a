"""Pictures at the terminal: given in parts, gone on with after a break, named by a record, and got back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mithaq.cli import attachment
from mithaq.cli.main import mithaq
from mithaq.cli.reach import reach
from mithaq.config import Home
from mithaq.errors import MithaqError
from mithaq.kernel.attachment.descriptor import LARGEST, cut
from mithaq.kernel.values import digest
from tests.kernel.attachment.gallery import picture
from tests.worlds import alert, rehearsed


@pytest.fixture(params=["in process", "serving"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    nation = rehearsed(tmp_path / "homes").nations["JO"]
    if request.param == "serving":
        nation.start()
    yield nation.home
    nation.stop()


def run(home: Home, *words: str) -> Result:
    result = CliRunner().invoke(mithaq, ["--home", str(home.path), "attachment", *words])
    if isinstance(result.exception, MithaqError):
        raise result.exception
    return result


def photo(folder: Path) -> Path:
    file = folder / "photo.png"
    file.write_bytes(picture())
    return file


def named(home: Home, descriptor: dict[str, Any]) -> None:
    with reach(home) as reached:
        reached.do("intelligence.alert-vehicle", alert(photos=[descriptor]))


def test_a_picture_is_given_named_and_got_back(home: Home, tmp_path: Path) -> None:
    given = run(home, "add", str(photo(tmp_path)), "--json")
    descriptor = json.loads(given.stdout)
    assert json.loads(run(home, "add", str(photo(tmp_path))).stdout) == descriptor  # again, it is the same one
    named(home, descriptor)
    out = tmp_path / "out.png"
    got = json.loads(run(home, "get", descriptor["digest"], "--out", str(out), "--json").stdout)
    assert digest(out.read_bytes()) == got["digest"] == descriptor["digest"]
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(descriptor["parts"]) > 1


def test_what_was_broken_off_goes_on_where_it_was(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise KeyboardInterrupt

    file = photo(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(attachment, "_tell", broken)
        assert run(home, "add", str(file)).exit_code != 0
    parts = [digest(part) for part in cut(file.read_bytes())]
    with reach(home) as reached:
        begun = reached.do(
            "attachment.begin", {"size": file.stat().st_size, "sha256": digest(file.read_bytes()), "parts": parts}
        )
    assert begun["missing"] == parts[1:]
    told: list[str] = []
    monkeypatch.setattr(attachment, "_tell", told.append)
    assert json.loads(run(home, "add", str(file), "--json").stdout)["media_type"] == "image/png"
    assert len(told) == len(parts) - 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "file"), (b"", "empty"), (bytes(LARGEST + 1), "too-large"), (b"no picture", "not-a-picture")],
)
def test_what_cannot_be_taken_is_refused_by_name(home: Home, tmp_path: Path, content: bytes | None, code: str) -> None:
    file = tmp_path / "photo.jpg"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MithaqError) as told:
        run(home, "add", str(file))
    assert told.value.code == code


def test_a_picture_that_no_record_names_is_not_there(home: Home, tmp_path: Path) -> None:
    descriptor = json.loads(run(home, "add", str(photo(tmp_path)), "--json").stdout)
    with pytest.raises(MithaqError, match="no attachment"):
        run(home, "get", descriptor["digest"], "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
